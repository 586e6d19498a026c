"""The other names of files that the script has written: looked for before a cut (`changes.py`).

`execute` replaces files. Of one that has several names (hard links) it must know them all, to make
them again, or it refuses. The layer knows those that the script has looked up; the rest are found
here, by number, as far as they stand where changes are effects.
"""

from __future__ import annotations

from .node import Directory, File

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .node import Node
    from .overlay import Overlay

_NAMES_MAX = 200_000
"""Names looked at for one run: about a second, and only where such a file was written."""


class OtherNames:
    """What was looked for so far in one run."""

    __slots__ = ("_left", "_mounts", "_overlay", "_sought")

    def __init__(self, mounts: Sequence[Node], overlay: Overlay) -> None:
        self._mounts = mounts
        self._overlay = overlay
        self._sought: set[tuple[int, int]] = set()
        self._left = _NAMES_MAX

    def seek(self) -> None:
        """Look up every name of files that were written since the last call."""
        linked = self._overlay.linked
        new = {key for key, node in linked.items() if is_written(node)} - self._sought
        if not new:
            return
        self._sought |= new
        inodes = {inode for _, inode in new}
        waiting = [mounted for mounted in self._mounts if isinstance(mounted, Directory)]
        while waiting and self._left > 0:
            waiting += self._look_into(waiting.pop(), inodes)

    def _look_into(self, directory: Directory, inodes: set[int]) -> list[Directory]:
        """The directories in it, after its names of these files were looked up."""
        found: list[Directory] = []
        try:
            for name, inode, kind in self._overlay.names(directory, 0):
                self._left -= 1
                if kind == 4 or inode in inodes:
                    node = self._overlay.child(directory, name, 0)
                    if isinstance(node, Directory) and node.mount is directory.mount:
                        found.append(node)
        except OSError:
            pass  # what the script may not look into either
        return found


def is_written(node: Node) -> bool:
    """Has this file of the host other contents in the layer?"""
    return isinstance(node, File) and node.spool is not None and node.original is not None
