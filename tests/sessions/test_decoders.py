"""Whatever an enemy has written into a session, reading it ends well or in one clear line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shannot.effects.document import Document, MalformedError, dump
from shannot.errors import ShannotError
from shannot.sessions.decision import decision_from_json, event_from_json, person_from_json
from shannot.sessions.inverse import invert
from shannot.sessions.journal import Progress, read
from shannot.sessions.journal_lines import Saved
from tests.effects.samples import EACH
from tests.sessions.worlds import World

QUIET = [HealthCheck.function_scoped_fixture]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["who", "uid", "where", "key", "address", "when", "person", "what"])
            | st.text(max_size=3),
            inner,
            max_size=8,
        )
    ),
    max_leaves=12,
)
EVENTS = st.sampled_from(["begin", "withdraw", "done", "end", "x"])
LINES = st.fixed_dictionaries(
    {"event": EVENTS},
    optional={
        "number": VALUES | st.integers(1, 5), "first": VALUES | st.integers(1, 9),
        "last": VALUES | st.integers(1, 9), "saved": VALUES, "result": VALUES,
    },
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_a_decision_of_nonsense_is_refused(value: object) -> None:
    for reader in (person_from_json, event_from_json, lambda d: decision_from_json(d, 3)):
        with pytest.raises(MalformedError):
            reader(Document(value, "there"))


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(st.lists(LINES.map(lambda line: dump(line).encode()) | st.binary(max_size=40), max_size=6))
def test_a_journal_of_nonsense_is_refused_or_read(tmp_path: Path, lines: list[bytes]) -> None:
    (tmp_path / "journal").write_bytes(b"\n".join(lines) + b"\n")
    (tmp_path / "journal").chmod(0o600)
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        found = read(fd, os.geteuid(), "there")
    except MalformedError:
        return
    finally:
        os.close(fd)
    assert isinstance(found, Progress)


def test_a_journal_cannot_name_more_than_any_plan_holds(tmp_path: Path) -> None:
    line = b'{"event":"done","first":1,"last":2000000}\n'
    (tmp_path / "journal").write_bytes(line * 4)
    (tmp_path / "journal").chmod(0o600)
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(MalformedError, match="more is done than any plan holds"):
        read(fd, os.geteuid(), "there")
    os.close(fd)


SAVED = st.builds(
    Saved,
    path=st.sampled_from(["/srv/b", "/srv/c", "/srv/d", "/srv/d/x", "/srv/f", "/srv/i", "/etc/x"]),
    kind=st.sampled_from(["file", "directory", "link", "nothing"]),
    sha256=st.just("ab" * 32),
    names=st.integers(0, 3),
    inode=st.sampled_from(["", "1:2"]),
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.integers(1, 20), st.lists(SAVED, max_size=3).map(tuple), max_size=6))
def test_a_journal_that_does_not_fit_the_plan_is_refused(
    begun: dict[int, tuple[Saved, ...]],
) -> None:
    try:
        undoing = invert(EACH, Progress({}, begun))
    except MalformedError:
        return
    assert set(undoing.origins.values()) <= set(begun)


def test_results_beyond_the_plan_are_refused(tmp_path: Path) -> None:
    world = World(tmp_path)
    recorder = world.recorder()
    recorder.write("x", b"")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    journal = Path(world.store.root, session.id, "journal")
    journal.write_bytes(journal.read_bytes() + b'{"event":"done","first":1,"last":9}\n')
    with pytest.raises(ShannotError, match="beyond the plan"):
        world.store.load(session.id)
