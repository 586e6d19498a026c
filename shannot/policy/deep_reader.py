"""Read a shell line as deeply as a shell would, to find what must be denied.

Called by `deny.py`. It errs on the side of seeing a command where there is none (in a quoted
brace, in a branch never taken): what it finds can only make a verdict stricter. What it cannot
read raises `UnreadableError`, which becomes *ask*.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shannot.policy.ansi_quote import read_escape
from shannot.policy.budget import Budget, UnbalancedError
from shannot.policy.command_line import name_of
from shannot.policy.defaults import SHELLS
from shannot.policy.simple import Simple, echoed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SEPARATORS = frozenset(";&|\n\r()")
_LEADING = frozenset(
    {"if", "then", "elif", "else", "do", "while", "until", "!", "{", "}", "time", "coproc"}
)
_DECLARING = frozenset({"export", "declare", "local", "readonly", "typeset"})
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def read_deeply(
    line: str, budget: Budget, depth: int = 0, variables: Mapping[str, str] | None = None
) -> list[Simple]:
    """Every simple command of the line, in order. Raises UnreadableError."""
    budget.enter(depth)
    budget.read(len(line))
    return _Reader(line, budget, depth, dict(variables or {})).read()


@dataclass(slots=True)
class _Reader:
    line: str
    budget: Budget
    depth: int
    variables: dict[str, str]
    at: int = 0
    word: str | None = None
    words: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    nested: list[Simple] = field(default_factory=list)
    redirects: str = ""
    documents: list[str] = field(default_factory=list)
    found: list[Simple] = field(default_factory=list)

    def read(self) -> list[Simple]:
        while self.at < len(self.line):
            character = self.line[self.at]
            if character in _SEPARATORS:
                self._separate(character)
            elif character.isspace():
                self._end_word()
                self.at += 1
            elif character == "#" and self.word is None:
                self._skip_comment()
            elif character in "<>":
                self._redirect()
            else:
                self._add(character)
        self._end_command(False)
        return self.found

    def _separate(self, character: str) -> None:
        following = self.line[self.at + 1 : self.at + 2]
        if character == "&" and (following == ">" or (self.redirects and self.word is None)):
            self.at += 1  # `&>file` and `>&2`: part of a redirection
            return
        if character == "\n" and (self.documents or self.redirects):
            self._end_word()
            self._skip_documents()
        pipes = character == "|" and following != "|"
        self._end_command(pipes)
        self.at += 2 if following and character + following in ("||", "&&", "|&", ";;") else 1

    def _skip_documents(self) -> None:
        """The bodies of `<<END` are data, unless a shell reads them."""
        for mark in self.documents:
            start = end = self.at + 1
            while end < len(self.line):
                stop = self.line.find("\n", end)
                stop = len(self.line) if stop < 0 else stop
                if self.line[end:stop].strip() == mark:
                    break
                end = stop + 1
            body = self.line[start:end]
            if any(name_of(word) in SHELLS for word in self.words):
                self.words.append(body)
            elif "$(" in body or "`" in body:
                self._nest(body, quoted=True)
                self.word = None
            self.at = min(end + len(mark), len(self.line))
        self.documents = []

    def _skip_comment(self) -> None:
        end = self.line.find("\n", self.at)
        self.at = len(self.line) if end < 0 else end

    def _redirect(self) -> None:
        if self.line[self.at + 1 : self.at + 2] == "(":
            self._substitute(self.at + 2, quoted=True)
            return
        if self.word is not None and self.word.isdigit():
            self.word = None  # the descriptor number in `2>file`
        self._end_word()
        start = self.at
        while self.line[self.at : self.at + 1] in ("<", ">", "|", "-") and self.at - start < 3:
            self.at += 1
        self.redirects = self.line[start : self.at]

    def _add(self, character: str) -> None:
        if character == "\\":
            following = self.line[self.at + 1 : self.at + 2]
            self.word = (self.word or "") + ("" if following == "\n" else following)
            self.at += 2
        elif character == "'":
            end = self._find("'", self.at + 1)
            self.word = (self.word or "") + self.line[self.at + 1 : end]
            self.at = end + 1
        elif character == '"':
            self._quote()
        elif character == "$":
            self._dollar(quoted=False)
        elif character == "`":
            self._backtick(quoted=False)
        else:
            self.word = (self.word or "") + character
            self.at += 1

    def _quote(self) -> None:
        self.word = self.word or ""
        self.at += 1
        while (character := self.line[self.at : self.at + 1]) != '"':
            if not character:
                raise UnbalancedError("a quote is not closed")
            if character == "\\":
                following = self.line[self.at + 1 : self.at + 2]
                kept = "" if following in '$`"\\\n' else "\\"
                self.word = (self.word or "") + kept + following.replace("\n", "")
                self.at += 2
            elif character == "$":
                self._dollar(quoted=True)
            elif character == "`":
                self._backtick(quoted=True)
            else:
                self.word = (self.word or "") + character
                self.at += 1
        self.at += 1

    def _dollar(self, quoted: bool) -> None:
        following = self.line[self.at + 1 : self.at + 2]
        if following == "(":
            self._substitute(self.at + 2, quoted)
        elif following == "{":
            end = self._closing(self.at + 2, "{", "}")
            self._parameter(self.line[self.at + 2 : end], quoted)
            self.at = end + 1
        elif following == "'" and not quoted:
            self._ansi_quote()
        elif following == '"' and not quoted:
            self.at += 1
        else:
            end = self.at + 1
            if following in ("@", "*"):
                end += 1
            while end < len(self.line) and self.line[end] in _NAME and following not in ("@", "*"):
                end += 1
            name = self.line[self.at + 1 : end]
            self.at = max(end, self.at + 1)
            self._expand(name, quoted and name != "@")  # "$@" stays several words

    def _parameter(self, inner: str, quoted: bool) -> None:
        """The inside of `${…}`: a name, or an operator whose word may hold substitutions."""
        name, operator, default = inner.partition(":-")
        if operator and name not in self.variables:
            self._nest(default, quoted, default)
        elif not all(character in _NAME for character in inner):
            self._nest(inner, quoted, f"${name}")
        else:
            self._expand(inner, quoted)

    def _expand(self, name: str, quoted: bool) -> None:
        if name == "IFS" and not quoted:
            self._end_word()
            return
        self._put(self.variables.get(name, f"${name}"), quoted)

    def _put(self, value: str, quoted: bool) -> None:
        """A value that an expansion gives: outside quotes it is split into words."""
        self.budget.read(len(value))
        pieces = [value] if quoted else value.split()
        for index, piece in enumerate(pieces):
            if index:
                self._end_word()
            self.word = (self.word or "") + piece

    def _substitute(self, start: int, quoted: bool) -> None:
        end = self._closing(start, "(", ")")
        self.at = end + 1
        self._nest(self.line[start:end], quoted)

    def _backtick(self, quoted: bool) -> None:
        end = self.at + 1
        while self.line[end : end + 1] != "`":
            if end >= len(self.line):
                raise UnbalancedError("a backtick is not closed")
            end += 2 if self.line[end] == "\\" else 1
        inner = self.line[self.at + 1 : end].replace("\\`", "`").replace("\\\\", "\\")
        self.at = end + 1
        self._nest(inner, quoted)

    def _nest(self, line: str, quoted: bool, value: str = "") -> None:
        """Read the commands inside, and put in what they print as far as it is known."""
        nested = read_deeply(line, self.budget, self.depth + 1, self.variables)
        self.nested += nested
        self._put(value or echoed(nested) or "$()", quoted)

    def _ansi_quote(self) -> None:
        self.word = self.word or ""
        self.at += 2
        while (character := self.line[self.at : self.at + 1]) != "'":
            if not character:
                raise UnbalancedError("a quote is not closed")
            self.at += 1
            if character == "\\":
                character, used = read_escape(self.line[self.at : self.at + 10])
                self.at += used
            self.word += character
        self.at += 1

    def _find(self, character: str, start: int) -> int:
        end = self.line.find(character, start)
        if end < 0:
            raise UnbalancedError("a quote is not closed")
        return end

    def _closing(self, start: int, opening: str, closing: str) -> int:
        """Where the bracket that was opened before `start` is closed, quotes respected."""
        level, at, quoted = 1, start, False
        while at < len(self.line):
            character = self.line[at]
            if character == "\\":
                at += 1
            elif character == '"':
                quoted = not quoted
            elif character == "'" and not quoted:
                at = self._find("'", at + 1)
            elif character == opening and not quoted:
                level += 1
            elif character == closing and not quoted:
                level -= 1
                if not level:
                    return at
            at += 1
        raise UnbalancedError("a bracket is not closed")

    def _end_word(self) -> None:
        word, self.word = self.word, None
        if word is None:
            return
        redirects, self.redirects = self.redirects, ""
        if redirects == "<<<":
            self.words.append(word)  # a here-string: what a shell would run
        elif redirects in ("<<", "<<-"):
            self.documents.append(word)
        elif ">" in redirects:
            self.targets.append(word)
        elif not redirects:
            self._place(word)

    def _place(self, word: str) -> None:
        name, equals, value = word.partition("=")
        assigns = equals and name and all(character in _NAME for character in name)
        if not self.words and word in _LEADING:
            return
        if assigns and (not self.words or self.words[0] in _DECLARING):
            self.variables[name] = value
            if not self.words:
                return
        self.words.append(word)

    def _end_command(self, pipes: bool) -> None:
        self._end_word()
        if self.words or self.targets or self.nested:
            self.budget.examine(len(self.words))
            words = tuple(self.words)
            if words[:1] == ("for",) and len(words) > 3:
                self.variables[words[1]] = " ".join(words[3:])
            self.found.append(Simple(words, tuple(self.targets), pipes, tuple(self.nested)))
        self.words, self.targets, self.nested, self.redirects = [], [], [], ""
