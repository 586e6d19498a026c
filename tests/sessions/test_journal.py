from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shannot.effects.document import MalformedError, dump
from shannot.sessions.journal import FILE, Journal, read
from shannot.sessions.journal_lines import Saved, begin_line, end_lines
from shannot.sessions.model import EffectResult

SAVED = (
    Saved(
        "/srv/x",
        "file",
        0o644,
        1,
        2,
        -3,
        "ab" * 32,
        attributes=(("user.note", "00ff"),),
        size=7,
        inode="1:2",
        names=3,
    ),
    Saved("/srv/\udcff", "link", 0, 1, 2, 3, target="\udcfe"),
    Saved("/srv/z", "nothing"),
)
SHARED = [HealthCheck.function_scoped_fixture]  # the directory is emptied for each example
DONE = EffectResult(1, "done", "", 0, 5, 6)


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def written(fd: int) -> bytes:
    journal = Journal(fd)
    journal.begin(1, SAVED)
    journal.end([DONE])
    journal.begin(2, ())
    journal.close()
    file = os.open(FILE, os.O_RDONLY, dir_fd=fd)
    data = os.read(file, 1 << 20)
    os.close(file)
    return data


def test_what_was_written_is_read(fd: int) -> None:
    written(fd)
    progress = read(fd, os.geteuid(), "there")
    assert progress.begun == {1: SAVED, 2: ()}
    assert progress.results == {1: DONE}
    assert [result.state for result in progress.shown()] == ["done", "interrupted"]


def test_without_a_journal_nothing_was_done(fd: int) -> None:
    assert read(fd, os.geteuid(), "there").shown() == ()


@settings(max_examples=40, deadline=None, suppress_health_check=SHARED)
@given(st.data())
def test_cut_anywhere_it_is_read_up_to_the_last_whole_line(fd: int, data: st.DataObject) -> None:
    if FILE in os.listdir(fd):
        os.unlink(FILE, dir_fd=fd)
    whole = written(fd)
    end = data.draw(st.integers(0, len(whole)))
    file = os.open(FILE, os.O_WRONLY, dir_fd=fd)
    os.ftruncate(file, end)
    os.close(file)
    lines = whole[:end].count(b"\n")
    progress = read(fd, os.geteuid(), "there")
    assert len(progress.begun) + len(progress.results) == lines
    journal = Journal(fd)
    journal.end([EffectResult(3, "skipped")])
    journal.close()
    assert len(read(fd, os.geteuid(), "there").results) == len(progress.results) + 1


@settings(max_examples=60, deadline=None, suppress_health_check=SHARED)
@given(st.binary(min_size=1, max_size=40))
def test_any_bytes_are_refused_or_read(fd: int, data: bytes) -> None:
    file = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=fd)
    os.write(file, data + b"\n")
    os.close(file)
    with pytest.raises(MalformedError, match="line"):
        read(fd, os.geteuid(), "there")


def test_a_command_that_is_run_again_is_open_until_it_ends(fd: int) -> None:
    journal = Journal(fd)
    journal.begin(1, ())
    journal.end([EffectResult(1, "failed", "it ended with exit status 7", 7)])
    journal.begin(1, ())
    journal.close()
    assert [result.state for result in read(fd, os.geteuid(), "there").shown()] == ["interrupted"]


NAMES = st.text(min_size=1, max_size=30).map(
    lambda name: name.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
)
ANYTHING_SAVED = st.builds(
    Saved,
    path=NAMES,
    kind=st.sampled_from(["file", "directory", "link", "nothing"]),
    mode=st.integers(0, 0o7777),
    uid=st.integers(0, 3),
    gid=st.integers(0, 3),
    mtime_ns=st.integers(-(10**18), 10**18),
    sha256=st.sampled_from(["", "ab" * 32]),
    target=st.just("") | NAMES,
    attributes=st.just(()) | st.just((("user.note", "00ff"), ('user."x', ""))),
    size=st.integers(0, 9),
    inode=st.sampled_from(["", "1:2"]),
    names=st.integers(0, 2),
)


def told(saved: Saved) -> dict[str, object]:
    """The fields of it that say something."""
    fields = {field: getattr(saved, field) for field in Saved.__slots__}
    always = {"path": saved.path, "kind": saved.kind}
    return always | {name: value for name, value in fields.items() if value}


@given(st.integers(1, 10**6), st.lists(ANYTHING_SAVED, max_size=3))
def test_a_line_says_what_the_encoder_would_say(number: int, saved: list[Saved]) -> None:
    for item in saved:
        if item.kind == "nothing":
            item = Saved(item.path, "nothing")
        line = {"event": "begin", "number": number, "saved": [told(item)]}
        assert begin_line(number, [item]) == dump(line) + "\n"
    assert begin_line(number, ()) == dump({"event": "begin", "number": number, "saved": []}) + "\n"
    assert begin_line(number, saved).count('"path"') == len(saved)


def test_effects_that_are_begun_together_are_read_as_if_each_had_been_alone(fd: int) -> None:
    journal = Journal(fd)
    journal.begin_together([(1, SAVED), (2, ()), (3, SAVED[:1])])
    journal.begin_together([])
    journal.withdraw(3)
    journal.close()
    assert read(fd, os.geteuid(), "there").begun == {1: SAVED, 2: ()}


def test_neighbours_that_are_done_share_a_line() -> None:
    done = [EffectResult(number, "done") for number in (1, 2, 3, 5, 6)]
    lines = end_lines([*done[:3], EffectResult(4, "failed", "no"), *done[3:], DONE])
    assert [line[10:14] for line in lines] == ["done", 'end"', "done", 'end"']
    assert [line for line in lines if 'done","f' in line] == [
        '{"event":"done","first":1,"last":3}\n',
        '{"event":"done","first":5,"last":6}\n',
    ]
