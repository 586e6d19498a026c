"""The reading verbs: `list_sessions`, `show`, `diff`. Nothing is changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256

from shannot.effects import diff as diffs
from shannot.effects.diff import Diff
from shannot.effects.document import MalformedError
from shannot.effects.model import DeletePath, Effect, Fingerprint, MovePath, RunCommand, WriteFile
from shannot.effects.warnings import warnings
from shannot.errors import ShannotError, UsageError
from shannot.policy.danger import Danger, Level, dangers, level
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.decision import put_back_whole
from shannot.sessions.directories import Directories
from shannot.sessions.live import is_live
from shannot.sessions.model import EffectResult, Session, Summary
from shannot.sessions.place import Protected
from shannot.sessions.reported import MAX_REPORTED, REPORTED, kept
from shannot.sessions.store import Store
from shannot.workflows.verdicts import denied_now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.policy.profile import Profile

WAITING = ("pending", "approved", "executing", "failed", "rolling-back")


@dataclass(frozen=True, slots=True)
class Listing:
    """Sessions, oldest first, and what could not be read."""

    sessions: tuple[Summary, ...]
    broken: tuple[str, ...]
    """One line each."""


@dataclass(frozen=True, slots=True)
class ReviewedEffect:
    """One effect as a reviewer meets it."""

    number: int
    effect: Effect
    warnings: tuple[str, ...]
    result: EffectResult | None
    dangers: tuple[Danger, ...] = ()
    """Of a command: what it can touch."""


@dataclass(frozen=True, slots=True)
class Review:
    """A session in full. `digest` is what an approval of what is displayed here is bound to."""

    session: Session
    effects: tuple[ReviewedEffect, ...]
    digest: str
    waits: bool = False
    """Its script still runs, and waits for a decision about the effect `session.asking`."""


@dataclass(frozen=True, slots=True)
class EffectDiff:
    """The contents that one effect changes."""

    number: int
    path: str
    diff: Diff


def list_sessions(store: Store, waiting_only: bool = False) -> Listing:
    """All sessions, or those that wait for a decision or an execution."""
    sessions: list[Summary] = []
    broken: list[str] = []
    for found in store.summaries():
        if isinstance(found, MalformedError):
            broken.append(str(found))
        elif not waiting_only or found.state in WAITING:
            sessions.append(found if _waits(store, found) else replace(found, asking=None))
    return Listing(tuple(sessions), tuple(broken))


def _waits(store: Store, found: Summary | Session) -> bool:
    """Is there a script that waits for what the session asks? It may have been killed."""
    try:
        return found.asking is not None and is_live(store, found.id)
    except ShannotError:
        return False


def show(store: Store, session_id: str, profile: Profile | None = None) -> Review:
    """A session with its effects, their warnings and results.

    profile: the rules as they are now, by which a command that was not run yet may be denied.
    """
    session = store.load(session_id)
    results = {result.number: result for result in _results(store, session)}
    now = profile if session.state in WAITING else None
    effects = tuple(
        ReviewedEffect(
            number,
            effect,
            (*lines, *_denied(effect, results.get(number), now)),
            results.get(number),
            dangers_of(effect),
        )
        for number, (effect, lines) in enumerate(
            zip(session.plan.effects, warnings(session.plan), strict=True), 1
        )
    )
    return Review(session, effects, session.digest(), _waits(store, session))


def _results(store: Store, session: Session) -> Sequence[EffectResult]:
    """What came of the effects, here or, of what was proposed, at an operator's."""
    found: Sequence[EffectResult] = session.results
    if not found:
        data = store.contents(session.id, REPORTED, MAX_REPORTED)
        found = kept(data, len(session.plan.effects))
    if session.state != "rolled-back":
        return found
    whole = put_back_whole(session.history)
    return [_since(result, session.plan.effects[result.number - 1], whole) for result in found]


def _since(result: EffectResult, effect: Effect, whole: bool) -> EffectResult:
    """With what a rollback made of it since."""
    if result.state != "done":
        return result
    if isinstance(effect, RunCommand):
        return replace(result, message="not undone by the rollback since")
    told = "put back since" if whole else "put back since, unless the rollback left it out"
    return replace(result, message=told)


def ending(session: Session) -> str:
    """How its script has ended."""
    if session.asking is not None:
        return f"nobody knows how: it was killed while it waited for effect {session.asking}"
    return f"exit status {session.outcome.exit_status}"


