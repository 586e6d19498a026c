"""The topic `configuration`: its tables are made from `config/reference.py`."""

from shannot.config.reference import Section, sections

SUMMARY = "every key of the configuration, with its default"
_HEAD = """
The user's file is ~/.config/shannot/config.toml, the machine's /etc/shannot/config.toml. Both
are read; where both say something, the user's wins, but what the machine takes away (`allow_yes
= false`) or denies stays so.

```sh
mkdir -p ~/.config/shannot
cat > ~/.config/shannot/config.toml <<'END'
profile = "web"

[profiles.web]
auto_approve = ["systemctl status", "df"]
always_deny = ["systemctl stop"]

[limits]
timeout = "5m"
memory = "2G"

[approve]
allow_yes = false
END
shannot profile check ~/.config/shannot/config.toml
shannot status
```

A project's own .shannot/config.toml can only tighten: `always_deny` and `ask` below
`[profile]`, and lower `[limits]`. An unknown key, a wrong type, or a file that others can write
is an error that names the line, and nothing runs.
"""


def _table(section: Section) -> str:
    name = section.name or "Above the first table"
    told = f": {section.meaning}" if section.meaning else ""
    lines = ["", f"{name}{told}", "", "```text"]
    for key in section.keys:
        lines.append(f"{key.name} = {key.value}")
        lines.append(f"    {key.meaning}; without it: {key.default}")
    return "\n".join([*lines, "```"])


TEXT = _HEAD + "\n".join(map(_table, sections()))
