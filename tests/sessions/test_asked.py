"""A script's question in the queue: only an operator's answer to this very question counts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.effects.document import MalformedError
from shannot.effects.model import MakeDirectory
from shannot.errors import UnsuccessfulError
from shannot.sessions import asking
from shannot.sessions.asked import Posted, Told, told_document
from shannot.sessions.asking import Question, put, stands, take
from shannot.sessions.decision import Decision, Event
from shannot.sessions.model import EffectResult, Session
from tests.sessions.worlds import SOMEONE, World, shell_command

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another's files")
OTHER = 64_109


class Desk:
    """A script that waits, and whose user owns the queue, which makes an operator of them too."""

    def __init__(self, base: Path) -> None:
        self.world = World(base)
        self.queue = base / "queue"
        self.queue.mkdir()
        effects = [
            MakeDirectory(str(self.world.tree / "one"), 0o755),
            shell_command(("true",), str(base)),
        ]
        session = self.world.session(effects, complete=False)
        with self.world.store.lock(session.id) as lock:
            lock.save(replace(lock.load(), asking=2))
        self.session: Session = self.world.store.load(session.id)
        self.posted = Posted(self.world.store, self.session, str(self.queue), 2)
        self.asked: Question = self.posted.asked

    def answers(self) -> Path:
        return self.queue / self.session.id / "answers"

    def take(self, user: int | None = None) -> None:
        fd = self.world.store.open_session(self.session.id)
        try:
            take(fd, self.session.id, os.geteuid() if user is None else user)
        finally:
            os.close(fd)

    def told(self, asked: Question | None = None) -> bytes:
        """What an operator's process writes who has executed both effects."""
        decision = Decision(SOMEONE, 7, digest="0" * 64, effects=(1, 2), expires=9)
        results = (EffectResult(1, "done"), EffectResult(2, "done", "", 3, 4, 0))
        history = (Event("approved", 7, SOMEONE), Event("executed", 8, SOMEONE))
        session = replace(self.session, decision=decision, results=results, history=history)
        return told_document(asked or self.asked, session)

    def answer(self, told: bytes) -> bool:
        return put(self.asked, self.session.id, told, (("stdout", b"out\n"), ("stderr", b"")))

    def heard(self) -> Told | None:
        return self.posted.told()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.posted.close()


def test_an_operators_answer_is_heard_with_the_commands_output(desk: Desk) -> None:
    assert desk.heard() is None
    desk.take()
    assert desk.heard() is None, "it is only taken"
    assert desk.answer(desk.told())
    heard = desk.heard()
    assert heard is not None
    assert heard.result == EffectResult(2, "done", "", 3, 4, 0)
    assert (heard.stdout, heard.stderr, heard.done) == (b"out\n", b"", {1, 2})
    assert {event.person.uid for event in heard.history} == {os.geteuid()}, "the file's owner"


def test_an_answer_about_another_plan_is_none(desk: Desk) -> None:
    desk.take()
    desk.answer(desk.told(replace(desk.asked, digest="1" * 64)))
    assert desk.heard() is None


@pytest.mark.parametrize("kind", ["garbage", "link", "pipe", "large", "hard link", "writable"])
def test_an_answer_that_is_no_plain_file_of_its_own_says_nothing(desk: Desk, kind: str) -> None:
    desk.take()
    desk.answer(desk.told())
    path = desk.answers() / "2.json"
    moved = desk.answers() / "moved"
    if kind == "garbage":
        path.write_bytes(b"\xff{")
    elif kind == "large":
        os.truncate(path, 17 << 20)
    elif kind == "hard link":
        moved.hardlink_to(path)
    elif kind == "writable":
        path.chmod(0o666)
    else:
        path.rename(moved)
        path.symlink_to(moved) if kind == "link" else os.mkfifo(path)
    assert desk.heard() is None


@pytest.mark.parametrize(
    "change",
    [
        {"done": [[1, 3]]},
        {"done": [[True, 2]]},
        {"history": []},
        {"result": None, "more": 1},
        {"digest": "x"},
        {"format": 2},
    ],
)
def test_an_answer_that_does_not_agree_with_itself_says_nothing(
    desk: Desk, change: dict[str, object]
) -> None:
    desk.take()
    desk.answer(json.dumps({**json.loads(desk.told()), **change}).encode())
    assert desk.heard() is None


@needs_root
@pytest.mark.parametrize("name", ["2.taken", "2.json", "2.stdout"])
def test_what_is_of_no_operator_or_of_another_one_says_nothing(desk: Desk, name: str) -> None:
    desk.take()
    desk.answer(desk.told())
    assert desk.heard() is not None
    os.chown(desk.answers() / name, OTHER, OTHER)
    assert desk.heard() is None


def test_who_takes_it_first_decides(desk: Desk) -> None:
    desk.take()
    desk.take()
    (desk.answers() / "2.taken").unlink()
    (desk.answers() / "2.taken").symlink_to("/etc/passwd")
    desk.take() if os.geteuid() == 0 else None  # a link of the same user's, and not followed
    path = desk.answers() / "2.taken"
    path.unlink()
    path.write_bytes(b"")
    if os.geteuid() == 0:
        os.chown(path, OTHER, OTHER)
        with pytest.raises(UnsuccessfulError, match=f"user {OTHER} decides about effect 2"):
            desk.take()


def test_nobody_decides_about_what_the_script_asked_before(desk: Desk) -> None:
    with desk.world.store.lock(desk.session.id) as lock:
        older = replace(desk.asked, digest="1" * 64)
        asking.files.replace("asked", lock.directory_fd, older.to_json())
    assert not stands(older, desk.session.id)
    with pytest.raises(UnsuccessfulError, match="asks about something else by now"):
        desk.take()


def test_nobody_waits_for_an_answer_when_the_script_has_ended(desk: Desk) -> None:
    assert stands(desk.asked, desk.session.id)
    desk.posted.close()
    assert not stands(desk.asked, desk.session.id)
    assert not desk.answer(desk.told())
    desk.take()
    assert list(desk.answers().iterdir()) == []


@contextmanager
def treasure(base: Path) -> Iterator[Path]:
    path = base / "treasure"
    path.mkdir()
    yield path
    assert list(path.iterdir()) == []


def test_an_operator_answers_into_no_directory_that_a_link_leads_to(
    desk: Desk, tmp_path: Path
) -> None:
    with treasure(tmp_path) as elsewhere:
        desk.answers().rename(tmp_path / "moved")
        desk.answers().symlink_to(elsewhere)
        with pytest.raises(OSError):
            desk.answer(desk.told())


@needs_root
def test_an_operator_answers_into_no_directory_of_somebody_elses(desk: Desk) -> None:
    os.chown(desk.answers(), OTHER, OTHER)
    with pytest.raises(MalformedError, match="not the proposer's"):
        desk.answer(desk.told())


def test_what_the_proposer_lays_under_an_answers_name_is_not_written_to(
    desk: Desk, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(b"kept")
    kept.chmod(0o600)
    for name in ("2.json", "2.stdout", "2.stderr"):
        (desk.answers() / name).symlink_to(kept)
    desk.take()
    assert desk.answer(desk.told())
    assert kept.read_bytes() == b"kept"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert desk.heard() is not None
