"""Several machines side by side: which they are, and one thread for each that is worked on.

For every verb whose `--target` names a group, or more than one machine.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from shannot.config.groups import HOSTS_MAX
from shannot.config.remotes import NAME
from shannot.errors import NotFoundError, ShannotError, UsageError
from shannot.escape import escape
from shannot.workflows.configuration import own_settings
from shannot.workflows.far import Machines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shannot.config.groups import Group
    from shannot.workflows.request import Caller

PARALLEL = 64
"""Machines at once, where nothing says how many: what ClusterShell takes (pdsh and pssh take 32).
Each is a thread and an ssh, whose memory is mostly shared."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which machines, and how."""

    hosts: tuple[str, ...]
    parallel: int = PARALLEL
    max_failures: int | None = None
    """After more failures than these nothing is begun on further machines."""


@dataclass(frozen=True, slots=True)
class HostResult(Generic[T_co]):
    """What became of one machine: a value, an error, or neither, where it was never begun."""

    host: str
    value: T_co | None = None
    error: ShannotError | None = None

    @property
    def is_begun(self) -> bool:
        return self.value is not None or self.error is not None


def is_many(target: str) -> bool:
    """Does a `--target` name more than one machine?"""
    return target.startswith("@") or "," in target


def wanted(caller: Caller, target: str, parallel: int | None, max_failures: int | None) -> Wanted:
    """The machines of `@group`, `a,b` or both mixed, each once. UsageError, NotFoundError.

    parallel, max_failures: what was asked for; else the only group named says it.
    """
    settings = own_settings(caller)
    groups: Mapping[str, Group] = settings.groups if settings is not None else {}
    hosts: list[str] = []
    for word in target.split(","):
        if not word.startswith("@"):
            hosts.append(word)
        elif word[1:] in groups:
            hosts += groups[word[1:]].hosts
        elif NAME.match(word[1:]):
            name = word[1:]
            raise NotFoundError(f"no group {name}: `[groups.{name}]` in config.toml makes one")
        else:
            raise UsageError(f"--target: no name of a group: {escape(word[:80])}")
    hosts = list(dict.fromkeys(hosts))
    if len(hosts) > HOSTS_MAX:
        raise UsageError(f"--target: more than {HOSTS_MAX} machines")
    machines = Machines(caller)
    for host in hosts:
        machines.find(host)
    only = groups.get(target[1:])
    if only is not None:
        parallel = parallel or only.parallel
        max_failures = only.max_failures if max_failures is None else max_failures
    return Wanted(tuple(hosts), parallel or PARALLEL, max_failures)


class SideBySide(Generic[T]):
    """Work on machines, a thread for each of those that are worked on at once.

    do: works on one machine, and raises ShannotError where it fails. failed: is this value a
    failure as well? told: called on a machine's own thread when it is over.
    """

    def __init__(
        self,
        wanted: Wanted,
        do: Callable[[str], T],
        failed: Callable[[T], bool],
        told: Callable[[HostResult[T]], None],
    ) -> None:
        self._wanted = wanted
        self._do = do
        self._failed = failed
        self._told = told
        self._left = list(reversed(wanted.hosts))
        self._found: dict[str, HostResult[T]] = {}
        self._failures = 0
        self._fault: BaseException | None = None
        self._changed = threading.Condition()
        self._running = 0

    def work(self, interrupt: Callable[[], None]) -> tuple[list[HostResult[T]], bool]:
        """All results in the order of the machines, and whether Ctrl-C came.

        Ctrl-C begins nothing more and calls interrupt, which ends what is under way; a second one
        is raised.
        """
        interrupted = False
        self._running = min(self._wanted.parallel, len(self._left))
        for _ in range(self._running):
            threading.Thread(target=self._work, daemon=True).start()
        while True:
            try:
                with self._changed:
                    while self._running:
                        self._changed.wait()
                break
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._left.clear()
                interrupt()
        if self._fault is not None:
            raise self._fault
        found = [self._found.get(host, HostResult(host)) for host in self._wanted.hosts]
        return found, interrupted

    def _work(self) -> None:
        try:
            while (host := self._next()) is not None:
                self._end(self._one(host))
        except BaseException as error:  # noqa: BLE001 - raised again by `work`
            self._fault = error
            self._left.clear()
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify()

    def _one(self, host: str) -> HostResult[T]:
        try:
            return HostResult(host, self._do(host))
        except ShannotError as error:
            return HostResult(host, error=error)

    def _next(self) -> str | None:
        with self._changed:
            limit = self._wanted.max_failures
            if limit is not None and self._failures > limit:
                return None
            return self._left.pop() if self._left else None

    def _end(self, found: HostResult[T]) -> None:
        with self._changed:
            self._found[found.host] = found
            if found.error is not None or (found.value is not None and self._failed(found.value)):
                self._failures += 1
        self._told(found)
