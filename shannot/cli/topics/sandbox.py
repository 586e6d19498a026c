"""The topic `sandbox`."""

SUMMARY = "what a script can and cannot do, and what happens to what it does"
TEXT = """
## What it sees

The interpreter and its libraries, the script, the current directory with everything below it, a
private /tmp, and a /proc and /dev made for it. Never `/` or the home directory itself, unless
`--map` names them: started there, a script sees only itself, and stderr says so.

```sh
shannot run script.py                          # this directory
shannot run --view system script.py            # the whole machine, read-only, for diagnoses
shannot run --map /usr/share/doc:ro script.py  # one more directory
shannot run --map ./build:hide script.py       # all but this one
```

`--map` takes HOST[:GUEST][:ro|cow|hide]: `ro` is for reading, `cow` (the default) takes
changes, which wait like all others. Paths inside are the paths outside, unless GUEST names
another.

A path that is hidden or not mapped does not exist (ENOENT). At the end stderr names what was
looked for and not there, with the option that would show it.

## What is always hidden

Keys and tokens by their usual names (~/.ssh, ~/.gnupg, ~/.aws, ~/.kube, ~/.netrc and their
like), browser profiles, shell histories, `.env` files, every file that begins as a private key,
/etc/shadow, shannot's own state and configuration, sockets and devices. This holds in every
view. Only `[files] map` of your own configuration, naming the very path, shows one.

## Environment

`PATH HOME USER LANG TZ TERM` and SHANNOT_SANDBOX=1, nothing else of yours:

```sh
STAGE=test shannot run --env STAGE --env COLOUR=none script.py
```

## What it can do

Everything with files, directories, links, modes and times, as on a plain directory. It reads
what it has written. Nothing on the machine changes: the difference between what it wrote and
what is there becomes the plan (`shannot help review`). Threads, processes, pipes, signals among
its own processes, `asyncio` and `multiprocessing` work.

Its stdin, stdout, stderr and exit status are its own:

```sh
echo "print(input())" > echo.py
echo hello | shannot run echo.py | grep hello
```

Commands that it starts are judged one by one: `shannot help commands`.

## What it cannot do

- Open a socket: there is no network. Only an unnamed socket pair exists.
- See, signal or trace a process that is not its own.
- Make devices, mount, change users, gain a capability, load another program than those it sees.
- Rename from the machine to /tmp or link there (EXDEV): /tmp is private and is in no plan.
- Ask the terminal for anything: it may read and write it, and not change its settings.

SECURITY.md lists every known difference, and where the boundary is not.

## Limits

A run is bounded. Reaching a limit ends it, is named, and leaves the plan marked as incomplete,
which can be reviewed, and executed only with `--incomplete`.

```sh
shannot run --timeout 30s --memory 500M --processes 20 script.py
```

`shannot help configuration` has every limit with its default, `shannot run --help` the options.
"""
