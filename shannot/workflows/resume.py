"""The verb `resume`: what a script needs to be run again after its commands were executed.

The run itself is `run.py`'s, with the request that is made here: the same script, the results of
what it and the sessions before it had executed, and a link to the session that it goes on from.
A script whose file is gone, as one that came from another machine always is, is run from the copy
that the session has kept.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from shannot.effects.model import RunCommand
from shannot.errors import UnsuccessfulError
from shannot.escape import escape
from shannot.sessions.command import MAX_KEPT
from shannot.sessions.live import is_live
from shannot.sessions.model import Session
from shannot.sessions.recall import RECALLED, Past, Recall, used_from_json, way
from shannot.sessions.store import Store
from shannot.workflows.program import Program

_LONGEST = 1000  # sessions in a chain
_EXECUTED = ("executing", "executed", "failed")


@dataclass(frozen=True, slots=True)
class Resumption:
    """What is to be run again."""

    session: Session
    program: Program
    recall: Recall
    options: tuple[str, ...]
    """Of the first run, as they would be typed."""
    stdin: int | None
    """A host descriptor with the script, where it came on stdin."""
    copy: str | None = None
    """A directory that was made for the script, where its file is gone: to be removed."""


def resume(store: Store, session_id: str) -> Resumption:
    """UnsuccessfulError where nothing of it was executed or it is being executed, where its script
    still runs, or is another one now."""
    with store.lock(session_id, "resume") as lock:
        session = lock.load()
    if session.asking is not None and is_live(store, session_id):
        raise UnsuccessfulError(f"the script of session {session_id} still runs")
    if session.state not in _EXECUTED or not session.results:
        raise UnsuccessfulError(
            f"nothing of session {session_id} is executed, so there is nothing to go on from;"
            " `shannot run` runs the script anew"
        )
    source = store.script(session)
    program, copy = _program(session, source)
    stdin = None
    if program.kind == "stdin":
        stdin = os.memfd_create("script", os.MFD_CLOEXEC)
        os.write(stdin, source)
        os.lseek(stdin, 0, os.SEEK_SET)
    past = _past(store, chain(store, session))
    return Resumption(session, program, Recall(past), session.options, stdin, copy)


def chain(store: Store, session: Session) -> tuple[Session, ...]:
    """The session and those that it goes on from, the first one first."""
    found = [session]
    while found[-1].parent is not None:
        if len(found) == _LONGEST or found[-1].parent in {item.id for item in found}:
            raise UnsuccessfulError(f"session {session.id} goes on from too many others")
        found.append(store.load(found[-1].parent))
    return tuple(reversed(found))


def _past(store: Store, links: Sequence[Session]) -> list[Past]:
    """What the last run of a chain has come to and was executed, in order."""
    every: dict[tuple[str, int], Past] = {}
    found: list[Past] = []
    for link in links:
        own = _executed(store, link)
        every |= {(item.session_id, item.number): item for item in own}
        data = store.contents(link.id, RECALLED)
        # Without the file, the script was killed while it ran: it may have come to all of it.
        found = way(used_from_json(data), every, own) if data else [*found, *own]
    return found


def _executed(store: Store, session: Session) -> list[Past]:
    """The commands of one session that have ended, in order."""
    found: list[Past] = []
    for result in session.results:
        effect = session.plan.effects[result.number - 1]
        if not isinstance(effect, RunCommand) or result.exit_status is None:
            continue
        names = [f"output/{result.number}.{stream}" for stream in ("stdout", "stderr")]
        whole = True
        for name, size in zip(names, (result.stdout_size, result.stderr_size), strict=True):
            # Read once, so that what the script is given is a plain file of ours.
            whole = whole and len(store.contents(session.id, name, MAX_KEPT)) == size
        out, err = (f"{store.root}/{session.id}/{name}" for name in names)
        found.append(Past(session.id, result.number, effect, result.exit_status, out, err, whole))
    return found


def _program(session: Session, source: bytes) -> tuple[Program, str | None]:
    """What is run, and the directory that was made for it."""
    name = session.script.name
    if name == "-c":
        return Program("code", os.fsdecode(source), session.argv), None
    if name == "-":
        return Program("stdin", "-", session.argv), None
    if name.startswith("-m "):
        return Program("module", name[3:], session.argv), None
    path = os.path.join(session.directory, name)
    if not source:  # a directory with a __main__.py
        return Program("script", name, session.argv), None
    if os.path.lexists(path):
        _check_same(path, session)
        return Program("script", name, session.argv), None
    copy = tempfile.mkdtemp(prefix="shannot-")
    again = os.path.join(copy, os.path.basename(name))
    with open(again, "xb") as file:
        file.write(source)
    return Program("script", again, session.argv), copy


def _check_same(path: str, session: Session) -> None:
    try:
        with open(path, "rb") as file:
            found = sha256(file.read()).hexdigest()
    except OSError as error:
        raise UnsuccessfulError(f"the script {escape(path)} cannot be read: {error.strerror}")
    if found != session.script.sha256:
        raise UnsuccessfulError(
            f"the script {escape(path)} is not the one of session {session.id} any more;"
            " `shannot run` runs the new one"
        )
