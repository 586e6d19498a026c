"""The topic `two-users`."""

SUMMARY = "one user proposes, another one approves: the real separation"
TEXT = """
A program that runs as your user can approve like you. Let the agent run as a user of its own.

<!-- test: skip root -->
```sh
groupadd operators && usermod -aG operators me
install -d -o root -g operators -m 3773 /var/lib/shannot/queue
```

In /etc/shannot/config.toml:

```toml
[queue]
directory = "/var/lib/shannot/queue"
```

What waits in a session of the agent's user is then also laid out in the queue, which only
operators can read. An operator's own commands take it over:

```sh
shannot list
shannot approve --help
```

It is checked as hostile input and copied into the operator's own state, so that nothing which
the agent does afterwards changes what was reviewed. Commands get the operator's policy and
environment; a program that its proposer could exchange is refused. The operator's process
executes, with the operator's rights: a file keeps its owner, so that only root (`sudo shannot
approve`) can change files that belong to the agent's user. Each operator has a copy of their own,
and the first who executes it is the only one: a file in the queue says so, and a second one is told
who was first.

What an operator decides comes back: `list` and `show` of the proposer tell whether a session was
approved, rejected and why, executed or rolled back, and by whom; `show` tells what became of each
effect, too, but not what commands printed. Answers of root, of the queue's owner and of members of
its group are believed. Who knows a session's id can read them. The proposer cannot execute on an
operator's approval.

With `--on-ask wait` a script asks the operators while it runs. Its session is in the queue as far
as it has come, and `shannot approve ID --execute` or `shannot reject ID` of an operator lets it go
on, with what the command really printed, as the operator. The next question comes into the same
copy: all of it has one checkpoint and is put back at once. What an operator has begun to decide,
neither another one nor the proposer decides. What the operator's own rules deny is shown, and can
only be rejected. When the script has ended, the rest is in the queue.

What a command reads from directories of the proposer's is the proposer's until it is read:
prefer commands that read nothing there.
"""
