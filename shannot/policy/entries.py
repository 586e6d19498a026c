"""One entry of a rule list: a string, or a table with conditions and examples.

    {command = "journalctl", without = ["--vacuum*"], match = ["journalctl -u x"], reason = "…"}

Called by `profile.py` for what a configuration, a profile file or `builtin.py` holds. What
narrows a rule (`without`, `env`, `cwd`) is for what is allowed and confined: a denial that a
reordered option or another directory evades is worth nothing.
"""

from __future__ import annotations

from shannot.errors import UsageError
from shannot.policy.command_line import is_visible
from shannot.policy.environment import may_be_added
from shannot.policy.rules import Example, Rule, parse_rule
from shannot.policy.without import Without, parse_without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Entry(Protocol):
        """What `config/document.py` calls an Item."""

        @property
        def value(self) -> object:
            """A string or a table."""

        def where(self, *inside: str | int) -> str:
            """File and line of the entry, or of something inside of its table."""


_EVERYWHERE = ("command", "match", "not_match", "reason")
KEYS = {
    "auto_approve": ("command", "without", "env", "cwd", "match", "not_match", "reason"),
    "confine": ("command", "without", "cwd", "match", "not_match", "reason"),
    "ask": _EVERYWHERE,
    "always_deny": _EVERYWHERE,
}
"""What a table may hold, by the list that it stands in."""
EXAMPLE_LIMIT = 100
TEXT_LIMIT = 300
"""Characters of a reason."""


class Fixed:
    """An entry that stands in no file."""

    __slots__ = ("_where", "value")

    def __init__(self, value: object, where: str) -> None:
        self.value = value
        self._where = where

    def where(self, *inside: str | int) -> str:  # noqa: ARG002 - the protocol's
        return self._where


def read_entry(entry: Entry, key: str) -> Rule:
    """The rule of one entry of the list `key`. Raises UsageError that names where it is wrong."""
    value = entry.value
    if isinstance(value, str):
        return _rule(value, entry.where(), key)
    if not isinstance(value, dict):
        raise UsageError(f"{entry.where()}: {key}: a rule is a string or a table")
    return _Table(entry, value, key).rule()


def _rule(text: str, where: str, key: str) -> Rule:
    if text.strip() == "*" or (key == "auto_approve" and text.strip().startswith("*")):
        if key == "auto_approve":
            raise UsageError(f'{where}: "*" in auto_approve would allow everything; name programs')
        return Rule("*", ("*",), where)
    try:
        return parse_rule(text, where, exact=key in ("auto_approve", "confine"))
    except ValueError as error:
        raise UsageError(f"{where}: {key}: {error}")


class _Table:
    """A rule's table while it is read."""

    __slots__ = ("_entry", "_key", "_table")

    def __init__(self, entry: Entry, table: dict[str, object], key: str) -> None:
        self._entry = entry
        self._table = table
        self._key = key

    def rule(self) -> Rule:
        known = KEYS[self._key]
        for name in self._table:
            if name not in known:
                raise self._fail(name, self._unknown(str(name), known))
        if "command" not in self._table:
            raise self._fail(None, 'a rule needs a "command"')
        plain = _rule(self._text("command"), self._entry.where("command"), self._key)
        return Rule(
            text=plain.text,
            words=plain.words,
            where=plain.where,
            without=self._without(),
            patterns=self._texts("without"),
            environment=self._names(),
            cwd=self._directory(),
            reason=self._reason(),
            examples=(*self._examples("match", True), *self._examples("not_match", False)),
            wanted=plain.wanted,
        )

    def _unknown(self, name: str, known: tuple[str, ...]) -> str:
        if name in KEYS["auto_approve"]:
            return f"{name} does not belong to a rule of {self._key}"
        return f'unknown key "{ascii(name[:40])[1:-1]}" (expected one of: {", ".join(known)})'

    def _without(self) -> Without:
        try:
            return parse_without(self._texts("without"))
        except ValueError as error:
            raise self._fail("without", f"without: {error}")

    def _names(self) -> tuple[str, ...]:
        names = self._texts("env")
        for number, name in enumerate(names):
            if not may_be_added(name):
                message = f"env: {name[:60]!a} is no name that a script may set for a command"
                raise UsageError(f"{self._entry.where('env', number)}: {message}")
        return names

    def _directory(self) -> str:
        if "cwd" not in self._table:
            return ""
        cwd = self._text("cwd")
        place = cwd.removesuffix("/*") or "/"
        parts = place.split("/")[1:]
        plain = place == "/" or not any(part in ("", ".", "..") for part in parts)
        if not place.startswith("/") or not plain or "*" in place or not is_visible(cwd):
            raise self._fail("cwd", 'cwd: expected an absolute directory, with "/*" all below it')
        return cwd

    def _reason(self) -> str:
        if "reason" not in self._table:
            return ""
        reason = self._text("reason").strip()
        if not reason or len(reason) > TEXT_LIMIT or not is_visible(reason):
            raise self._fail("reason", f"reason: expected one line of {TEXT_LIMIT} characters")
        return reason if reason.endswith((".", "!", "?")) else f"{reason}."

    def _examples(self, name: str, matches: bool) -> list[Example]:
        lines = self._texts(name)
        if len(lines) > EXAMPLE_LIMIT:
            raise self._fail(name, f"{name} has more than {EXAMPLE_LIMIT} examples")
        return [
            Example(line, self._entry.where(name, number), matches)
            for number, line in enumerate(lines)
        ]

    def _text(self, name: str) -> str:
        value = self._table[name]
        if not isinstance(value, str) or not value or "\0" in value:
            raise self._fail(name, f"{name} must be a string")
        return value

    def _texts(self, name: str) -> tuple[str, ...]:
        value = self._table.get(name, [])
        if not isinstance(value, list | tuple):
            raise self._fail(name, f"{name} must be a list of strings")
        for number, text in enumerate(value):
            if not isinstance(text, str) or not text or "\0" in text:
                where = self._entry.where(name, number)
                raise UsageError(f"{where}: {name} must be a list of strings, none empty")
        return tuple(text for text in value if isinstance(text, str))

    def _fail(self, name: str | None, message: str) -> UsageError:
        where = self._entry.where() if name is None else self._entry.where(name)
        return UsageError(f"{where}: {message}")
