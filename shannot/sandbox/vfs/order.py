"""The order of effects: a name is given once it is free, what moves leaves before its place goes.

Theory of operation
-------------------
The directories of the layer are settled from the top down, name by name, against the base, which
every effect changes at once. To give a name to what arrives, what stands there must leave: it
moves on to its own goal, first, and whatever stands there before it; or it goes, and what still
lives below it is moved out before. A directory that something is to move into is made first.

Where moves wait for each other in a circle (two names swapped, a directory moved into a new one of
its old name), one of them steps aside, to a temporary name beside its old one. That costs one move
more, and keeps what no rewriting would: the owner, the times, other names, and what is hidden.

Whatever goes wrong with one name (the host cannot be read, no effect can say it) leaves the base
as it is: that name is left out and told, and everything else stays right. So it does where
somebody else put there meanwhile what the script never saw: that is not deleted in its name.
"""

from __future__ import annotations

import stat

from shannot.effects.unread import kind_of
from shannot.errors import ShannotError

from .base import Base, Bases, UnplannedError
from .node import Directory, Link, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .base import Place
    from .expression import Expression
    from .survey import Arrival, Survey

_DEPTH_MAX = 60
"""Moves that wait for each other in a row; beyond it one of them steps aside, too."""


class Planner:
    """Settles everything that one survey found."""

    __slots__ = ("_bases", "_below", "_depth", "_express", "_left_out", "_settled", "_survey")

    def __init__(
        self,
        bases: Bases,
        survey: Survey,
        express: Expression,
        left_out: Callable[[bytes, str], None],
    ) -> None:
        self._bases = bases
        self._survey = survey
        self._express = express
        self._left_out = left_out
        self._depth = 0
        self._settled: dict[Directory, Base] = {}
        self._below: dict[Base, list[Arrival]] | None = None

    def run(self, tops: list[tuple[Directory, Base]]) -> None:
        """Make the base what the layer is."""
        waiting = list(reversed(tops))
        while waiting:
            directory, was = waiting.pop()
            self._settled[directory] = was
            self._attempt(directory, was, b"", self._open)
            below = []
            for name in self._survey.names.get(directory, ()):
                self._attempt(directory, was, name, self._place)
                node = self._survey.child(directory, name)
                if isinstance(node, Directory) and node in self._survey.twins:
                    below.append((node, self._survey.twins[node]))
            waiting.extend(reversed(below))
        for directory, was in reversed(self._settled.items()):
            self._attempt(directory, was, b"", self._close)
        self._express.close_all()

    def _attempt(
        self, directory: Directory, was: Base, name: bytes,
        action: Callable[[Directory, Base, bytes], None],
    ) -> None:  # fmt: skip
        unreadable = self._survey.unreadable
        try:
            if unreadable and (directory, name) in unreadable:
                raise unreadable[directory, name]
            action(directory, was, name)
        except (OSError, ShannotError, UnplannedError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            path = self._bases.path(was, name).rstrip(b"/")
            self._left_out(path or b"/", reason or "unreadable")

    def _open(self, directory: Directory, was: Base, _name: bytes) -> None:
        self._express.open_directory(directory, was)

    def _close(self, directory: Directory, was: Base, _name: bytes) -> None:
        self._express.close_directory(directory, was)

    def _place(self, directory: Directory, was: Base, name: bytes) -> None:
        """Make what stands under a name what it is now."""
        arrival = self._survey.arrivals.get((directory, name))
        if arrival is not None:
            self._arrive(arrival)
            return
        base = self._bases.child(was, name)
        node = self._survey.child(directory, name)
        if base is None:
            return
        if node is None:
            if name not in directory.upper or directory.upper[name] is None:
                self._clear((was, name), base, None)
        elif not isinstance(node, Directory):
            self._express.update(node, base, (was, name))

    # -- arriving --------------------------------------------------------------------------------

    def _arrive(self, arrival: Arrival) -> bool:
        """Bring it to its place. False where that waits for something that waits for this."""
        if arrival.done:
            return True
        if arrival.busy or self._depth >= _DEPTH_MAX:
            return False
        arrival.busy = True
        self._depth += 1
        try:
            was = self._home(arrival)
            if was is None:
                return False
            place = (was, arrival.name)
            base = self._bases.child(*place)
            if base is not None and arrival.source != place:
                self._clear(place, base, arrival)
            self._perform(arrival, place)
            arrival.done = True
        finally:
            self._depth -= 1
            arrival.busy = False
        return True

    def _home(self, arrival: Arrival) -> Base | None:
        """The directory it belongs in, at its own place if that can be. None: not yet."""
        directory = arrival.directory
        if directory in self._settled:
            return self._settled[directory]
        above: Directory | None = directory
        waiting: list[Arrival] = []
        while above is not None and above not in self._settled:
            if above in self._survey.arriving:
                waiting.append(self._survey.arriving[above])
            above = above.parent if above.parent is not above else None
        for first in reversed(waiting):
            if not self._arrive(first):
                break
        was = self._survey.twins.get(directory)
        if was is not None and arrival.source is not None:
            moving = self._bases.child(*arrival.source)
            if moving is not None and was.is_within(moving):
                return None
        return was

    def _perform(self, arrival: Arrival, place: Place) -> None:
        node = arrival.node
        base = self._bases.child(*place)
        if arrival.source == place and base is not None:
            self._update(node, base, place)
        elif arrival.source is not None:
            self._express.move(arrival.source, place, base)
            moved = self._bases.child(*place)
            if moved is not None:
                self._update(node, moved, place)
        elif base is not None and self._can_adopt(node, base):
            self._bases.bind(base, node)
            self._update(node, base, place)
        else:
            first = None if isinstance(node, Directory | Link) else self._bases.find(node)
            if first is not None and first.is_kind_of(node):
                self._express.update(node, first, first.places[0])
                self._express.link(first, place, base)
            else:
                made = self._express.make(node, place, base)
                if isinstance(node, Directory):
                    self._survey.pair(node, made)

    def _update(self, node: Node, base: Base, place: Place) -> None:
        if not isinstance(node, Directory):
            self._express.update(node, base, place)
        elif node not in self._survey.twins:
            self._survey.pair(node, base)
            self._survey.names[node] = self._survey.names_of(node, base)

    def _can_adopt(self, node: Node, base: Base) -> bool:
        """Is what goes so like what comes that it can stay? The same kind, of the same contents."""
        if not base.is_kind_of(node) or self._bases.find(node) is not None:
            return False
        if isinstance(node, Directory):
            return True
        return base.links < 2 and self._express.same_contents(node, base)

    # -- leaving ---------------------------------------------------------------------------------

    def _clear(self, place: Place, base: Base, arrival: Arrival | None) -> None:
        """Free a name, or leave there what the arrival's own effect replaces."""
        goal = self._survey.goals.get(place)
        if goal is not None and not goal.done:
            if not self._arrive(goal):
                self._step_aside(goal, place[0])
            return
        seen, kind = self._bases.seen(place, base), stat.S_IFMT(base.mode)
        if seen == 0 and arrival is None:
            return  # somebody else's, under a name that the script made and removed again
        if seen and seen != kind:
            raise UnplannedError(f"the script saw a {kind_of(seen)}; now it is a {kind_of(kind)}")
        if arrival is not None:
            node, moves = arrival.node, arrival.source is not None
            if base.is_directory() == isinstance(node, Directory):
                if not base.is_directory() or not moves:
                    return
        if not seen:
            raise UnplannedError(f"a {kind_of(kind)} that the script did not see stands there")
        self._delete(place, base)

    def _step_aside(self, goal: Arrival, directory: Base) -> None:
        if goal.source is None:
            return
        number = 1
        while self._bases.child(directory, b".shannot-aside-%d" % number) is not None:
            number += 1
        aside = (directory, b".shannot-aside-%d" % number)
        self._express.move(goal.source, aside, None)
        goal.source = aside
        self._survey.goals[aside] = goal

    def _delete(self, place: Place, base: Base) -> None:
        if base.is_directory():
            for arrival in self._living_below(base):
                if arrival.done or arrival.source is None:
                    continue
                if arrival.source[0].is_within(base) and not self._arrive(arrival):
                    self._step_aside(arrival, place[0])
        if self._bases.child(*place) is base:
            self._express.delete(place, base)

    def _living_below(self, base: Base) -> list[Arrival]:
        """What moves out of a directory, by where it stood at first."""
        if self._below is None:
            self._below = {}
            for arrival in self._survey.arrivals.values():
                place = arrival.source
                while place is not None:
                    self._below.setdefault(place[0], []).append(arrival)
                    place = place[0].places[0] if place[0].places else None
        return self._below.get(base, [])
