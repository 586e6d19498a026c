"""The rule lists of one profile as they were written; `policy/entries.py` reads what they hold.

Called by `settings.py` for `[profile]` and `[profiles.NAME]`, and by `profile_file.py`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.config.document import Document, Item, Key

LISTS = ("auto_approve", "always_deny", "ask", "confine")
TIGHTENING = ("always_deny", "ask")
"""What a project's file may hold."""


class RuleLists:
    """A profile as it was written. None: not a word about it; an empty list: none at all."""

    __slots__ = ("always_deny", "ask", "auto_approve", "confine", "source")

    def __init__(
        self,
        auto_approve: tuple[Item, ...] | None = None,
        always_deny: tuple[Item, ...] = (),
        ask: tuple[Item, ...] = (),
        confine: tuple[Item, ...] | None = None,
    ) -> None:
        self.auto_approve = auto_approve
        self.always_deny = always_deny
        self.ask = ask
        self.confine = confine
        self.source: tuple[str, str] | None = None
        """The file of its own that it stands in, and the file's SHA-256."""

    def is_silent(self) -> bool:
        """Does it say nothing at all?"""
        silent = self.auto_approve is None and self.confine is None
        return silent and not (self.always_deny or self.ask)

    def below(self, other: RuleLists) -> RuleLists:
        """With the lists of a file that goes before this one's: it may say anew what is allowed
        and confined, and can only add to what is denied and asked."""
        return RuleLists(
            self.auto_approve if other.auto_approve is None else other.auto_approve,
            self.always_deny + other.always_deny,
            self.ask + other.ask,
            self.confine if other.confine is None else other.confine,
        )


def read_lists(
    document: Document, key: Key, value: object, known: tuple[str, ...] = LISTS
) -> RuleLists:
    """The lists in a table of the document. Raises UsageError naming file and line."""
    table = document.tables(key, value, known)
    found = {name: document.items((*key, name), table[name]) for name in known if name in table}
    return RuleLists(
        found.get("auto_approve"),
        found.get("always_deny", ()),
        found.get("ask", ()),
        found.get("confine"),
    )
