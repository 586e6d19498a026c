"""The survey of one cut: what the layer has where, what of it stood elsewhere before, and where.

Called by `changes.py`; `order.py` works by what is found here.
"""

from __future__ import annotations

from .base import Base, Bases, is_same
from .node import Directory, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .base import Place
    from .overlay import Overlay


class Arrival:
    """A name under which something stands that did not stand there before."""

    __slots__ = ("busy", "directory", "done", "name", "node", "source")

    def __init__(self, node: Node, directory: Directory, name: bytes) -> None:
        self.node = node
        self.directory = directory
        self.name = name
        self.source: Place | None = None  # where it moves from
        self.busy = False
        self.done = False


class Survey:
    """What is known after looking at everything that the layer changed."""

    __slots__ = (
        "_bases", "_found", "_living", "_overlay", "arrivals", "arriving", "goals", "names",
        "twins", "unreadable",
    )  # fmt: skip

    def __init__(self, bases: Bases, overlay: Overlay) -> None:
        self._bases = bases
        self._overlay = overlay
        self._found: list[tuple[Arrival, Base]] = []
        self._living: dict[Base, Directory] = {}
        self.twins: dict[Directory, Base] = {}
        """What each directory was."""
        self.names: dict[Directory, list[bytes]] = {}
        """Of each directory, those that may differ, sorted."""
        self.arrivals: dict[tuple[Directory, bytes], Arrival] = {}
        self.arriving: dict[Directory, Arrival] = {}
        self.goals: dict[Place, Arrival] = {}
        """By where something stands: what it arrives as elsewhere."""
        self.unreadable: dict[tuple[Directory, bytes], OSError] = {}
        """Names that could not be looked at; the empty one is for all that a directory has."""

    def look(self, tops: list[tuple[Directory, Base]], ask: bool) -> bool:
        """Walk over everything. `ask`: stop and return True at the first name that is new."""
        waiting: list[tuple[Directory, Base | None]] = list(tops)
        while waiting:
            directory, was = waiting.pop()
            if was is not None:
                self.pair(directory, was)
            self.names[directory] = names = self._readable_names(directory, was)
            for name in names:
                try:
                    found = self._look_at(directory, was, name, ask)
                except OSError as error:
                    self.unreadable[directory, name] = error
                    continue
                if found is None:
                    return True
                waiting.extend(found)
        self._match()
        return False

    def _look_at(
        self, directory: Directory, was: Base | None, name: bytes, ask: bool
    ) -> list[tuple[Directory, Base | None]] | None:
        """One name. Returns what is to be looked into, None if it is new and we only `ask`."""
        node = self.child(directory, name)
        if node is None:
            return []
        base = self._locate(node, was, name)
        if base is not None and was is not None and (was, name) in base.places:
            self._bases.bind(base, node)
            if isinstance(node, Directory):
                self.pair(node, base)
        else:
            if ask and (base or (was and self._bases.child(was, name) is None)):
                return None
            self._arrives(Arrival(node, directory, name), base)
        if isinstance(node, Directory) and (node.dirty or not is_of(base, node)):
            return [(node, base)]
        return []

    def _readable_names(self, directory: Directory, was: Base | None) -> list[bytes]:
        try:
            return self.names_of(directory, was)
        except OSError as error:
            self.unreadable[directory, b""] = error
            return []

    def child(self, directory: Directory, name: bytes) -> Node | None:
        """What the layer has under a name; None where nothing, or another mount."""
        if name in directory.upper:
            node = directory.upper[name]
        elif directory.lower is None:
            node = None
        elif directory in self.twins and is_of(self.twins[directory], directory):
            node = directory.seen.get(name)
            node = node if is_changed(node) else None
        else:
            node = self._overlay.child(directory, name, 0)
        return node if node is not None and node.mount is directory.mount else None

    def pair(self, directory: Directory, base: Base) -> None:
        """This directory was that one."""
        self.twins[directory] = base
        self._living[base] = directory
        self._bases.bind(base, directory)

    def names_of(self, directory: Directory, was: Base | None) -> list[bytes]:
        """Names that may differ between a directory and what it was."""
        names = set(directory.upper)
        if was is not None and is_of(was, directory):
            names |= was.differs
            names.update(name for name, node in directory.seen.items() if is_changed(node))
        else:
            if directory.lower is not None:
                names.update(name for name, _, _ in self._overlay.names(directory, 0))
            if was is not None:
                names.update(self._bases.names(was))
        return sorted(names)

    def _locate(self, node: Node, was: Base | None, name: bytes) -> Base | None:
        """What it was, wherever that stood."""
        if was is not None:
            there = self._bases.child(was, name)
            if there is not None and is_same(there, node):
                return there
        found = self._bases.find(node)
        return found if found is not None and found.is_kind_of(node) else None

    def _arrives(self, arrival: Arrival, base: Base | None) -> None:
        self.arrivals[arrival.directory, arrival.name] = arrival
        if isinstance(arrival.node, Directory):
            self.arriving[arrival.node] = arrival
        if base is not None:
            self._bases.bind(base, arrival.node)
            self._found.append((arrival, base))

    def _match(self) -> None:
        """Give each arrival a place that its node left. Directories first: names lie in them."""
        self._found.sort(key=lambda found: not isinstance(found[0].node, Directory))
        for arrival, base in self._found:
            for place in base.places:
                if place not in self.goals and not self._is_kept(arrival.node, base, place):
                    arrival.source = place
                    self.goals[place] = arrival
                    break

    def _is_kept(self, node: Node, base: Base, place: Place) -> bool:
        """Does the node still stand there? Only a file of several names can."""
        if isinstance(node, Directory) or (node.nlink < 2 and base.links < 2):
            return False
        was, name = place
        there: Node | None = node
        while was not in self._living:
            if not was.places:
                return True  # the top of a mount where nothing was changed
            if was.places[0] in self.goals:
                return True  # in a directory that moved as it was
            there = was.node
            was, name = was.places[0]
        directory = self._living[was]
        if name in directory.upper:
            return there is not None and directory.upper[name] is there
        return name not in was.differs


def is_of(was: Base | None, directory: Directory) -> bool:
    """Do both have the same host directory below them?"""
    if was is None:
        return False
    lower, below = was.lower, directory.lower
    if lower is None or below is None:
        return lower is below
    return lower.path == below.path


def is_changed(node: Node | None) -> bool:
    if isinstance(node, Directory):
        return node.dirty or node.original is not None
    return node is not None and node.original is not None
