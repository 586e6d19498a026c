"""The topic `quick-start`."""

SUMMARY = "from a script that nobody trusts to a change that somebody approved"
TEXT = """
You need Linux 5.19 or later and Python 3.11 or later. Nothing else: no root, no daemon.

## 1. Run it

Here is a script that changes a file and then wants to run a command:

```sh
cat > fix.py <<'END'
import subprocess
with open("app.conf", "a") as file:
    file.write("workers = 8\\n")
subprocess.run(["systemctl", "reload", "app"], check=True)
print("done")
END
echo "port = 80" > app.conf
shannot run fix.py
```

The script runs at once and to its end. It prints `done`, and it sees its own change. But
app.conf is as it was, and nothing was reloaded. On stderr shannot says what the script wanted,
and in which session that waits.

## 2. Look at it

```sh
shannot list                  # what waits
shannot show ID               # every change and command, in order, with diffs and warnings
shannot diff ID               # the changes of files alone
```

ID is the name of the session, or any beginning of it that no other session has. `shannot
approve` without an ID opens a screen that shows the same (`shannot help review`).

## 3. Decide

Say yes to a part, here to the first effect alone:

<!-- test: terminal y -->
```sh
shannot approve ID --effects 1
```

It shows what you approve and asks you on the terminal. Then have it done:

```sh
shannot execute ID            # exactly what was approved, checked once more before
cat app.conf
```

The script is not run a second time. What was shown is what is done, or nothing is.

## 4. Take it back

<!-- test: terminal y -->
```sh
shannot rollback ID           # puts the files back; what commands did stays done
```

## From here

`shannot help sandbox` says what a script can do, `shannot help commands` how commands are
judged, `shannot help agents` how to let an LLM write the scripts. `shannot doctor` tries every
part of shannot on this machine.
"""
