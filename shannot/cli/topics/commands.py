"""The topic `commands`."""

SUMMARY = "what happens to the commands that a script starts"
TEXT = """
Each gets one verdict, from the profile in force (`shannot help profiles`):

```text
deny      the script gets an error (in Python PermissionError)
ask       it is recorded and waits for a person; the script is told that it succeeded, without
          output (`--on-ask fail`: exit 126), or it waits (`shannot help review`)
confine   it runs in the sandbox like the script, and its changes wait too: cat, sed -i, git log
allow     it runs on the machine, at once; by default nothing is allowed
```

Ask beforehand. The same code decides:

```sh
shannot explain -- rm -rf build           # the verdict, its rule, and what would change it
shannot explain -- cat /etc/hosts
shannot explain --shell -- 'ls | sort'    # a line, as os.system takes it
```

The strictest rule wins, whatever the order. `rm -rf /`, `mkfs`, `curl … | sh` and their like
are denied whatever a profile says, in other spellings too. A denial is a seat belt, no wall: a
script can write a program that does the same. What holds is that nothing leaves the sandbox but
by an allow rule or by a person.

An allowed command runs as it is and does not see what the script has changed so far. Where that
matters and it could also be confined, it is confined. Otherwise it runs, and stderr and the
plan say so.

```sh
shannot run --dry-run script.py           # no command at all, not even an allowed one
shannot run --on-ask fail script.py       # scripts that look at exit codes go another way
```
"""
