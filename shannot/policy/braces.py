"""What a shell makes of `{rm,-rf,/}` and `/{etc,usr}{,/x}`. Called by `walk.py`.

Quotes are gone by then, so that quoted braces are taken for others: it can only find too much.
"""

from __future__ import annotations

from shannot.policy.budget import Budget, UnreadableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

WORD_LIMIT = 1_024
"""Words that one command's braces may make."""
DEPTH_LIMIT = 16


def expand_braces(words: Sequence[str], budget: Budget, takes_paths: bool) -> tuple[str, ...]:
    """takes_paths: its words may be paths to destroy. Raises UnreadableError for too many."""
    if "{" not in "".join(words):
        return tuple(words)
    expanded: list[str] = []
    made = 0
    for word in words:
        if "{" in word and "," in word:
            found = _choices(word, budget, takes_paths)
            made += 0 if word in found else len(found)
            if made > WORD_LIMIT:
                raise UnreadableError("its braces make more words than can be read")
            expanded += found
        else:
            expanded.append(word)
    return tuple(expanded)


def _choices(word: str, budget: Budget, takes_paths: bool) -> list[str]:
    if not any(map(str.isspace, word)):
        return _expand(word, budget, 0)
    if not takes_paths:
        return [word]  # quoted: a line of shell or a program, which are read as such
    # It stays as it is, and what stands in its braces is seen too: `{"a b",/}` is quoted in part.
    budget.read(len(word))
    pieces = word.replace("{", ",").replace("}", ",").split(",")
    return [word, *(piece for piece in pieces[:WORD_LIMIT] if piece and piece.split() == [piece])]


def _expand(word: str, budget: Budget, depth: int) -> list[str]:
    """One word, its first pair of braces that holds a comma put in, and all others after it."""
    if depth > DEPTH_LIMIT:
        raise UnreadableError("its braces are nested deeper than can be read")
    start = word.find("{")
    while start >= 0:
        budget.read(len(word))
        pieces, end = _split(word, start + 1)
        if len(pieces) > WORD_LIMIT:
            raise UnreadableError("its braces make more words than can be read")
        if len(pieces) > 1:
            break
        start = word.find("{", start + 1)
    else:
        return [word]
    tails = _expand(word[end:], budget, depth + 1)
    heads = [head for piece in pieces for head in _expand(piece, budget, depth + 1)]
    if len(heads) * len(tails) > WORD_LIMIT:
        raise UnreadableError("its braces make more words than can be read")
    made = [word[:start] + head + tail for head in heads for tail in tails]
    budget.read(sum(map(len, made)))
    return made


def _split(word: str, at: int) -> tuple[list[str], int]:
    """The choices of the braces opened before `at`, and where what follows them begins.

    No choices where they are not closed.
    """
    pieces: list[str] = []
    level, start = 0, at
    for position in range(at, len(word)):
        character = word[position]
        if character == "{":
            level += 1
        elif character == "," and not level:
            pieces.append(word[start:position])
            start = position + 1
        elif character == "}":
            if not level:
                return [*pieces, word[start:position]], position + 1
            level -= 1
    return [], len(word)
