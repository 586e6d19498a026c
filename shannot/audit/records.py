"""The records of the log for those who read it: each line checked, as an enemy may have written it.

For `workflows/audit.py`. The chain is `verify.py`'s to check; here a line that is no record is
counted, and does not hide the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shannot.audit import Log
from shannot.audit.verify import Line, Snapshot, lines
from shannot.effects.document import Document, MalformedError, parse
from shannot.errors import ShannotError


@dataclass(frozen=True, slots=True)
class Entry:
    """One record."""

    seq: int
    time: str
    """UTC, ISO 8601 with milliseconds."""
    event: str
    user: str
    """Who did it; empty for what the log says of itself."""
    session: str
    """The session's id; empty where it concerns none."""
    line: bytes
    """The line as it stands, without its newline."""
    fields: dict[str, object]
    """Everything in it."""


def entries(log: Log) -> Iterator[Entry | MalformedError]:
    """Every record, oldest first. ShannotError where the log cannot be read."""
    try:
        for line in lines(log, Snapshot(log).sizes):
            try:
                yield _entry(line)
            except MalformedError as error:
                yield error
    except OSError as error:
        raise ShannotError(
            f"the audit log in {log.segments_path} cannot be read: {error.strerror}"
        ) from error


def _entry(line: Line) -> Entry:
    data = line.data.removesuffix(b"\n")
    document = parse(data, line.where())
    fields = document.fields()
    return Entry(
        seq=document.integer("seq", 1),
        time=document.text("time", 40),
        event=document.text("event", 40),
        user=_text(document, fields, "user"),
        session=_text(document, fields, "session"),
        line=data,
        fields=fields,
    )


def _text(document: Document, fields: dict[str, object], name: str) -> str:
    return document.optional_text(name, 4096) or "" if name in fields else ""
