"""The verb `prune`: remove what is over and old. Values in, a frozen result out.

Nothing is removed that somebody is at work on, that waits for a decision or an execution (unless
its state is named), or that another session goes on from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from shannot.audit import AuditError
from shannot.effects.document import MalformedError, NotOursError
from shannot.errors import NotFoundError, ShannotError
from shannot.sessions.answer import forget
from shannot.sessions.lifecycle import State
from shannot.sessions.live import is_live
from shannot.sessions.model import Summary
from shannot.sessions.offer import withdraw
from shannot.sessions.removal import remove, size
from shannot.sessions.store import Store
from shannot.workflows import auditing
from shannot.workflows.damaged import STATE, damaged, remove_damaged
from shannot.workflows.run import sweep_private

OVER: tuple[State, ...] = ("rejected", "executed", "failed", "rolled-back")
"""What goes where no state is named: nothing that waits for anybody."""
AGE = 30 * 86400.0
"""Seconds: younger sessions stay where no age is named."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions are meant: those for which all of it holds."""

    older: float = AGE
    """Seconds since the run."""
    states: tuple[State, ...] | None = None
    """None: `OVER`, and what was kept though nothing of it waits."""
    larger: int = 0
    """Bytes on the disk."""
    damaged: bool = False
    """Those that cannot be read, and no others; `states` says nothing then."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """A session that was (or, in a dry run, would be) removed."""

    id: str
    state: str
    size: int
    """Bytes on the disk."""
    why: str = ""
    """What is wrong with it, where it is damaged."""


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What became of it."""

    removed: tuple[Pruned, ...]
    kept: tuple[str, ...]
    """Sessions that were meant and stay, and what could not be read: one line each, with why."""
    leftovers: int
    """Drafts of runs that were killed."""
    unrecorded: str
    """Why the audit log was not told, or ""."""


def prune(
    store: Store, wanted: Wanted, now: float, dry_run: bool = False, queue: str | None = None
) -> PruneResult:
    """Remove the sessions that are meant. now: seconds since the epoch; queue: where this user's
    sessions were proposed, and are to be taken back as well."""
    kept: list[str] = []
    chosen = (_damaged if wanted.damaged else _chosen)(store, wanted, now, kept)
    removed: list[Pruned] = []
    unrecorded = ""
    for pruned in chosen:
        session_id = pruned.id
        try:
            if dry_run or _remove(store, session_id, wanted, now):
                removed.append(pruned)
            else:
                kept.append(f"{session_id}: its state has changed just now")
        except NotFoundError:
            continue  # another prune was faster
        except (ShannotError, OSError) as error:
            kept.append(f"{session_id}: {error}")
    leftovers = 0 if dry_run else store.sweep()
    if os.path.isdir(place := f"{os.path.dirname(store.root)}/runtime") and not dry_run:
        sweep_private(place)
    if removed and not dry_run:
        unrecorded = _recorded(store, removed)
    if queue is not None and not dry_run:
        for pruned in removed:
            withdraw(pruned.id, queue, store.owner)
            forget(queue, pruned.id)
    return PruneResult(tuple(removed), tuple(kept), leftovers, unrecorded)


def _remove(store: Store, session_id: str, wanted: Wanted, now: float) -> bool:
    """False where it is no more what was looked at."""
    if wanted.damaged:
        return remove_damaged(store, session_id)
    return remove(
        store, session_id, lambda found: _is_meant(found, wanted, now) and not _runs(store, found)
    )


def _runs(store: Store, found: Summary) -> bool:
    """Does its script still run, here or, of an operator's copy, at its proposer's?"""
    try:
        return found.asking is not None and is_live(store, found.id)
    except NotFoundError:
        return False


def _damaged(store: Store, wanted: Wanted, now: float, kept: list[str]) -> list[Pruned]:
    """Those that cannot be read, without those that a session which can be goes on from."""
    whole = [found for found in store.summaries() if not isinstance(found, MalformedError)]
    needed = _ancestors(whole, ())
    chosen: list[Pruned] = []
    for session_id, error in damaged(store, wanted.older, now):
        found = Pruned(session_id, STATE, size(store, session_id), str(error))
        if isinstance(error, NotOursError):
            kept.append(str(error))
        elif session_id in needed:
            kept.append(f"{session_id}: {needed[session_id]} goes on from it")
        elif found.size >= wanted.larger:
            chosen.append(found)
    return chosen


def _chosen(store: Store, wanted: Wanted, now: float, kept: list[str]) -> list[Pruned]:
    """The sessions that are meant, without those that a session which stays goes on from."""
    meant: list[Summary] = []
    staying: list[Summary] = []
    for found in store.summaries():
        if isinstance(found, MalformedError):
            kept.append(str(found))
        elif not _is_meant(found, wanted, now):
            staying.append(found)
        elif _runs(store, found):
            kept.append(f"{found.id}: its script still runs, and waits for a decision")
            staying.append(found)
        else:
            meant.append(found)
    by_size = [(found, size(store, found.id)) for found in meant]
    staying += [found for found, bytes_ in by_size if bytes_ < wanted.larger]
    needed = _ancestors(staying, meant)
    kept += [
        f"{found.id}: {needed[found.id]} goes on from it"
        for found, _ in by_size
        if found.id in needed
    ]
    return [
        Pruned(found.id, found.state, bytes_)
        for found, bytes_ in by_size
        if bytes_ >= wanted.larger and found.id not in needed
    ]


def _ancestors(staying: Iterable[Summary], meant: Iterable[Summary]) -> dict[str, str]:
    """Each session that one of those which stay was resumed from: which one."""
    parents = {found.id: found.parent for found in meant}
    needed: dict[str, str] = {}
    for found in staying:
        child, parent = found.id, found.parent
        while parent is not None and parent not in needed:
            needed[parent] = child
            child, parent = parent, parents.get(parent)
    return needed


def _is_meant(found: Summary, wanted: Wanted, now: float) -> bool:
    """By age and state."""
    if now - found.created < wanted.older:
        return False
    if wanted.states is not None:
        return found.state in wanted.states
    return found.state in OVER or (found.state == "pending" and not found.effects)


def _recorded(store: Store, removed: list[Pruned]) -> str:
    """Afterwards: a disk that is full must not keep anybody from making room."""
    try:
        auditing.pruned(store, [(item.id, item.state) for item in removed])
    except AuditError as error:
        return str(error)
    return ""
