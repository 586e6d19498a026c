"""Forgetting: what was only looked at on a host that may change need not be remembered.

A node that anybody still holds (a current directory, an open file, a walk under way) is kept, so
that there is never a second node for what is in use.
"""

from __future__ import annotations

from _weakref import ref  # `weakref` itself costs at start-up

from .node import Directory, Node


def forget_clean(root: Directory, linked: dict[tuple[int, int], Node]) -> int:
    """Drop every clean node of hosts that may change. Returns how many are left.

    `linked`: the files known under several names; those dropped leave it as well.
    """
    names = {key: ref(node) for key, node in linked.items() if node.original is None}
    for key in names:
        del linked[key]
    left = 0
    waiting = _directories(root)
    while waiting:  # those below first, and none held longer than it takes
        directory = waiting.pop()
        if not directory.mount.steady:
            left += _forget_in(directory)
    for key, reference in names.items():
        alive = reference()
        if alive is not None:
            linked[key] = alive
    return left


def _directories(root: Directory) -> list[Directory]:
    """All that are known, parents first."""
    found = [root]
    for directory in found:
        below = (*directory.seen.values(), *directory.upper.values())
        found.extend(node for node in below if isinstance(node, Directory))
    return found


def _forget_in(directory: Directory) -> int:
    seen = directory.seen
    for name in list(seen):
        node = seen.pop(name)
        if node is None:
            continue
        if isinstance(node, Directory) and (node.dirty or node.fixed or node.seen or node.upper):
            seen[name] = node
            continue
        reference = ref(node)
        del node
        alive = reference()
        if alive is not None:
            seen[name] = alive
    return len(seen)
