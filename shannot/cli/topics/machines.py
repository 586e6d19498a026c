"""The topic `machines`."""

SUMMARY = "scripts on other machines, over ssh, decided about here"
TEXT = """
Give a machine a name. ssh must get there without asking, by a key, and its host key must be
known.

<!-- test: skip second machine -->
```sh
shannot remote add web1 ops@web1.example
```

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
`diff`, `approve`, `reject`, `execute` and `rollback` take `--target` too, and act there:

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

## A key that may do so much and no more

<!-- test: sshd -->
```sh
ssh-keygen -q -t ed25519 -N '' -f agent
shannot setup key agent.pub --verbs run,status,show
```

prints the line for `authorized_keys` there: no shell, no forwarding, no sftp. shannot must be
installed there; here the machine is added with `--restricted`. A key with

```text
command="shannot execute --session-id ${SSH_ORIGINAL_COMMAND}"
```

executes a session that somebody has approved, and nothing else: an argument that is not exactly
one id is refused.
"""
