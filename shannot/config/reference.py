"""Every key of the configuration in words, for `shannot help configuration`.

What a key may be is decided in `settings.py` and `remotes.py`; a test asks those for the keys that
they know, and for the values that they take, and compares.
"""

from __future__ import annotations

from dataclasses import dataclass

from shannot.config.amounts import LIMIT_UNITS
from shannot.sandbox.spec import Limits


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table."""

    name: str
    value: str
    """An example of it, in TOML, or its choices divided by `|`."""
    default: str
    """What holds without it."""
    meaning: str


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the file."""

    name: str
    """As its header has it, `[profiles.NAME]`; "" for what stands above the first."""
    meaning: str
    keys: tuple[Key, ...]


_MEANINGS = {
    "timeout": "wall clock",
    "cpu": "processor time, all processes together",
    "memory": "used by all processes together, looked at some times a second",
    "output": "stdout and stderr together",
    "overlay": "bytes written",
    "processes": "processes and threads alive at once",
    "files": "names created",
}
_EXAMPLES = {"timeout": '"5m"', "cpu": '"90s"', "processes": "50", "files": "1000"}
_LISTS = (
    Key("auto_approve", '["df"]', "nothing", "run on the machine at once"),
    Key("always_deny", '["git push"]', "nothing more", "refused, besides what is built in"),
    Key("ask", '["git commit"]', "nothing more", "a person decides"),
    Key("confine", '["ls", "sed"]', "the ordinary tools", "run in the sandbox; the whole list"),
)


def sections() -> tuple[Section, ...]:
    """All of it, in the order in which a user would write it."""
    return (
        Section("", "", (Key("profile", '"ops"', '"default"', "the profile, by name or file"),)),
        Section("[profiles.NAME]", "rules for commands: see `shannot help profiles`", _LISTS),
        Section("[run]", "how a script runs; options of `shannot run` win", _run()),
        Section("[limits]", "bounds of one run; a number, or text with a unit", _limits()),
        Section("[files]", "", (
            Key("map", '["/etc/nginx:cow"]', "nothing", "HOST[:GUEST][:ro|cow|hide], as `--map`"),
        )),
        Section("[approve]", "", (
            Key("allow_yes", "false", "true", "may `--yes` stand for a person?"),
        )),
        Section("[sessions]", "", (
            Key("expire", '"7d"', '"24h"', "an approval must be begun by then"),
        )),
        Section("[queue]", "sessions between users: see `shannot help two-users`", (
            Key("directory", '"/var/lib/shannot/queue"', "none", "an absolute path"),
        )),
        Section("[remotes.NAME]", "another machine: see `shannot help machines`", _remote()),
        Section("[groups.NAME]", "several machines, for `--target @NAME`", (
            Key("hosts", '["web1", "web2"]', "must be there", "names of remotes, or targets"),
            Key("parallel", "4", "64", "how many machines at once"),
            Key("max_failures", "0", "no limit", "begin no further machine after more than these"),
        )),
    )  # fmt: skip


def _run() -> tuple[Key, ...]:
    return (
        Key("view", "project|system", "project", "what the script sees"),
        Key("python", '"/usr/bin/python3"', "shannot's own", "the interpreter"),
        Key("env", '["STAGE=test", "CI"]', "nothing", "added to its environment"),
        Key("on_ask", "assume|fail|prompt|wait", "assume", "see `shannot help commands`"),
        Key("runtime", "cpython|pypy", "cpython", "see `shannot help pypy`"),
    )


def _limits() -> tuple[Key, ...]:
    built_in = Limits()
    return tuple(
        Key(name, _EXAMPLES.get(name, '"2G"'), _amount(name, built_in), _MEANINGS[name])
        for name in LIMIT_UNITS
    )


def _amount(name: str, limits: Limits) -> str:
    value: float = getattr(limits, name)
    if name == "cpu":
        return "timeout, on each processor"
    if name == "timeout":
        return f"{value:g}s"
    if "G" not in LIMIT_UNITS[name]:
        return f"{value:g}" if value < 10_000 else f"{int(value):,}"
    gib = value / (1 << 30)
    return f"{gib:g}G" if gib >= 1 else f"{value / (1 << 20):g}M"


def _remote() -> tuple[Key, ...]:
    return (
        Key("target", '"ops@web1.example:22"', "must be there", "where ssh goes"),
        Key("identity", '"/home/me/.ssh/agent"', "ssh's own", "the private key's file"),
        Key("known_hosts", '"/home/me/hosts"', "ssh's own", "the file with its host key"),
        Key("accept_new", "true", "false", "take a host key that nobody has seen yet"),
        Key("restricted", "true", "false", "its key starts `shannot serve` there, nothing else"),
        Key("directory", '"/srv/web"', "the home", "where scripts run there"),
    )
