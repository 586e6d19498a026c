"""Read a shell line as deeply as a shell would, to find what must be denied.

Called by `deny.py`. It errs on the side of seeing a command where there is none (in a branch never
taken): a verdict only gets stricter. What it cannot read raises `UnreadableError`: *ask*.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shannot.policy.ansi_quote import read_escape
from shannot.policy.brackets import find_closing, find_quote
from shannot.policy.budget import COMMAND_COST, LINE_COST, Budget, UnbalancedError
from shannot.policy.command_line import name_of
from shannot.policy.defaults import READING
from shannot.policy.simple import Simple, echoed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.policy.simple import Scopes

_SEPARATORS = frozenset(";&|\n\r()")
_LEADING = frozenset({"if", "then", "elif", "else", "do", "while", "until", "!", "{", "}"})
_DECLARING = frozenset({"export", "declare", "local", "readonly", "typeset"})
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
# Runs of what means itself are taken as a whole: character by character is ten times slower.
_PLAIN = re.compile(r"""[^\s;&|()<>\\'"$`#]+""")
_PLAIN_QUOTED = re.compile(r"""[^"\\$`]+""")
_BLANKS = re.compile(r"[^\S\r\n]+")
_LETTERS = re.compile(r"[A-Za-z0-9_]*")


def read_deeply(line: str, budget: Budget, depth: int = 0, outer: Scopes = ()) -> list[Simple]:
    """Every simple command of the line, in order. outer: variables that it may use, the nearest
    first. Raises UnreadableError."""
    budget.enter(depth)
    budget.read(len(line))
    budget.step(LINE_COST)
    return _Reader(line, budget, depth, outer).read()


@dataclass(slots=True)
class _Reader:
    """One line, as far as it was read."""

    line: str
    budget: Budget
    depth: int
    outer: Scopes  # the variables of the lines around this one, the nearest first
    variables: dict[str, str] = field(default_factory=dict)
    at: int = 0
    word: list[str] | None = None
    """The pieces of the word that is being read."""
    words: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    nested: list[Simple] = field(default_factory=list)
    redirects: str = ""
    documents: list[str] = field(default_factory=list)
    found: list[Simple] = field(default_factory=list)

    def scopes(self) -> Scopes:
        return (self.variables, *self.outer)

    def read(self) -> list[Simple]:
        while self.at < len(self.line):
            character = self.line[self.at]
            if run := _PLAIN.match(self.line, self.at):
                self._take(run[0])
                self.at = run.end()
            elif character in _SEPARATORS:
                self._separate(character)
            elif blanks := _BLANKS.match(self.line, self.at):
                self._end_word()
                self.at = blanks.end()
            elif character == "#" and self.word is None:
                self._skip_comment()
            elif character in "<>":
                self._redirect()
            else:
                self._add(character)
        self._end_command(False)
        return self.found

    def _take(self, piece: str) -> None:
        if self.word is None:
            self.word = [piece]
        else:
            self.word.append(piece)

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
        """The bodies of `<<END` are data, unless what reads them runs them."""
        for mark in self.documents:
            start = end = self.at + 1
            while end < len(self.line):
                stop = self.line.find("\n", end)
                stop = len(self.line) if stop < 0 else stop
                if self.line[end:stop].strip() == mark:
                    break
                end = stop + 1
            body = self.line[start:end]
            if any(name_of(word).rstrip("0123456789.") in READING for word in self.words):
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
        if self.word and len(self.word) == 1 and self.word[0].isdigit():
            self.word = None  # the descriptor number in `2>file`
        self._end_word()
        start = self.at
        while self.line[self.at : self.at + 1] in ("<", ">", "|", "-") and self.at - start < 3:
            self.at += 1
        self.redirects = self.line[start : self.at]

    def _add(self, character: str) -> None:
        if character == "\\":
            following = self.line[self.at + 1 : self.at + 2]
            self._take("" if following == "\n" else following)
            self.at += 2
        elif character == "'":
            end = find_quote(self.line, self.at + 1)
            self._take(self.line[self.at + 1 : end])
            self.at = end + 1
        elif character == '"':
            self._quote()
        elif character == "$":
            self._dollar(quoted=False)
        elif character == "`":
            self._backtick(quoted=False)
        else:
            self._take(character)
            self.at += 1

    def _quote(self) -> None:
        self._take("")
        self.at += 1
        while (character := self.line[self.at : self.at + 1]) != '"':
            if not character:
                raise UnbalancedError("a quote is not closed")
            if character == "\\":
                following = self.line[self.at + 1 : self.at + 2]
                kept = "" if following in '$`"\\\n' else "\\"
                self._take(kept + following.replace("\n", ""))
                self.at += 2
            elif character == "$":
                self._dollar(quoted=True)
            elif character == "`":
                self._backtick(quoted=True)
            elif run := _PLAIN_QUOTED.match(self.line, self.at):
                self._take(run[0])
                self.at = run.end()
        self.at += 1

    def _dollar(self, quoted: bool) -> None:
        following = self.line[self.at + 1 : self.at + 2]
        if following == "(":
            self._substitute(self.at + 2, quoted)
        elif following == "{":
            end = find_closing(self.line, self.at + 2, "}")
            self._parameter(self.line[self.at + 2 : end], quoted)
            self.at = end + 1
        elif following == "'" and not quoted:
            self._ansi_quote()
        elif following == '"' and not quoted:
            self.at += 1
        else:
            name = following
            if following not in ("@", "*"):
                letters = _LETTERS.match(self.line, self.at + 1)
                name = letters[0] if letters else ""
            self.at += 1 + len(name)
            self._expand(name, quoted and name != "@")  # "$@" stays several words

    def _parameter(self, inner: str, quoted: bool) -> None:
        """The inside of `${…}`: a name, or an operator whose word may hold substitutions."""
        letters = _LETTERS.match(inner)
        name = letters[0] if letters else ""
        operator = inner[len(name) :]
        value = self._value(name) if name else None
        if not operator:
            self._expand(inner, quoted)
        elif operator.startswith((":+", "+")) or (
            not value and operator.startswith((":-", "-", ":=", "="))
        ):
            default = operator.lstrip(":").lstrip("+-=")
            self._nest(default, quoted, default)
        else:  # cut, replaced, or only used where it is set: near enough to what it is
            self._nest(operator, quoted, value or f"${name}")

    def _expand(self, name: str, quoted: bool) -> None:
        if name == "IFS" and not quoted:
            self._end_word()
            return
        value = self._value(name)
        self._put(f"${name}" if value is None else value, quoted)

    def _value(self, name: str) -> str | None:
        for variables in self.scopes():
            if name in variables:
                return variables[name]
        return None

    def _put(self, value: str, quoted: bool) -> None:
        """A value that an expansion gives: outside quotes it is split into words."""
        self.budget.read(len(value))
        pieces = [value] if quoted else value.split()
        for index, piece in enumerate(pieces):
            if index:
                self._end_word()
            self._take(piece)

    def _substitute(self, start: int, quoted: bool) -> None:
        end = find_closing(self.line, start, ")")
        self.at = end + 1
        self._nest(self.line[start:end], quoted)

    def _backtick(self, quoted: bool) -> None:
        end = find_closing(self.line, self.at + 1, "`")
        inner = self.line[self.at + 1 : end].replace("\\`", "`").replace("\\\\", "\\")
        self.at = end + 1
        self._nest(inner, quoted)

    def _nest(self, line: str, quoted: bool, value: str = "") -> None:
        """Read the commands inside, and put in what they print as far as it is known."""
        nested = read_deeply(line, self.budget, self.depth + 1, self.scopes())
        self.nested += nested
        self._put(value or echoed(nested) or "$()", quoted)

    def _ansi_quote(self) -> None:
        self._take("")
        self.at += 2
        while (character := self.line[self.at : self.at + 1]) != "'":
            if not character:
                raise UnbalancedError("a quote is not closed")
            self.at += 1
            if character == "\\":
                character, used = read_escape(self.line[self.at : self.at + 10])
                self.at += used
            self._take(character)
        self.at += 1

    def _end_word(self) -> None:
        pieces, self.word = self.word, None
        if pieces is None:
            return
        word = "".join(pieces)
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
        assigns = equals and name and _NAME.issuperset(name)
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
            self.budget.step(COMMAND_COST + len(self.words))
            words = tuple(self.words)
            if words[:1] == ("for",) and len(words) > 3:
                self.variables[words[1]] = " ".join(words[3:])
            nested = tuple(self.nested)
            self.found.append(Simple(words, tuple(self.targets), pipes, nested, self.scopes()))
        self.words, self.targets, self.nested, self.redirects = [], [], [], ""
