"""A mount that is made when somebody looks into it: most scripts never look into /proc."""

from __future__ import annotations

from .node import Directory, Mount, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .overlay import Overlay


class LateDirectory(Directory):
    """Stands for a directory until the first look, and passes every later look on to it."""

    __slots__ = ("_made", "_make", "_overlay")

    def __init__(
        self, mount: Mount, mode: int, inode: int, overlay: Overlay, make: Callable[[], Directory]
    ) -> None:
        super().__init__(mount, mode, inode, 0, 0)
        self.fixed = True
        self._overlay = overlay
        self._make = make  # mounts the real one in this one's place and returns it
        self._made: Directory | None = None

    def _real(self) -> Directory:
        if self._made is None:
            self._made = self._make()
        return self._made

    def lookup(self, name: bytes, pid: int) -> Node | None:
        return self._overlay.child(self._real(), name, pid)

    def extra_names(self, pid: int) -> list[tuple[bytes, int, int]]:
        return self._overlay.names(self._real(), pid)
