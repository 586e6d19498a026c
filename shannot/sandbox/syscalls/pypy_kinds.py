"""Kinds and results that depend on the platform that a PyPy was translated for."""

from __future__ import annotations

from shannot.sandbox.kernel import directory_streams

from .pypy_layouts import translated_flags
from .table import Constant, Descriptor, fd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.directory_streams import DirectoryStream
    from shannot.sandbox.kernel.piped import PipedTask
    from shannot.sandbox.kernel.task import Task

    from .pypy_layouts import Platform
    from .table import Arguments, Result

CWD = Constant(-100)
NONE = Constant(0)


class FailedError(OSError):
    """A call that tells of its failure by another value than -1 or NULL."""

    def __init__(self, errno: int, value: int) -> None:
        super().__init__(errno, "failed")
        self.value = value


class PypyKinds:
    """Made once for a table; its methods are kinds, results and handlers of rows."""

    __slots__ = ("_flags", "_platform")

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._flags = translated_flags(platform)

    def flags(self, _task: Task, raw: int) -> int:
        """Those of open(2), as this machine has them."""
        raw &= 0xFFFFFFFF
        if self._flags is None:
            return raw
        found = raw & 3
        for bits, ours in self._flags:
            if raw & bits == bits:
                raw &= ~bits
                found |= ours
        return found

    def dirfd(self, _task: Task, raw: int) -> int:
        number = fd(_task, raw)
        return -100 if number == self._platform.at_fdcwd else number

    def at_flags(self, _task: Task, raw: int) -> int:
        """AT_SYMLINK_NOFOLLOW and AT_REMOVEDIR as Linux has them."""
        platform = self._platform
        raw &= 0xFFFFFFFF
        if platform.name == "linux":
            return raw
        found = raw & ~(platform.at_symlink_nofollow | platform.at_removedir)
        if raw & platform.at_symlink_nofollow:
            found |= 0x100
        if raw & platform.at_removedir:
            found |= 0x200
        return found

    def opened(self, register: int) -> Result:
        """Hand over a host descriptor; close-on-exec if the flags in that register say so."""
        flag = self._platform.open_flags["O_CLOEXEC"]

        def hand_over(_task: Task, arguments: Arguments, value: object) -> Descriptor:
            cloexec = bool(arguments[register] & flag)
            return Descriptor(value, cloexec)  # type: ignore[arg-type]  # a host descriptor

        return hand_over

    def stream(self, caller: Task, _arguments: Arguments, value: object) -> int:
        """A DIR: the block that will hold each entry as it is read."""
        task: PipedTask = caller  # type: ignore[assignment]  # this table has no others
        stream: DirectoryStream = value  # type: ignore[assignment]  # the handler's
        try:
            address = task.allocate(bytes(self._platform.dirent_size))
        except OSError:
            task.table.close(stream.number)
            raise
        task.streams[address] = stream
        return address

    def readdir(self, task: PipedTask, address: int) -> int:
        """The address of the next entry; NULL at the end, errno as it was."""
        stream = directory_streams.stream_at(task, address)
        entry = stream.next(task)
        if entry is None:
            return 0
        name, inode, kind = entry
        task.memory.write(address, self._platform.dirent(name, inode, kind, stream.place))
        return address
