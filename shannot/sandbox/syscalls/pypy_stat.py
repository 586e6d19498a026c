"""stat(2) and lstat(2) of the `pypy` table, as one function each: a script asks nothing as often.

They answer as the rows of the same names in `pypy.py` do, which say what is meant and are compared
with these by a test. What is saved is a tenth of the whole call: the calls of three functions for
the arguments and of two on the way from the handler to what it knows of the file.
"""

from __future__ import annotations

from errno import EFAULT

from shannot.sandbox.kernel.metadata import AT_SYMLINK_NOFOLLOW, newfstatat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.task import Task

    from .pypy_layouts import Platform
    from .table import Answer, Arguments

_PATH_MAX = 4096


def answers(platform: Platform) -> dict[bytes, Answer]:
    """By signature, of Linux and of macOS."""
    stat, lstat = _by_path(platform, 0), _by_path(platform, AT_SYMLINK_NOFOLLOW)
    return {
        b"stat64(pp)i": stat,
        b"stat(pp)i": stat,
        b"lstat64(pp)i": lstat,
        b"lstat(pp)i": lstat,
    }


def _by_path(platform: Platform, flags: int) -> Answer:
    pack, follow = platform.stat, not flags

    def answer(task: Task, _call: int, raw: Arguments) -> int:
        memory = task.memory
        path = memory.read_string(raw[0], _PATH_MAX)
        if path[:1] == b"/":
            node = task.system.lookup.known(path, task.pid, follow)
            if node is not None and node.packed is not None:
                if not raw[1]:
                    raise OSError(EFAULT, "no buffer")
                memory.write(raw[1], node.packed)
                return 0
        values = newfstatat(task, -100, path, flags)
        if not raw[1]:
            raise OSError(EFAULT, "no buffer")
        memory.write(raw[1], values if isinstance(values, bytes) else pack(values))
        return 0

    return answer
