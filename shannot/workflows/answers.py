"""Two users: an operator's decision comes back to its proposer. `answer` there, `hear` here.

The proposer's session then stands where the operator's copy of it stands, so that `list`, `show`,
the screen and a program that waits for it all tell it. It cannot be executed on that: the approval
is the operator's, of what the operator was shown.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from shannot.errors import RefusedError, ShannotError
from shannot.escape import escape
from shannot.sessions import answer as told
from shannot.sessions.asked import told_document
from shannot.sessions.asking import put, question, stands
from shannot.sessions.decision import with_event
from shannot.sessions.live import is_live
from shannot.sessions.reported import keep
from shannot.workflows.configuration import operators_queue

if TYPE_CHECKING:
    from shannot.sessions.answer import Answer
    from shannot.sessions.model import Session
    from shannot.sessions.store import Store
    from shannot.workflows.request import Caller


def answer(store: Store, caller: Caller, session: Session) -> None:
    """Tell the proposer where a session stands, where it is another user's.

    A queue that cannot be written holds nobody up: what was decided stands in the operator's state.
    """
    if session.uid == store.owner or tell_script(store, session):
        return
    queue = operators_queue(caller)
    if queue is not None:
        with suppress(OSError):
            told.tell(queue, session)


def tell_script(store: Store, session: Session) -> bool:
    """Answer the question of a script that waits. False where it does not (any more)."""
    try:
        fd = store.open_session(session.id)
        try:
            asked = question(fd, store.owner)
        finally:
            os.close(fd)
        if asked is None or asked.user == store.owner or not stands(asked, session.id):
            return False
        if session.state not in ("executed", "failed", "rejected") or session.decision is None:
            return True
        outputs = [
            (name, store.contents(session.id, f"output/{asked.number}.{name}"))
            for name in ("stdout", "stderr")
        ]
        return put(asked, session.id, told_document(asked, session), outputs)
    except (OSError, ShannotError):
        return False


def retell(store: Store, session_id: str) -> None:
    """The same where whoever decided was killed before the script was told."""
    with suppress(ShannotError):
        session = store.load(session_id)
        if session.asking is not None and session.decision is not None:
            tell_script(store, session)


def hear(store: Store, queue: str) -> None:
    """Take over what operators have decided about this user's proposals."""
    for session_id in store.ids():
        try:
            if os.lstat(f"{queue}/{session_id}").st_uid != store.owner:
                continue
        except OSError:
            continue  # it is not proposed, or was taken back
        # Where it cannot be read, or another process is at work on it: the next time.
        with suppress(ShannotError):
            _hear(store, queue, session_id)


def _hear(store: Store, queue: str, session_id: str) -> None:
    summary = store.summary(session_id)
    found = told.answers(queue, session_id, summary.effects)
    if not found or (summary.decided == found[-1].event and summary.state != "pending"):
        return
    with store.lock(session_id, patience=0) as lock:
        session = lock.load()
        heard = _with_answers(store, session, found)
        if heard != session:
            if found[-1].results:
                keep(lock.directory_fd, found[-1].results)
            lock.save(heard)


def _with_answers(store: Store, session: Session, found: list[Answer]) -> Session:
    """The session as the operators' answers leave it; as it was where it was decided about here."""
    decision = session.decision
    if session.uid != store.owner or (decision and decision.person.uid == store.owner):
        return session
    if session.asking is not None and is_live(store, session.id):
        return session  # its script waits for a result that is not here
    for item in found:
        if item.event in session.history or item.event.person.uid == store.owner:
            continue
        digest = session.digest() if item.decision.digest is not None else None
        session = replace(
            session,
            state=item.event.what,
            decision=replace(item.decision, digest=digest),
            history=with_event(session.history, item.event),
        )
    return session


def check_ours(store: Store, session: Session) -> None:
    """RefusedError where what was decided about a session is an operator's: executing it, or
    putting it back, is theirs as well."""
    if session.is_decided_by_another(store.owner) and session.decision is not None:
        raise RefusedError(
            f"session {session.id} was decided by user {escape(session.decision.person.who)}, whose"
            " it is to execute it and to put it back; nothing was changed"
        )
