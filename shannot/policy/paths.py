"""Which path a word names, and whether it is one that nobody can do without.

One `Paths` for each command that is judged: it remembers what it has found, for the words of a
wrapper are looked at again for every suffix that may be a command.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re

from shannot.policy.budget import PATTERN_COST, WIDTH, Budget, UnreadableError
from shannot.policy.defaults import PROTECTED, RAW_DEVICES

PATTERN_LIMIT = 256
"""Characters of a glob pattern that is compared with the protected directories."""
PATH_LIMIT = 4_096
"""Characters of a path, PATH_MAX of limits.h: nothing has a longer one."""
_HOME = "/home/~"
"""Stands for any home directory: nobody has this name."""
# A path that is its own shortest spelling, and names nothing by a pattern.
_PLAIN = re.compile(r"/?[\w@%+=:,-][\w@%+=:,.-]*(?:/[\w@%+=:,-][\w@%+=:,.-]*)*")
_GLOB = re.compile(r"[*?\[]")
_PROTECTED = frozenset(PROTECTED)


class Paths:
    """Raises UnreadableError, from any method, where the limits of the budget are reached."""

    __slots__ = ("_budget", "_protected", "_tidied")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._tidied: dict[str, str] = {}
        self._protected: dict[tuple[str, str], str] = {}

    def step(self, steps: int) -> None:
        """Count work that others do on words."""
        self._budget.step(steps)

    def tidy(self, word: str) -> str:
        """`tidy`, remembered."""
        found = self._tidied.get(word)
        if found is None:
            self._budget.step(2 + len(word) // WIDTH)
            found = self._tidied[word] = tidy(word)
        return found

    def protected(self, word: str, directory: str) -> str:
        """The protected directory that a word names, globs and home shorthands included, or ""."""
        key = (directory, word)
        found = self._protected.get(key)
        if found is None:
            self._budget.step(1)
            found = self._protected[key] = self._find(word, directory)
        return found

    def device(self, word: str) -> str:
        """The disk or memory device that a word names, or ""."""
        if "dev" not in word:
            return ""
        path = self.tidy(word)
        return path if path.startswith(RAW_DEVICES) else ""

    def _find(self, word: str, directory: str) -> str:
        if _PLAIN.fullmatch(word) and word.isascii():
            path = word if word[0] == "/" else f"{directory.rstrip('/')}/{word}"
            if "/." in directory or "//" in directory or "~" in directory:
                path = self._absolute(word, directory)
        else:
            path = self._absolute(word, directory)
        if path in _PROTECTED:
            return path
        if path.startswith("/home/") and path.count("/") == 2:
            return "the home directory" if path == _HOME else path
        return self._find_pattern(path) if _GLOB.search(path) else ""

    def _find_pattern(self, path: str) -> str:
        start = _GLOB.split(path, maxsplit=1)[0]
        if not any(known.startswith(start) for known in PROTECTED):
            return ""
        if len(path) > PATTERN_LIMIT:
            raise UnreadableError("a pattern is longer than can be read")
        self._budget.step(PATTERN_COST)
        return next((known for known in PROTECTED if fnmatch.fnmatchcase(known, path)), "")

    def _absolute(self, word: str, directory: str) -> str:
        self._budget.step(4 + (len(word) + len(directory)) // WIDTH)
        if not word.isprintable():
            word = "".join(character for character in word if character.isprintable())
        word = word.strip()
        for home in ("$HOME", "~"):
            if word.startswith(home):
                rest = word[len(home) :]
                # `~root` and `~user` are homes as well.
                rest = rest if home == "$HOME" or rest[:1] in ("", "/") else _after_user(rest)
                word = _HOME + rest
            if directory.startswith(home):
                directory = _HOME + directory[len(home) :]
        return tidy(posixpath.join(directory, word)) if word else ""


def _after_user(rest: str) -> str:
    return rest[len(rest.partition("/")[0]) :]


def tidy(path: str) -> str:
    """The same path for `//`, `/.`, `/x/..`, `/*` and trailing blanks: `/etc/*` is `/etc`.

    Raises UnreadableError for what is longer than a path can be.
    """
    path = path.strip()
    if "/" not in path and path not in ("", ".", ".."):
        return path
    if not path:
        return ""
    if len(path) > PATH_LIMIT:
        raise UnreadableError("a path is longer than can be read")
    path = posixpath.normpath(path)
    if path.endswith(("/*", "/.*", "/**")):
        parts = path.split("/")
        while parts and parts[-1] in ("*", ".*", "**"):
            parts.pop()
        path = posixpath.normpath("/".join(parts) or "/")
    return "/" + path.lstrip("/") if path.startswith("/") else path
