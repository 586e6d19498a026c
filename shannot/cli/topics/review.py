"""The topic `review`."""

SUMMARY = "plans and how people decide about them: on a screen, by commands, while a script waits"
TEXT = """
## The plan

What a script wanted is an ordered list of effects: files written, deleted, linked, directories
made, modes changed, commands. Changes are cut at each command, so that *write the
configuration, then reload* keeps its order. What was created and deleted again, and all of
/tmp, is in no plan. Each effect has its diff and warnings: makes something executable, touches
a start-up file or a key, writes what a later command runs.

## On a screen

`shannot approve` at a terminal lists what waits and opens a session. `shannot run --review
SCRIPT` opens it when the script has ended.

<!-- test: keys enter q q -->
```sh
shannot approve
```

```text
space  b          page down, up                t        leave the effect out, or take it in
j  k  arrows      line down, up                tab  z   fold one effect, or all, with a count
]  [              next, previous effect        s        the script
/  n              search, again                a        approve
?                 every key                    x        approve and execute
q                 back                         r        reject, with a reason
                                               R        roll back
```

Before an approval it says what was left out, what that makes impossible, and what was not
looked at to its end. Control, invisible and right-to-left characters are spelt out (`\\x1b`,
`\\u202e`). `TERM=dumb` gives plain questions instead; `NO_COLOR` takes only the colour.

## By commands

<!-- test: terminal y -->
```sh
shannot list --waiting                # what waits for a decision or for its execution
shannot show ID                       # all of it
shannot approve ID --effects 1        # asks on the terminal
shannot execute ID
shannot rollback ID
```

`shannot approve ID --execute` does both at once, `shannot reject ID --reason TEXT` says no.
Approving reads its answer from the terminal itself. Without one it refuses, unless `--yes`
stands there: for programs that decide in your place. `[approve] allow_yes = false` takes
`--yes` away.

An approval holds the digest of the plan that was shown. `execute` refuses where a file, a
program or the session is not as it was then. Killed at any moment, it can be started again: it
knows what was done and does the rest. A command that was running is named, and neither repeated
nor taken as done until you say `--redo` or `--skip`.

`shannot rollback` puts files back as they were. What commands did is not undone, and it says
so.

`shannot resume ID` runs the script once more with the real results of its commands that were
executed, and makes a new plan of what comes after them.

## While the script waits

`shannot run --ask SCRIPT` stops at each command that must be asked about, shows the changes so
far, and does both at a yes: files first, then the command, whose real output the script gets.
*Always* answers for the same command again in this run, until a file changes. *No* is exit 126
for the script. *Diff* shows all of it again. Your time to think is not counted by `--timeout`.

<!-- test: terminal y -->
```sh
shannot run --ask -c 'import subprocess; print(subprocess.run(["hostname"]).returncode)'
```

With `--on-ask wait` the script waits for `shannot approve` or `reject` of its session at
another terminal, of the same user or of an operator (`shannot help two-users`).

## Keeping order

```sh
shannot status                        # what is installed, what waits
shannot prune --dry-run               # sessions that are over and old; never what waits
shannot prune --damaged --dry-run     # sessions that cannot be read
```
"""
