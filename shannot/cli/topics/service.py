"""The topic `service`."""

SUMMARY = "run scripts as a service, or as a system user without a home"
TEXT = """
<!-- test: skip root -->
```sh
useradd -r -s /bin/false shannot-runner
install -d -o shannot-runner -m 700 /var/lib/shannot     # where its sessions are kept
sudo -u shannot-runner shannot run script.py
```

Sessions are kept in shannot/ below `$XDG_STATE_HOME`, ~/.local/state, `$STATE_DIRECTORY` (which
systemd sets) or /var/lib, the first that there is. Where there is none the error says what to
set.

examples/systemd/shannot-run@.service runs a script as such a user, with MemoryMax, CPUQuota and
TasksMax around it.

Started as root, shannot runs the script as an ordinary user all the same.
"""
