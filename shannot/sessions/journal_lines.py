"""The lines of a journal as text: `journal.py` appends and reads them.

A plan may have a hundred thousand files, each with its line, so that is not left to an encoder:
what stands here says what `effects/document.py::dump` would say, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as quoted

from shannot.effects.codec import to_json
from shannot.effects.document import dump
from shannot.sessions.model import EffectResult


@dataclass(frozen=True, slots=True)
class Saved:
    """What stood at a path before it was changed; a file's contents are in `checkpoint/`."""

    path: str
    kind: str
    """`file`, `directory`, `link`, or `nothing`."""
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    sha256: str = ""
    """Of a file's contents; empty where nothing happens to them."""
    target: str = ""
    """Of a link."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Extended attributes of a file or directory: name, value in hexadecimal."""
    size: int = 0
    """Bytes of a file whose contents were read."""
    inode: str = ""
    """Of a file: what tells it from others, `device:inode`."""
    names: int = 0
    """How many names (hard links) a file of several had."""


def begin_line(number: int, saved: Sequence[Saved]) -> str:
    """An effect is about to change the world; saved is what it will change."""
    told = ",".join([_saved_text(item) for item in saved])
    return f'{{"event":"begin","number":{number},"saved":[{told}]}}\n'


def withdraw_line(number: int) -> str:
    """It has changed nothing, and will not."""
    return f'{{"event":"withdraw","number":{number}}}\n'


def end_lines(results: Sequence[EffectResult]) -> list[str]:
    """What effects have come to; neighbours that are done share a line."""
    lines: list[str] = []
    first = last = 0
    for result in results:
        if not _is_plainly_done(result):
            lines.append(f'{{"event":"end","result":{dump(to_json(result))}}}\n')
            last = 0
        elif last and result.number == last + 1:
            last = result.number
            lines[-1] = _done_line(first, last)
        else:
            first = last = result.number
            lines.append(_done_line(first, last))
    return lines


def _done_line(first: int, last: int) -> str:
    return f'{{"event":"done","first":{first},"last":{last}}}\n'


def _is_plainly_done(result: EffectResult) -> bool:
    if result.state != "done" or result.message or result.exit_status is not None:
        return False
    return not result.stdout_size and not result.stderr_size


def _saved_text(saved: Saved) -> str:
    """Without the fields that say nothing; the others sorted by name."""
    if saved.kind == "nothing":
        return f'{{"kind":"nothing","path":{quoted(saved.path)}}}'
    parts: list[str] = []
    if saved.attributes:
        parts.append(f'"attributes":{dump(saved.attributes)}')
    if saved.gid:
        parts.append(f'"gid":{saved.gid}')
    if saved.inode:
        parts.append(f'"inode":{quoted(saved.inode)}')
    parts.append(f'"kind":{quoted(saved.kind)}')
    if saved.mode:
        parts.append(f'"mode":{saved.mode}')
    if saved.mtime_ns:
        parts.append(f'"mtime_ns":{saved.mtime_ns}')
    if saved.names:
        parts.append(f'"names":{saved.names}')
    parts.append(f'"path":{quoted(saved.path)}')
    if saved.sha256:
        parts.append(f'"sha256":{quoted(saved.sha256)}')
    if saved.size:
        parts.append(f'"size":{saved.size}')
    if saved.target:
        parts.append(f'"target":{quoted(saved.target)}')
    if saved.uid:
        parts.append(f'"uid":{saved.uid}')
    return f"{{{','.join(parts)}}}"