def _denied(effect: Effect, result: EffectResult | None, profile: Profile | None) -> Sequence[str]:
    if profile is None or result is not None:
        return ()
    denial = denied_now(effect, profile)
    return (denial,) if denial else ()


def danger_of(store: Store, summary: Summary) -> Level | None:
    """How much attention the commands of a waiting session need; None for one that is over, and
    for one whose plan cannot be read, which is said where it is shown."""
    if summary.state not in ("pending", "approved", "executing"):
        return None
    try:
        plan = store.load(summary.id).plan
    except ShannotError:
        return None
    return level([danger for effect in plan.effects for danger in dangers_of(effect)])


def dangers_of(effect: Effect) -> tuple[Danger, ...]:
    """What a command can touch; nothing for other effects, whose warnings say all."""
    if isinstance(effect, RunCommand):
        return dangers(effect.argv, effect.directory)
    return ()


def diff(
    store: Store, session: Session, numbers: Sequence[int] | None = None, limit: int | None = None
) -> tuple[EffectDiff, ...]:
    """The diffs of the effects that change contents, or of these numbers only.

    limit: lines of each diff, the rest is counted in it. UsageError for a number that is not.
    """
    effects = session.plan.effects
    for number in numbers or ():
        if not 1 <= number <= len(effects):
            raise UsageError(f"there is no effect {number}; the last one is {len(effects)}")
    found: list[EffectDiff] = []
    with ExitStack() as stack:
        blobs = [stack.enter_context(store.blobs(session.id))]
        if session.results:
            try:
                blobs.append(stack.enter_context(store.blobs(session.id, "checkpoint")))
            except MalformedError:
                pass  # nothing had to be saved
        moves: list[MovePath] = []
        directories = Directories(Protected(()))
        stack.callback(directories.forget)
        for number, effect in enumerate(effects, 1):
            if isinstance(effect, MovePath):
                moves.append(effect)
            if numbers is not None and number not in numbers:
                continue
            change = _diff(blobs, directories, moves, effect, limit)
            if change is not None and not isinstance(effect, RunCommand):
                found.append(EffectDiff(number, effect.path, change))
    return tuple(found)


def _diff(
    blobs: Sequence[BlobDirectory],
    directories: Directories,
    moves: Sequence[MovePath],
    effect: Effect,
    limit: int | None,
) -> Diff | None:
    """None for an effect that changes no contents."""
    after: Fingerprint | None
    match effect:
        case WriteFile(path=path, before=before, after=after):
            pass
        case DeletePath(path=path, before=before) if before.kind == "file":
            after = None
        case _:
            return None
    if before is not None and before.kind != "file":
        before = None
    old = b"" if before is None else _contents(blobs, directories, _origin(moves, path), before)
    new = b"" if after is None else blobs[0].read(after.sha256, diffs.MAX_CONTENTS)
    if old is None or new is None:
        lines = (f"- {_told(before)}", f"+ {_told(after)}")
        return Diff("large" if new is None else "unavailable", lines)
    return diffs.diff(
        None if before is None else old, None if after is None else new, path, path, limit
    )


def _told(fingerprint: Fingerprint | None) -> str:
    if fingerprint is None:
        return "nothing"
    return diffs.summary(fingerprint.size, fingerprint.sha256)


def _origin(moves: Sequence[MovePath], path: str) -> str:
    """Where the file at path stands on the host now: back through the moves before the effect."""
    for move in reversed(moves):
        if f"{path}/".startswith(f"{move.path}/"):
            path = move.source + path[len(move.path) :]
    return path


def _contents(
    blobs: Sequence[BlobDirectory], directories: Directories, path: str, expected: Fingerprint
) -> bytes | None:
    """The contents before the effect, from an earlier effect, the checkpoint or the host; None:
    not to be had."""
    if expected.size > diffs.MAX_CONTENTS:
        return None
    for directory in blobs:
        try:
            return directory.read(expected.sha256, diffs.MAX_CONTENTS)
        except MalformedError:
            continue  # no earlier effect wrote it, and none has replaced it yet
    try:
        # Through no link, and never a device, whose mere opening can do something: the path may be
        # another user's wish.
        directories.trim()
        place = directories.place(path)
        found = place.look()
        if found is None or not stat.S_ISREG(found.st_mode) or found.st_size != expected.size:
            return None
        fd = place.open()
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return None
            data = os.pread(fd, expected.size + 1, 0)
        finally:
            os.close(fd)
    except (OSError, ShannotError):
        return None
    return data if sha256(data).hexdigest() == expected.sha256 else None
