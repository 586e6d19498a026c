"""The topic `environment`."""

SUMMARY = "variables that are read, and where files are kept"
TEXT = """
## Variables

```text
XDG_STATE_HOME   sessions, the audit log and runtimes stand in shannot/ below it
                 (default: ~/.local/state; without a home $STATE_DIRECTORY, as systemd sets it,
                 or /var/lib/shannot)
XDG_CONFIG_HOME  the configuration is shannot/config.toml below it (default: ~/.config)
NO_COLOR         with any value: no colour
TERM             dumb: no colour, no progress, questions instead of a screen
https_proxy, http_proxy, no_proxy
                 for the download of `shannot setup pypy`
```

## Files

```text
~/.config/shannot/config.toml   the user's configuration
/etc/shannot/config.toml        the machine's
.shannot/config.toml            a project's, which can only tighten
~/.local/state/shannot/sessions/ID      one session
~/.local/state/shannot/audit            the audit log
~/.local/state/shannot/runtime/pypy     the PyPy that `shannot setup pypy` has installed
~/.local/state/shannot/program          what another machine's shannot has sent here
```

The script's environment is a new one (PATH HOME USER LANG TZ TERM, and SHANNOT_SANDBOX=1);
`--env` adds to it.
"""
