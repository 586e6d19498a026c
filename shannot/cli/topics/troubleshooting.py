"""The topic `troubleshooting`: by message, as they are printed; a test brings each about."""

SUMMARY = "what to do about a message"
TEXT = """
First of all: this tries every part of shannot on this machine, and says what to do about what
fails.

```sh
shannot doctor
```

## A script runs otherwise than alone

```text
not mapped: …
```

It looked for something outside of what it sees. Name that with `--map`, start in another
directory, or use `--view system`.

```text
… is not shown to the script (`--map … shows it)
```

You started in the home directory itself, or in `/`. Go to a project's directory, or name it.

```text
hidden: …
```

It looked for a secret. Only `[files] map` of your own configuration shows one, named exactly.

```text
refused socket call …
```

It wanted the network, and there is none. Fetch what it needs beforehand, outside.

```text
refused system call …
```

It wanted something of the kernel that no script gets. Most libraries go on without it.

```text
asks to run … (assumed to succeed)
```

The command has not run, and the script was told that it had. Where the script needs what it
prints, use `--ask`; or approve, execute, and `shannot resume ID`.

```text
denied …
```

A rule denies it. `shannot explain -- COMMAND` says which, and where that stands.

```text
not in the plan: …
```

The script did something there that cannot be done later, and the reason is given.

## A run ends early

```text
ended: the script reached its limit of …
```

Exit code 124 (time) or 125. Raise it by the option that is named, or in `[limits]`.

## Approving and executing

```text
approving needs a person at a terminal, and there is none …
```

Exit code 126. A person types the answer. `--yes` is for a program that decides in your place.

```text
… is pending and cannot be executed…
```

Nobody has approved it yet: `shannot approve ID`. In the same way each other state names what is
next.

```text
nothing was changed: … have changed since the script ran; --skip-conflicts does the rest
```

Exit code 1. Run the script again and look at the new plan, or do the rest.

## Configuration

```text
… unknown key …
```

Exit code 2, and nothing ran. The line is named; `shannot help configuration` has the keys.

```text
… other users can write it…
```

Such a file is not read: `chmod go-w FILE`.

## Not there

```text
no such script: …
```

```text
there is no session …
```

Exit code 127. `shannot list` has the sessions of this user and this state directory.

```text
no remote …
```

`shannot remote list` has the machines by name.

```text
no PyPy is installed: …
```

`--runtime pypy` or the configuration asks for it, and `shannot setup pypy` has not been run.
"""
