"""What a run on several machines left: its sessions, fetched; machines with one plan together.

A session is on one machine. What a run on several left is named by the id that it told
(`workflows/group_record.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from shannot.cli.far_sessions import fetch_review
from shannot.cli.group_output import Board, host_documents
from shannot.cli.place import current_caller, state_path
from shannot.cli.render import Style
from shannot.cli.render_session import Contents, body_lines, common_lines
from shannot.cli.review_document import review_document
from shannot.errors import NotFoundError, UsageError
from shannot.escape import escape
from shannot.workflows.far import Machines, reach
from shannot.workflows.group import SideBySide, Wanted, is_many, wanted
from shannot.workflows.group_record import GroupRuns

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Container, Iterator, Mapping, Sized

    from shannot.cli.envelope import Json
    from shannot.sessions.lifecycle import State
    from shannot.workflows.far_review import FarReview
    from shannot.workflows.group import HostResult
    from shannot.workflows.request import Caller


@dataclass(frozen=True, slots=True)
class Seen:
    """The session of one machine, as it was fetched."""

    session: str
    state: State
    digest: str
    key: str
    """The same where the same is displayed for the same plan."""


@dataclass(frozen=True, slots=True)
class PlanOn:
    """A plan, and the machines that came to it."""

    found: FarReview
    """Of the first of them; its session id, time and state are that machine's own."""
    hosts: Mapping[str, Seen]


def means_group(options: Namespace, prefix: str | None) -> bool:
    """Are several machines meant, or one of those that a run on several has named?"""
    if is_many(options.target):
        return True
    runs = GroupRuns(state_path(current_caller())).ids() if prefix else []
    if any(name.startswith(prefix or "") for name in runs):
        return True
    if (
        getattr(options, "parallel", None) is None
        and getattr(options, "max_failures", None) is None
    ):
        return False
    raise UsageError("--parallel and --max-failures are for several machines: @GROUP, or A,B")


def sessions_of(
    caller: Caller, options: Namespace, prefix: str
) -> tuple[Wanted, Mapping[str, str]]:
    """The machines that are meant and have something of that run, and their sessions.

    UsageError, NotFoundError.
    """
    meant = wanted(caller, options.target, options.parallel, options.max_failures)
    run = GroupRuns(state_path(caller)).find(prefix)
    hosts = tuple(host for host in meant.hosts if host in run.sessions)
    if not hosts:
        raise NotFoundError(
            f"nothing of {run.id} is on {escape(options.target)};"
            f" it is on {', '.join(map(escape, run.sessions))}"
        )
    return Wanted(hosts, meant.parallel, meant.max_failures), run.sessions


def only(hosts: Wanted, some: Container[str]) -> Wanted:
    """Those of the machines that are among these."""
    kept = tuple(host for host in hosts.hosts if host in some)
    return Wanted(kept, hosts.parallel, hosts.max_failures)


def count_of(hosts: Sized) -> str:
    """`3 machines`."""
    return f"{len(hosts)} machine{'' if len(hosts) == 1 else 's'}"


class Fetched:
    """The reviews of several machines; of each plan one is kept whole."""

    def __init__(self, caller: Caller, hosts: Wanted, sessions: Mapping[str, str]) -> None:
        self._machines = Machines(caller)
        self._sessions = sessions
        self._whole: dict[str, FarReview] = {}
        self._board = Board(hosts.hosts, "reading")
        work = SideBySide(hosts, self._fetch, lambda _seen: False, self._told)
        self.results, self.interrupted = work.work(lambda: None)
        self._board.finish()

    def plans(self) -> list[PlanOn]:
        """Different plans, that of most machines first."""
        hosts: dict[str, dict[str, Seen]] = {}
        for item in self.results:
            if item.value is not None:
                hosts.setdefault(item.value.key, {})[item.host] = item.value
        found = [PlanOn(self._whole[key], on) for key, on in hosts.items()]
        return sorted(found, key=lambda plan: -len(plan.hosts))

    def _fetch(self, host: str) -> Seen:
        self._board.begun(host)
        with reach(self._machines, host) as there:
            found = fetch_review(there, self._sessions[host])
        session = found.review.session
        shown = sha256(found.review.digest.encode())
        for line in _lines(found, Style(False)):
            shown.update(line.encode("utf-8", "surrogatepass") + b"\n")
        key = shown.hexdigest()
        self._whole.setdefault(key, found)
        return Seen(session.id, session.state, found.review.digest, key)

    def _told(self, found: HostResult[Seen]) -> None:
        self._board.ended(found, found.error is not None)


def _lines(found: FarReview, style: Style) -> Iterator[str]:
    """All that is the same on each machine of a plan."""
    yield from common_lines(found.review, style)
    yield from body_lines(found.review, Contents(found.diffs, found.inputs), style)


def plan_lines(plan: PlanOn, number: int, total: int, style: Style) -> Iterator[str]:
    """A plan whole, with the machines that it is for."""
    yield style.strong(f"plan {number} of {total}, on {count_of(plan.hosts)}")
    width = max(map(len, plan.hosts))
    for host, seen in plan.hosts.items():
        yield f"  {escape(host):<{width}}  {seen.state:<12}  {seen.session}"
    yield from _lines(plan.found, style)


def seen_document(fetched: Fetched) -> Json:
    """The machines of each plan, and each plan once."""
    plans: list[Json] = []
    for number, plan in enumerate(fetched.plans(), 1):
        contents = Contents(plan.found.diffs, plan.found.inputs)
        plans.append(
            {
                "plan": number,
                "hosts": list(plan.hosts),
                "session": review_document(plan.found.review, contents),
            }
        )
    entries = host_documents(
        fetched.results,
        lambda seen: {"session": seen.session, "state": seen.state, "digest": seen.digest},
    )
    return {"plans": plans, "hosts": entries}
