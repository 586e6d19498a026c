"""The host as it will be: a lazily read tree to which effects are applied in memory.

`preflight.py` runs the whole plan through it, so that an effect after an earlier one on the same
path is compared with what the earlier one leaves, and a conflict shows before anything changes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from hashlib import sha256

from shannot.effects.model import Entry, Fingerprint, Unread, UnreadKind
from shannot.effects.unread import kind_of, unread_directory
from shannot.sessions.blobs import hash_descriptor
from shannot.sessions.checkpoint import NOT_IN_PLAN, difference, difference_unread
from shannot.sessions.place import READ, ConflictError

_MAX_LINKS = 40  # MAXSYMLINKS of path_resolution(7)


class Item:
    """One thing in the tree. What was not changed is read from the host when it is asked for."""

    __slots__ = (
        "_children", "_digest", "_free", "_host", "_known", "_listed", "identity", "kind", "links",
        "mode", "mode_set", "owner", "size", "target",
    )  # fmt: skip

    def __init__(self, fingerprint: Fingerprint, owner: tuple[int, int], target: str = "") -> None:
        """A thing that an effect makes."""
        self.kind: UnreadKind = fingerprint.kind
        self.mode = fingerprint.mode
        self.mode_set = False  # by an effect: what the host has is another one
        self.size = fingerprint.size
        self.owner = owner
        self.links = 1
        self.identity: tuple[int, int] | None = None
        self.target = target
        self._digest = fingerprint.sha256
        self._free: bool | None = None
        self._host: str | None = None
        self._listed = True  # every child is known
        self._children: dict[str, Item | None] = {}
        self._known: dict[tuple[int, int], Item] = {}

    @staticmethod
    def read(path: str, found: os.stat_result, known: dict[tuple[int, int], Item]) -> Item:
        """What stands on the host at path. A file of several names is one item: see known."""
        identity = (found.st_dev, found.st_ino)
        if identity in known:
            return known[identity]
        kind, target, mode = kind_of(found.st_mode), "", stat.S_IMODE(found.st_mode)
        if kind == "link":
            target, mode = os.readlink(path), 0
        size = 0 if kind == "directory" else found.st_size
        fingerprint = Fingerprint("file", mode, "", size)
        item = Item(fingerprint, (found.st_uid, found.st_gid), target)
        item.kind = kind
        item.links = found.st_nlink
        item.identity = identity
        item._known = known
        if kind != "directory" and item.links > 1:
            known[identity] = item
        item._host = path
        item._listed = False
        return item

    def child(self, name: str) -> Item | None:
        """An entry of a directory."""
        if name not in self._children:
            found = None
            if self._host is not None and not self._listed:
                path = f"{self._host.rstrip('/')}/{name}"
                try:
                    found = Item.read(path, os.lstat(path), self._known)
                except (FileNotFoundError, NotADirectoryError):
                    found = None
                except OSError as error:
                    raise ConflictError(path, f"it cannot be looked at: {error.strerror}")
            self._children[name] = found
        return self._children[name]

    def put(self, name: str, item: Item | None) -> None:
        self._children[name] = item

    def names(self) -> list[str]:
        """Every entry of a directory, sorted."""
        if not self._listed and self._host is not None:
            try:
                for name in os.listdir(self._host):
                    self.child(name)
            except OSError as error:
                raise ConflictError(self._host, f"it cannot be read: {error.strerror}")
            self._listed = True
        return sorted(name for name, item in self._children.items() if item is not None)

    def digest(self) -> str:
        """SHA-256 of a file's contents or a link's target; empty for a directory."""
        if self.kind == "link":
            return sha256(os.fsencode(self.target)).hexdigest()
        if self.kind == "file" and not self._digest and self._host is not None:
            try:
                fd = os.open(self._host, READ)
            except OSError as error:
                raise ConflictError(self._host, f"it cannot be read: {error.strerror}")
            try:
                self._digest, self.size = hash_descriptor(fd)
            except OSError as error:
                raise ConflictError(self._host, f"it cannot be read: {error.strerror}")
            finally:
                os.close(fd)
        return self._digest

    def compare(self, path: str, expected: Fingerprint) -> None:
        """Raise ConflictError unless this is what was recorded. Contents are read last."""
        cheap = Fingerprint(expected.kind, self.mode, expected.sha256, self.size)
        if self.kind != expected.kind:
            raise ConflictError(path, f"it is a {self.kind} now, not a {expected.kind}")
        changed = difference(expected, cheap)
        if not changed and self.digest() != expected.sha256:
            changed = difference(
                expected, Fingerprint(expected.kind, self.mode, self.digest(), self.size)
            )
        if changed:
            raise ConflictError(path, changed)

    def compare_tree(
        self,
        path: str,
        expected: Fingerprint,
        entries: tuple[Entry, ...],
        partial: bool = False,
        unread: tuple[Unread, ...] = (),
    ) -> None:
        """The same for a directory with everything below it, no more and (but partial) no less."""
        self.compare(path, expected)
        if self.kind != "directory":
            return
        recorded = {entry.path: entry.fingerprint for entry in entries}
        only_known = {entry.path: entry for entry in unread}
        waiting: list[tuple[str, Item]] = [("", self)]
        while waiting:
            parent, directory = waiting.pop()
            for name in directory.names():
                relative = f"{parent}/{name}" if parent else name
                item = directory.child(name)
                if item is not None and relative in only_known:
                    item.compare_unread(f"{path}/{relative}", only_known.pop(relative))
                    continue
                fingerprint = recorded.pop(relative, None)
                if item is None or fingerprint is None:
                    raise ConflictError(f"{path}/{relative}", NOT_IN_PLAN)
                item.compare(f"{path}/{relative}", fingerprint)
                if item.kind == "directory":
                    waiting.append((relative, item))
        missing = [*recorded, *only_known]
        if missing and not partial:
            raise ConflictError(f"{path}/{missing[0]}", "it is not there any more")

    def compare_unread(self, path: str, expected: Unread) -> None:
        """The same for what was never read."""
        present = Unread(expected.path, self.kind)
        if self.kind == "directory":
            present = unread_directory(expected.path, self._kinds_below())
        changed = difference_unread(expected, present)
        if changed:
            raise ConflictError(path, changed)

    def _kinds_below(self) -> Iterator[tuple[str, UnreadKind]]:
        waiting: list[tuple[str, Item]] = [("", self)]
        while waiting:
            parent, directory = waiting.pop()
            for name in directory.names():
                item = directory.child(name)
                if item is not None:
                    relative = f"{parent}/{name}" if parent else name
                    yield relative, item.kind
                    if item.kind == "directory":
                        waiting.append((relative, item))

    def can_change(self) -> bool:
        """May this process make and remove names in this directory of the host? Asked once."""
        if self._free is None:
            path = self._host or "/"
            self._free = os.access(path, os.W_OK | os.X_OK, effective_ids=True)
        return self._free

    def host_path(self) -> str | None:
        """Where it stands on the host, None for what an effect makes."""
        return self._host


class Forecast:
    """The tree from `/` down."""

    __slots__ = ("_last", "root")

    def __init__(self) -> None:
        self.root = Item.read("/", os.lstat("/"), {})
        self._last: tuple[str, Item] = ("", self.root)  # neighbours ask for the same one

    def moved(self) -> None:
        """A directory has been taken away or moved: no path is known any more."""
        self._last = ("", self.root)

    def lose(self, item: Item) -> None:
        """The item has left the tree, and everything below it."""
        waiting = [item]
        while waiting:
            gone = waiting.pop()
            if gone.kind == "directory":
                below = [gone.child(name) for name in gone.names()]
                waiting += [child for child in below if child is not None]
            else:
                gone.links -= 1

    def directory(self, path: str) -> Item:
        """The directory at an absolute path, no link followed. ConflictError."""
        if path == self._last[0]:
            return self._last[1]
        item, walked = self.root, ""
        for part in path.split("/"):
            if not part:
                continue
            walked += f"/{part}"
            found = item.child(part)
            if found is None:
                raise ConflictError(walked, "the directory is not there")
            if found.kind != "directory":
                raise ConflictError(walked, f"it is a {found.kind} now, not a directory")
            item = found
        self._last = (path, item)
        return item

    def parent(self, path: str) -> tuple[Item, str]:
        """The directory that holds path, and the name in it."""
        above, _, name = path.rpartition("/")
        return self.directory(above), name

    def find(self, path: str) -> Item | None:
        """What stands at an absolute path, no link followed."""
        directory, name = self.parent(path)
        return directory.child(name)

    def lacks(self, path: str) -> bool:
        """Is nothing at an absolute path? It may even have no directory to be in."""
        item: Item | None = self.root
        for part in path.split("/"):
            if item is None or item.kind != "directory":
                return item is None
            item = item.child(part) if part else item
        return item is None

    def resolve(self, path: str) -> Item | None:
        """What a program that opens path will find: links are followed, as the kernel does."""
        trail = [self.root]  # the way back, for `..`
        parts = [part for part in reversed(path.split("/")) if part]
        links = 0
        while parts:
            part = parts.pop()
            if part == "..":
                trail = trail[:-1] or [self.root]
                continue
            item = trail[-1].child(part)
            if item is None:
                return None
            if item.kind == "link":
                links += 1
                if links > _MAX_LINKS:
                    return None
                if item.target.startswith("/"):
                    trail = [self.root]
                parts += [p for p in reversed(item.target.split("/")) if p not in ("", ".")]
            else:
                trail.append(item)
        return trail[-1]
