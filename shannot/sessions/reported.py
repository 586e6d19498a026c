"""What an operator's execution came to, effect by effect, as the session's proposer is told.

It travels with the operator's answer (`answer.py`, `asked.py`) and is kept in the file `reported`
of the proposer's session, apart from results of the proposer's own: nothing was done here, and
nothing can be put back or gone on with from here. It is shown, and nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shannot.effects.codec import to_json
from shannot.effects.document import Document, MalformedError, dump, parse
from shannot.sessions import files
from shannot.sessions.model import MAX_EFFECTS, EffectResult, result_from_json

REPORTED = "reported"
MAX_REPORTED = 16 << 20  # bytes: two million effects, each of which may stand alone
_MAX_OTHERS = 100  # results that are told in full; the event says how many there were
_MAX_MESSAGE = 500  # characters


def report(results: Iterable[EffectResult]) -> dict[str, object]:
    """The results, short: what is done by numbers, the first of what is not with the reason.

    What commands have printed stays with the operator.
    """
    done: list[int] = []
    others: list[EffectResult] = []
    for result in results:
        if result.state == "done":
            done.append(result.number)
        elif len(others) < _MAX_OTHERS:
            message = result.message[:_MAX_MESSAGE]
            others.append(replace(result, message=message, stdout_size=0, stderr_size=0))
    return {"done": number_ranges(done), "others": [to_json(result) for result in others]}


def report_from_json(document: Document, effects: int) -> tuple[EffectResult, ...]:
    """By number. effects: how many the plan has. MalformedError."""
    found = {number: EffectResult(number, "done") for number in numbers(document, "done", effects)}
    for child in document.children("others", _MAX_OTHERS):
        result = result_from_json(child)
        if result.number > effects or result.number in found:
            raise MalformedError(f"{document.where}: a result of no effect, or a second one")
        found[result.number] = replace(result, stdout_size=0, stderr_size=0)
    document.finish()
    return tuple(result for _, result in sorted(found.items()))


def keep(directory_fd: int, results: Sequence[EffectResult]) -> None:
    """Keep it in the proposer's session. OSError."""
    files.replace(REPORTED, directory_fd, dump(report(results)).encode("ascii"))


def kept(data: bytes, effects: int) -> tuple[EffectResult, ...]:
    """What `keep` has kept, from the contents of the file. MalformedError."""
    return report_from_json(parse(data, REPORTED), effects) if data else ()


def number_ranges(found: Sequence[int]) -> list[list[int]]:
    """Ascending numbers as pairs of the first and the last in a row."""
    ranges: list[list[int]] = []
    for number in found:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def numbers(document: Document, name: str, last: int) -> frozenset[int]:
    """The inverse, of numbers up to `last`. MalformedError."""
    found: set[int] = set()
    for item in document.items(name, MAX_EFFECTS):
        match item:
            # bool is an int to Python, and True would count as effect 1.
            case [low, high] if type(low) is type(high) is int and 1 <= low <= high <= last:
                found.update(range(low, high + 1))
            case _:
                raise MalformedError(f"{document.where}: {name!r} names no effects of the plan")
    return frozenset(found)
