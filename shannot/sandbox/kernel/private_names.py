"""Does a command name what stands in a tree of the script's own, as /tmp is?

On the host that name is another file, which anybody may have put there, or none: such a command is
never run there unasked. Read lexically, without a look at the host: what leads into such a tree
only by a link of the script's is not seen.
"""

from __future__ import annotations

import posixpath

from shannot.sandbox.vfs.node import Directory, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORDS_MAX = 10_000
"""Words that are looked at: with more of them the answer is yes."""


def names_private(root: Directory, directory: bytes, words: Iterable[bytes]) -> bool:
    """Is one of the words, or a part of it (`--file=/tmp/x`, `-I/tmp`), such a name?

    directory: the current one, as an absolute path of the tree. A private tree itself counts
    where the script has put anything into it.
    """
    for number, word in enumerate(words):
        if b"/" not in word:
            continue  # in the current directory, which is looked at by itself
        if number >= _WORDS_MAX:
            return True
        for path in _paths(word, directory):
            if _is_private(root, path):
                return True
    return False


def _paths(word: bytes, directory: bytes) -> Iterator[bytes]:
    """What a program may take for a path: all of it, from its first slash on, and each part."""
    yield posixpath.join(directory, word)
    yield word[word.find(b"/") :]
    for part in word.replace(b"=", b":").replace(b",", b":").split(b":"):
        if part[:1] == b"/":
            yield part


def _is_private(root: Directory, path: bytes) -> bool:
    node: Node | None = root
    for name in posixpath.normpath(path).split(b"/"):
        if not name:
            continue
        if not isinstance(node, Directory):
            return False
        node = node.upper.get(name) or node.seen.get(name)
        if _is_own(node):
            return True
    if not isinstance(node, Directory) or node.mount.mode != "private":
        return False
    return any(map(_is_own, node.upper.values()))


def _is_own(node: Node | None) -> bool:
    """Has the script made it? What is fixed is only on the way to what is mapped."""
    if node is None or node.mount.mode != "private":
        return False
    return not (isinstance(node, Directory) and node.fixed)
