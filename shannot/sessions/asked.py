"""The proposer's side of a question in the queue (`asking.py`): laid out, and answered.

All that is read here is in a directory of the proposer's own, by descriptors that were opened when
it was made. Only files of operators count, as in `answer.py`.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass, replace

from shannot.effects.codec import to_json
from shannot.effects.document import MalformedError, dump, parse
from shannot.sessions import files
from shannot.sessions.accounts import name_of
from shannot.sessions.answer import is_operator
from shannot.sessions.asking import ANSWERS, ASKED, LIVE, Question, forget
from shannot.sessions.command import MAX_KEPT
from shannot.sessions.decision import (
    MAX_EVENTS,
    Decision,
    Event,
    decision_from_json,
    event_from_json,
)
from shannot.sessions.model import EffectResult, Session, result_from_json
from shannot.sessions.offer import laid_out
from shannot.sessions.reported import number_ranges, numbers
from shannot.sessions.store import Store

MAX_ANSWER = 16 << 20  # bytes: two million effects, each of which may stand alone


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the question, as an operator says."""

    decision: Decision
    history: tuple[Event, ...]
    """Since it was asked; the last one is how it ended."""
    result: EffectResult | None
    """Of the command; None where it was not run."""
    done: frozenset[int]
    """The effects that the operator has executed."""
    stdout: bytes = b""
    stderr: bytes = b""


def told_document(asked: Question, session: Session) -> bytes:
    """The operator's session as its proposer is told of it."""
    done = [result.number for result in session.results if result.state == "done"]
    result = next((item for item in session.results if item.number == asked.number), None)
    value = {
        "format": 1,
        "digest": asked.digest,
        "decision": to_json(session.decision),
        "history": to_json(session.history[asked.since :]),
        "result": to_json(result),
        "done": number_ranges(done),
    }
    return dump(value).encode("ascii")


class Posted:
    """One question, open for answers until `close`."""

    __slots__ = ("_answers_fd", "_live_fd", "_queue", "asked")

    def __init__(self, store: Store, session: Session, queue: str, number: int) -> None:
        """Lay it out. ShannotError where that cannot be done."""
        self._queue = queue
        self.asked = Question(queue, store.owner, number, session.digest())
        self._live_fd = self._answers_fd = -1
        try:
            with laid_out(store, session, queue) as fd:
                self._answers_fd = _make_answers(fd)
                self._live_fd = _make_live(fd, self.asked.digest)
                with store.lock(session.id, "run") as lock:
                    files.replace(ASKED, lock.directory_fd, self.asked.to_json())
        except BaseException:
            self.close()
            raise

    def holder(self) -> int | None:
        """Who has begun to decide, an operator or another process of the proposer's."""
        try:
            return os.lstat(f"{self.asked.number}.taken", dir_fd=self._answers_fd).st_uid
        except OSError:
            return None

    def told(self) -> Told | None:
        """The answer, where there is one: of the operator who has taken it, about this plan."""
        holder = self.holder()
        if holder is None:
            return None
        try:
            if not is_operator(holder, os.stat(self._queue)):
                return None
            told = self._read(holder)
        except (OSError, MalformedError):
            return None
        who = name_of(holder)
        decider = replace(told.decision.person, who=who, uid=holder)
        history = tuple(
            replace(event, person=replace(event.person, who=who, uid=holder))
            for event in told.history
        )
        return replace(told, decision=replace(told.decision, person=decider), history=history)

    def _read(self, holder: int) -> Told:
        number = self.asked.number
        name = f"{number}.json"
        document = parse(files.read(name, self._answers_fd, holder, MAX_ANSWER, name), name)
        document.integer("format", 1, 1)
        if document.sha256("digest") != self.asked.digest:
            raise MalformedError(f"{name} is about something else")
        child = document.optional_child("result")
        told = Told(
            decision=decision_from_json(document.child("decision"), number),
            history=tuple(event_from_json(c) for c in document.children("history", MAX_EVENTS)),
            result=None if child is None else result_from_json(child),
            done=numbers(document, "done", number),
        )
        document.finish()
        _check(told, number, name)
        if told.result is None:
            return told
        outputs: list[bytes] = []
        for stream in ("stdout", "stderr"):
            name = f"{number}.{stream}"
            outputs.append(files.read(name, self._answers_fd, holder, MAX_KEPT, name))
        return replace(told, stdout=outputs[0], stderr=outputs[1])

    def close(self) -> None:
        """Nobody waits for an answer any more."""
        for fd in (self._live_fd, self._answers_fd):
            if fd >= 0:
                os.close(fd)
        self._live_fd = self._answers_fd = -1


def _make_answers(entry_fd: int) -> int:
    os.mkdir(ANSWERS, 0o700, dir_fd=entry_fd)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(ANSWERS, flags, dir_fd=entry_fd)
    try:
        # With the set-group-ID bit where it has come from the queue: only its group can come here.
        os.fchmod(fd, 0o770)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _make_live(entry_fd: int, digest: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(LIVE, flags, 0o600, dir_fd=entry_fd)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        files.write_all(fd, digest.encode("ascii"))
        os.fchmod(fd, 0o640)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _check(told: Told, number: int, name: str) -> None:
    """Does it agree with itself?"""
    ended = told.history[-1].what if told.history else ""
    fits = {
        "rejected": told.decision.digest is None and told.result is None,
        "executed": told.decision.digest is not None and told.decision.effects != (),
        "failed": told.decision.digest is not None and told.decision.effects != (),
    }
    if not fits.get(ended, False):
        raise MalformedError(f"{name} does not agree with itself")
    if told.result is not None and told.result.number != number:
        raise MalformedError(f"{name} has the result of another effect")


def drop(store: Store, session_id: str) -> None:
    """The session asks nothing any more. ShannotError."""
    with store.lock(session_id, "run") as lock:
        forget(lock.directory_fd)
