"""Every way to change a log that is whole: each must be found, and still be found later."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from shannot.audit import Log
from shannot.audit.verify import Expected, verify


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Nine records in three segments."""
    found = Log(str(tmp_path / "state"), os.geteuid(), segment_limit=400)
    for number in range(9):
        found.append([{"event": "run", "user": "someone", "exit_status": number}], sync=False)
    assert verify(found).findings == ()
    assert len(os.listdir(found.segments_path)) == 3
    return found


def segment(log: Log, number: int) -> Path:
    return sorted(Path(log.segments_path).iterdir())[number]


def changed(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def edited(log: Log) -> None:
    changed(segment(log, 1), lambda lines: [lines[0].replace(b":3}", b":0}"), *lines[1:]])


def edited_at_the_end(log: Log) -> None:
    changed(segment(log, -1), lambda lines: [*lines[:-1], lines[-1].replace(b":8}", b":0}")])


def edited_at_the_end_of_a_segment(log: Log) -> None:
    changed(segment(log, 0), lambda lines: [*lines[:-1], lines[-1].replace(b":2}", b":0}")])


def removed(log: Log) -> None:
    changed(segment(log, 1), lambda lines: [lines[0], *lines[2:]])


def removed_at_the_beginning(log: Log) -> None:
    changed(segment(log, 0), lambda lines: lines[1:])


def first_segment_removed(log: Log) -> None:
    segment(log, 0).unlink()


def middle_segment_removed(log: Log) -> None:
    segment(log, 1).unlink()


def last_segment_removed(log: Log) -> None:
    segment(log, -1).unlink()


def all_segments_removed(log: Log) -> None:
    for path in Path(log.segments_path).iterdir():
        path.unlink()


def reordered(log: Log) -> None:
    changed(segment(log, 1), lambda lines: [lines[1], lines[0], *lines[2:]])


def repeated(log: Log) -> None:
    changed(segment(log, 1), lambda lines: [lines[0], *lines])


def segments_exchanged(log: Log) -> None:
    first, second = segment(log, 0), segment(log, 1)
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


def cut_off(log: Log) -> None:
    changed(segment(log, -1), lambda lines: lines[:-1])


def cut_off_within_a_line(log: Log) -> None:
    path = segment(log, -1)
    os.truncate(path, path.stat().st_size - 7)


def emptied(log: Log) -> None:
    os.truncate(segment(log, -1), 0)


def added(log: Log) -> None:
    changed(segment(log, 1), lambda lines: [*lines, b'{"event":"run"}\n'])


def head_removed(log: Log) -> None:
    Path(log.seal_path, "head").unlink()


def head_turned_back_with_the_log(log: Log) -> None:
    """The end is taken off, and the head is rewritten by hand to agree."""
    changed(segment(log, -1), lambda lines: lines[:-1])
    head = Path(log.seal_path, "head")
    words = head.read_bytes().split()
    size = segment(log, -1).stat().st_size
    words[1], words[3] = b"8", str(size).encode()
    head.write_bytes(b" ".join(words).ljust(255) + b"\n")


CHANGES = [
    edited, edited_at_the_end, edited_at_the_end_of_a_segment, removed, removed_at_the_beginning,
    first_segment_removed, middle_segment_removed, last_segment_removed, all_segments_removed,
    reordered, repeated, segments_exchanged, cut_off, cut_off_within_a_line, emptied, added,
    head_removed, head_turned_back_with_the_log,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_log_is_found_now_and_after_more_was_recorded(
    log: Log, change: Callable[[Log], None]
) -> None:
    change(log)
    assert verify(log).findings != ()
    log.append([{"event": "run"}], sync=False)
    log.append([{"event": "run"}], sync=False)
    assert verify(log).findings != ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (removed, "record 5 is missing"),
        (middle_segment_removed, "records 4 to 6 are missing"),
        (cut_off, "it ends at record 8, not at 9"),
        (edited, "record 4 was changed"),
        (reordered, "moved or repeated"),
        (head_removed, "the sealed end of the log is missing"),
    ],
)
def test_the_finding_names_what_was_done(
    log: Log, change: Callable[[Log], None], told: str
) -> None:
    change(log)
    assert told in "\n".join(verify(log).findings)


def test_whoever_appends_to_a_damaged_log_is_told(log: Log) -> None:
    cut_off(log)
    assert "was cut off" in log.append([{"event": "run"}], sync=False)
    assert log.append([{"event": "run"}], sync=False) == ""


def test_a_log_that_was_wholly_rewritten_is_not_the_one_that_was_noted(
    log: Log, tmp_path: Path
) -> None:
    noted = verify(log)
    expected = Expected(noted.records, noted.sha256)
    log.append([{"event": "run"}], sync=False)
    assert verify(log, expected).findings == ()
    other = Log(str(tmp_path / "other"), os.geteuid())
    for _ in range(12):
        other.append([{"event": "run"}], sync=False)
    assert verify(other).findings == ()
    assert verify(other, expected).findings != ()


def test_no_log_is_no_damage(tmp_path: Path) -> None:
    found = verify(Log(str(tmp_path / "state"), os.geteuid()))
    assert (found.records, found.findings) == (0, ())


@pytest.mark.parametrize("garbage", [b"\0" * 5000, b"\n" * 300, b"x" * 3_000_000, b"{" * 100_000])
def test_garbage_is_found_and_not_choked_on(log: Log, garbage: bytes) -> None:
    segment(log, 1).write_bytes(garbage)
    found = verify(log)
    assert 0 < len(found.findings) <= 100
