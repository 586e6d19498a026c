"""The order of effects within one cut: what must be out of the way comes first."""

from __future__ import annotations

import heapq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shannot.effects.model import Effect


class Step:
    """An effect with the paths it needs: bytes, absolute, of the host."""

    __slots__ = ("after", "effect", "occupies", "touches", "vacates")

    def __init__(
        self,
        effect: Effect,
        *,
        vacates: bytes | None = None,
        occupies: bytes | None = None,
        touches: bytes | None = None,
        after: bytes | None = None,
    ) -> None:
        self.effect = effect
        self.vacates = vacates  # nothing is left there
        self.occupies = occupies  # something new stands there
        self.touches = touches  # something that stands there is changed
        self.after = after  # comes after whatever occupies or touches this path


class CycleError(Exception):
    """Moves that wait for each other: they must be expressed otherwise."""

    def __init__(self, effects: Sequence[Effect]) -> None:
        super().__init__(f"{len(effects)} effects wait for each other")
        self.effects = effects


def _above(path: bytes) -> Iterator[bytes]:
    end = path.rfind(b"/")
    while end > 0:
        yield path[:end]
        end = path.rfind(b"/", 0, end)


def in_order(steps: Sequence[Step]) -> list[Effect]:
    """Sort so that each effect finds what it needs. Raises CycleError."""
    vacating = {step.vacates: i for i, step in enumerate(steps) if step.vacates is not None}
    occupying = {step.occupies: i for i, step in enumerate(steps) if step.occupies is not None}
    touching: dict[bytes, list[int]] = {}
    for index, step in enumerate(steps):
        if step.touches is not None:
            touching.setdefault(step.touches, []).append(index)
    followers: list[list[int]] = [[] for _ in steps]
    waits = [0] * len(steps)

    def edge(first: int | None, second: int) -> None:
        if first is not None and first != second:
            followers[first].append(second)
            waits[second] += 1

    for index, step in enumerate(steps):
        path = step.occupies if step.occupies is not None else step.touches
        if path is not None:
            edge(vacating.get(path), index)
            if step.touches is not None:
                edge(occupying.get(path), index)
            for above in _above(path):
                edge(vacating.get(above), index)
                edge(occupying.get(above), index)
        if step.vacates is not None:
            for above in _above(step.vacates):
                other = vacating.get(above)
                if other is not None:
                    edge(index, other)
        if step.after is not None:
            edge(occupying.get(step.after), index)
            for other in touching.get(step.after, ()):
                edge(other, index)
    return _sorted(steps, followers, waits)


def _sorted(
    steps: Sequence[Step], followers: list[list[int]], waits: list[int]
) -> list[Effect]:
    ready = [index for index, count in enumerate(waits) if not count]
    heapq.heapify(ready)
    ordered: list[Effect] = []
    while ready:
        index = heapq.heappop(ready)
        ordered.append(steps[index].effect)
        for follower in followers[index]:
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, follower)
    if len(ordered) != len(steps):
        raise CycleError([steps[index].effect for index in _cycle(followers, waits)])
    return ordered


def _cycle(followers: list[list[int]], waits: list[int]) -> list[int]:
    """The steps of one cycle: from any that waits, back along what it waits for."""
    waiting = {index for index, count in enumerate(waits) if count}
    before = {
        follower: index for index in waiting for follower in followers[index] if follower in waiting
    }
    index = next(iter(waiting))
    path: dict[int, None] = {}
    while index not in path:
        path[index] = None
        index = before[index]
    seen = list(path)
    return seen[seen.index(index) :]
