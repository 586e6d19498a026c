"""A run becomes a session: the counterpart of `run.py` on the side of the store.

Loaded only when there is something to keep: it brings json, hashlib and dataclasses.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from shannot.effects.plan import MAX_NOTES, NOT_HELD, Plan, waiting
from shannot.errors import ShannotError
from shannot.sessions.draft import IdTakenError
from shannot.sessions.ids import slug_of
from shannot.sessions.live import LiveSession
from shannot.sessions.model import RunOutcome, Script, Session
from shannot.sessions.recall import RECALLED
from shannot.sessions.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shannot.effects.model import Effect
    from shannot.sandbox.spec import Outcome
    from shannot.sandbox.streams import Captured, Output
    from shannot.sessions.blobs import BlobDirectory
    from shannot.sessions.draft import Draft
    from shannot.workflows.request import Request

_PATIENCE = 3600.0
"""Seconds for an execution by somebody else, under way where the script ended without it."""
_NOTES_KEPT = MAX_NOTES // 2  # who takes the session over adds some
_NAMES = {"code": "-c", "stdin": "-"}


class Recorder:
    """Makes at most one session, and its draft only at the first thing to keep."""

    __slots__ = ("_draft", "_ended", "live", "store")

    def __init__(self, state: str) -> None:
        self.store = Store(state, os.geteuid())
        self._draft: Draft | None = None
        self._ended = False
        self.live: LiveSession | None = None
        """Where the script has asked something: the session is there already."""

    def blobs(self) -> BlobDirectory:
        """Where the contents of effects go (`Spec.blobs`)."""
        return self._begun().blobs

    def discard(self) -> None:
        """Keep nothing, whatever was begun."""
        self._ended = True
        if self.live is not None:
            self.live.close()
        elif self._draft is not None:
            self._draft.discard()
            self._draft = None

    def keep(
        self, session: Session, script: bytes, output: Output, recalled: bytes | None = None
    ) -> str:
        """Commit the session. Returns its id; ShannotError: the state cannot be written.

        recalled: what has answered a script that was run again.
        """
        draft = self._begun()
        draft.write("script", script)
        draft.write("stdout", kept_bytes(output.stdout))
        draft.write("stderr", kept_bytes(output.stderr))
        if recalled is not None:
            draft.write(RECALLED, recalled)
        session = self._committed(session, draft.commit)
        self._draft = None
        self._ended = True
        return session.id

    def begin_live(self, session: Session, script: bytes) -> LiveSession:
        """Commit the session while its script still runs. ShannotError: it cannot be written."""
        draft = self._begun()
        draft.write("script", script)
        made: list[LiveSession] = []
        self._committed(session, lambda s: made.append(LiveSession(self.store, draft, s)))
        self.live = made[0]
        return self.live

    def _committed(self, session: Session, commit: Callable[[Session], None]) -> Session:
        while True:
            try:
                commit(session)
            except IdTakenError:
                # Two bytes tell sessions of one second apart, and another process drew the same.
                another = self.fresh_id(session.created, slug_of(session.id))
                session = replace(session, id=another)
            else:
                return session

    def fresh_id(self, seconds: int, name: str) -> str:
        return self.store.fresh_id(seconds, name, os.urandom)

    def _begun(self) -> Draft:
        if self._draft is None:
            if self._ended:
                raise ShannotError("the run has ended, nothing more of it is kept")
            self._draft = self.store.draft()
        return self._draft


class Circumstances:
    """Of a run: who, where and what, as a session records it."""

    __slots__ = ("directory", "program", "request", "runtime", "script", "user", "view")

    def __init__(
        self, request: Request, script: bytes, directory: str, view: str, user: str, runtime: str
    ) -> None:
        self.request = request
        self.program = request.program
        self.script = script
        self.directory = directory
        self.view = view
        self.user = user
        self.runtime = runtime  # cpython, pypy

    def options(self) -> tuple[str, ...]:
        """As they would be typed to run it again, whatever a configuration says by then."""
        words = options_of(self.request)
        if self.request.runtime is None and self.runtime != "cpython":
            return (*words, f"--runtime={self.runtime}")
        return words


def options_of(request: Request) -> tuple[str, ...]:
    """The options of a run as they would be typed: for running it again."""
    words: list[str] = []
    for option, value in (
        ("--view", request.view),
        ("--python", request.python),
        ("--runtime", request.runtime),
        ("--on-ask", request.on_ask),
        ("--profile", request.profile),
    ):
        words += [f"{option}={value}"] if value is not None else []
    words += [f"--map={text}" for text in request.maps]
    words += [f"--env={text}" for text in request.environment]
    words += [f"--{name}={value}" for name, value in request.limits.items()]
    return (*words, *(["--dry-run"] if request.dry_run else []))


def record(
    recorder: Recorder,
    circumstances: Circumstances,
    outcome: Outcome,
    effects: Sequence[Effect],
    notes: Sequence[str],
    output: Output,
    keep: bool,
) -> tuple[str | None, Plan, int]:
    """Keep a session where an effect waits, or where `keep` asks for one.

    Returns (its id or None, the plan, how many effects wait).
    """
    plan = Plan(tuple(effects), outcome.complete, _notes(outcome, notes))
    waits = len(waiting(plan))
    if not waits and not keep and recorder.live is None:
        recorder.discard()
        return None, plan, 0
    session = make_session(recorder, circumstances, run_outcome(outcome), plan)
    recall = circumstances.request.recall
    recalled = None if recall is None else recall.used()
    if recorder.live is not None:
        outputs = {"stdout": kept_bytes(output.stdout), "stderr": kept_bytes(output.stderr)}
        if recalled is not None:
            outputs[RECALLED] = recalled
        ended, waits = recorder.live.end(session, outputs, _PATIENCE)
        return ended.id, plan, waits
    return recorder.keep(session, circumstances.script, output, recalled), plan, waits


def _notes(outcome: Outcome, notes: Sequence[str]) -> tuple[str, ...]:
    """What a reviewer must know besides the effects: what is missing among them comes first."""
    lines = [
        f"{NOT_HELD}{os.fsdecode(path)}: {reason}" for path, reason in outcome.left_out.items()
    ]
    lines += [f"a mistake in shannot, which the script has met: {line}" for line in outcome.faults]
    lines += notes
    if len(lines) > _NOTES_KEPT:
        lines = [*lines[:_NOTES_KEPT], f"and {len(lines) - _NOTES_KEPT} more notes"]
    return tuple(lines)


def make_session(
    recorder: Recorder, circumstances: Circumstances, outcome: RunOutcome, plan: Plan
) -> Session:
    """As it is kept now."""
    now = int(time.time())
    program = circumstances.program
    name = _NAMES.get(program.kind, program.text)
    return Session(
        id=recorder.fresh_id(now, program.name()),
        created=now,
        script=Script(
            f"-m {name}" if program.kind == "module" else name,
            hashlib.sha256(circumstances.script).hexdigest(),
        ),
        argv=program.arguments,
        runtime=circumstances.runtime,
        view=circumstances.view,
        directory=circumstances.directory,
        user=circumstances.user,
        uid=os.getuid(),
        host=os.uname().nodename,
        outcome=outcome,
        plan=plan,
        parent=circumstances.request.parent,
        options=circumstances.options(),
    )


def run_outcome(outcome: Outcome) -> RunOutcome:
    """The sandbox's words in the session's."""
    return RunOutcome(
        exit_status=outcome.status,
        limit=outcome.limit,
        complete=outcome.complete,
        refused=_counts(outcome.sockets_refused, outcome.calls_refused),
        missing=tuple(os.fsdecode(path) for path in outcome.missing),
    )


def kept_bytes(stream: Captured) -> bytes:
    """A script's output as the session holds it; what is left out is said in its place."""
    if not stream.omitted:
        return bytes(stream.head + stream.tail)
    gap = f"\n[shannot: {stream.omitted} bytes of output are not kept]\n"
    return bytes(stream.head) + gap.encode("ascii") + bytes(stream.tail)


def _counts(*tables: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(item for table in tables for item in sorted(table.items()))
