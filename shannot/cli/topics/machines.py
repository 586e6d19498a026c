"""The topic `machines`."""

SUMMARY = "scripts on other machines, over ssh, decided about here"
TEXT = """
Give a machine a name. ssh must get there without asking, by a key, and its host key must be
known.

<!-- test: skip second machine -->
```sh
shannot remote add web1 ops@web1.example --directory /srv/app
```

Scripts start in that directory there and may propose changes below it. Without one it is the home,
which is never shown as a whole: `--map` says at each run what is.

<!-- test: sshd -->
```sh
shannot remote list
shannot remote test web1
shannot run --target web1 -c 'open("note.txt", "w").write("hello")'
```

<!-- test: sshd -->
```sh
shannot list --target web1
shannot diff --target web1 ID
```

The script runs there, near the files; its output, status and plan come here. `list`, `show`,
`diff`, `approve`, `reject`, `execute`, `resume` and `rollback` take `--target` too, and act there:

<!-- test: sshd terminal y -->
```sh
shannot approve --target web1 ID --execute
shannot rollback --target web1 ID
```

Nothing is needed there but sshd and Python from 3.11. shannot sends itself once, as one file,
into a private directory below its state there, and checks it on every use:

<!-- test: sshd -->
```sh
shannot remote deploy web1
shannot remote remove web1 --program     # takes the file away as well
```

`--target` also takes `user@host:port` instead of a name.

## Several machines

Name them together in `config.toml`:

```toml
[groups.web]
hosts = ["web1", "web2", "web3"]
parallel = 2          # at once; 64 where nothing says it
max_failures = 0      # after one failure begin no further machine
```

<!-- test: skip second machine -->
```sh
shannot run --target @web fix.py            # or --target web1,web2
shannot approve --target web1 ID --execute  # the first one alone
shannot approve --target @web ID --execute
shannot rollback --target @web ID
```

Each line of output stands behind its machine's name. Machines that came to the same plan are
shown once, with the machines it is for, and asked about once; different plans apart. `ID` is the
run's own id here, which the run tells; it stands for the session on each machine. A machine that
cannot be reached, or fails, is named, and the others go on. The exit code is the one that all
machines agree on, else 1; `--json` is one document for all.

A connection stays open for a minute, and the next command takes it. Measured on one machine with
two cores that was both sides: a script that only prints took 0.3 s there, 0.6 s over a new
connection; fifty at once took 5 s, or 8 s over new ones; where they waited for 3 s, 8 s or 11 s.
What counts is processor time: some 0.13 s for each of them there, half of it for the sandbox
itself, 0.02 s here, and 0.15 s for OpenSSH's key exchange `sntrup761x25519` over a new connection
(another one in `KexAlgorithms` of ssh's own configuration took 0.02 s). Fifty at once took 34 MB
of memory here, and 1 MB more for each ssh, 1.5 MB for each connection that stays open.

## A key that may do so much and no more

<!-- test: sshd -->
```sh
ssh-keygen -q -t ed25519 -N '' -f agent
shannot setup key agent.pub --verbs run,status,show
```

prints the line for `authorized_keys` there: no shell, no forwarding, no sftp. shannot must be
installed there; here the machine is added with `--restricted`. A key with

```text
restrict,command="shannot execute --session-id ${SSH_ORIGINAL_COMMAND}"
```

executes a session that somebody has approved, and nothing else: an argument that is not exactly
one id is refused. (`restrict` is sshd's word against forwarding, which the command cannot see.)

With the verb `put` a key may keep a newer single file there (`shannot remote deploy`), under the
name of its checksum, in the private directory. Nothing is started from it, and none is replaced:
the key's line says what it starts.

## When the line breaks

The other machine sees it, ends the script or the command that runs, and keeps the plan and what was
done. `shannot list --target web1` tells where each session stands; `execute --target web1 ID` goes
on, does nothing twice, and names a command that was stopped in the middle (`--redo`, `--skip`).
"""
