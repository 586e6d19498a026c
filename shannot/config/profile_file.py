"""A profile in a file of its own, TOML or JSON: the four lists, alone or below `profile`."""

from __future__ import annotations

from shannot.config.document import read_document
from shannot.config.rule_lists import LISTS, RuleLists, read_lists
from shannot.errors import UsageError


def is_file(text: str) -> bool:
    """Does a profile's name stand for a file?"""
    return "/" in text or text.endswith((".toml", ".json"))


def is_configuration(path: str, uid: int) -> bool:
    """Is the file a whole configuration? Raises UsageError where it cannot be read."""
    document = read_document(path, uid)
    table = document.table if document else {}
    sections = (name for name, value in table.items() if isinstance(value, dict))
    return isinstance(table.get("profile"), str) or any(name != "profile" for name in sections)


def read_profile_file(path: str, uid: int) -> RuleLists:
    """The lists of the file. `uid`: whose file, besides root's, is trusted.

    Raises UsageError naming file and line, also where there is no such file.
    """
    document = read_document(path, uid)
    if document is None:
        raise UsageError(f"{ascii(path)[1:-1]}: there is no such profile file")
    table = document.table
    if "profile" in table:
        document.tables((), table, ("profile",))
        lists = read_lists(document, ("profile",), table["profile"])
    else:
        lists = read_lists(document, (), table, LISTS)
    lists.source = path, document.sha256
    return lists
