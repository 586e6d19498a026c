"""The seccomp notification listener: calls arrive here and answers leave.

Theory of operation
-------------------
A thread of the child whose call the filter notifies sleeps in the kernel until the call is
answered. RECV gives the call's number and registers, never the memory its pointers show: that is
copied once, through /proc/PID/mem, and acted on as copied, since another thread may change it at
any time. So the kernel is told to CONTINUE only where registers alone decide. The sleeping thread
may be killed and its number reused: NOTIF_ID_VALID is asked after every copy and before acting.

With WAIT_KILLABLE_RECV a call that was received is not interrupted by signals, only by death, so
what was done is not done twice.

Layouts: struct seccomp_notif, _resp and _addfd of include/uapi/linux/seccomp.h.
"""

from __future__ import annotations

import os
import struct
from errno import EBADF, EFAULT, EINTR, ENAMETOOLONG, ENOENT
from fcntl import ioctl

_RECV = 0xC0502100  # _IOWR('!', 0, struct seccomp_notif), 80 bytes
_SEND = 0xC0182101  # _IOWR('!', 1, struct seccomp_notif_resp), 24 bytes
_ID_VALID = 0x40082102  # _IOW('!', 2, __u64)
_ADDFD = 0x40182103  # _IOW('!', 3, struct seccomp_notif_addfd), 24 bytes
_SET_FLAGS = 0x40082104  # _IOW('!', 4, __u64)
_SYNC_WAKE_UP = 1  # SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6
_FLAG_CONTINUE = 1
_ADDFD_FLAG_SEND = 2

# id, pid, flags, then seccomp_data: nr, arch, instruction pointer, six arguments
_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_RESPONSE = struct.Struct("=QqiI")  # id, val, error, flags
_ADD = struct.Struct("=QIIII")  # id, flags, srcfd, newfd, newfd_flags
_ID = struct.Struct("=Q")
_ZEROS = bytes(80)

Notification = tuple[int, int, int, int, int, int, int, int, int, int, int, int]


class Listener:
    """The mediator's end. Every answering method says whether the caller was still there."""

    __slots__ = ("_buffer", "host_fd")

    def __init__(self, host_fd: int) -> None:
        self.host_fd = host_fd
        self._buffer = bytearray(80)
        try:
            ioctl(host_fd, _SET_FLAGS, _SYNC_WAKE_UP)
        except OSError:
            pass  # before Linux 6.6: slower, nothing else

    def receive(self) -> Notification | None:
        """The next call: (id, tid, flags, nr, arch, ip, 6 arguments). None: nobody is left, or a
        signal came."""
        buffer = self._buffer
        buffer[:] = _ZEROS
        try:
            ioctl(self.host_fd, _RECV, buffer)
        except OSError as error:
            if error.errno in (ENOENT, EINTR):
                return None
            raise
        return _NOTIFICATION.unpack(buffer)  # type: ignore[return-value]  # 12 integers

    def reply(self, call: int, value: int) -> bool:
        return self._send(_RESPONSE.pack(call, value, 0, 0))

    def fail(self, call: int, errno: int) -> bool:
        return self._send(_RESPONSE.pack(call, 0, -errno, 0))

    def resume(self, call: int) -> bool:
        """CONTINUE: let the kernel do it."""
        return self._send(_RESPONSE.pack(call, 0, 0, _FLAG_CONTINUE))

    def _send(self, response: bytes) -> bool:
        try:
            ioctl(self.host_fd, _SEND, response)
        except OSError as error:
            if error.errno == ENOENT:
                return False
            raise
        return True

    def give(self, call: int, source: int, cloexec: bool) -> bool:
        """Install `source` in the child and answer with its number. Errors: the child's, EMFILE."""
        flags = os.O_CLOEXEC if cloexec else 0
        try:
            ioctl(self.host_fd, _ADDFD, _ADD.pack(call, _ADDFD_FLAG_SEND, source, 0, flags))
        except OSError as error:
            if error.errno == ENOENT:
                return False
            raise
        return True

    def install(self, call: int, source: int, cloexec: bool) -> int:
        """Install `source` in the child without answering yet. Returns its number there."""
        flags = os.O_CLOEXEC if cloexec else 0
        # a mutable buffer, or Python returns its bytes instead of the call's result
        return ioctl(self.host_fd, _ADDFD, bytearray(_ADD.pack(call, 0, source, 0, flags)))

    def alive(self, call: int) -> bool:
        """Does the thread still wait for this answer?"""
        try:
            ioctl(self.host_fd, _ID_VALID, _ID.pack(call))
        except OSError:
            return False
        return True


class ProcessMemory:
    """The memory of one process through /proc/PID/mem, opened at its first use.

    The descriptor belongs to an address space: `forget` it when the process executes a program.
    """

    __slots__ = ("_host_fd", "pid")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._host_fd = -1

    def _descriptor(self) -> int:
        if self._host_fd < 0:
            try:
                self._host_fd = os.open(b"/proc/%d/mem" % self.pid, os.O_RDWR | os.O_CLOEXEC)
            except OSError:
                raise OSError(EFAULT, "the process is gone") from None
        return self._host_fd

    def forget(self) -> None:
        if self._host_fd >= 0:
            os.close(self._host_fd)
            self._host_fd = -1

    def detach(self) -> ProcessMemory:
        """The address space as it is now, to be kept beyond an exec; this one forgets it."""
        kept = ProcessMemory(self.pid)
        kept._host_fd = self._descriptor()
        self._host_fd = -1
        return kept

    def read(self, address: int, size: int) -> bytes:
        try:
            data = os.pread(self._descriptor(), size, address)
        except (OSError, OverflowError):
            raise OSError(EFAULT, "bad address") from None
        if len(data) != size:
            raise OSError(EFAULT, "bad address")
        return data

    def read_string(self, address: int, limit: int) -> bytes:
        host_fd = self._descriptor()
        parts = b""
        step = 256
        while True:
            try:
                piece = os.pread(host_fd, step, address + len(parts))
            except (OSError, OverflowError):
                raise OSError(EFAULT, "bad address") from None
            end = piece.find(b"\0")
            if end >= 0:
                parts = parts + piece[:end] if parts else piece[:end]
                if len(parts) >= limit:
                    raise OSError(ENAMETOOLONG, "string too long")
                return parts
            if not piece:
                raise OSError(EFAULT, "bad address")
            parts += piece
            if len(parts) >= limit:
                raise OSError(ENAMETOOLONG, "string too long")
            step = 4096

    def write(self, address: int, data: bytes) -> None:
        try:
            done = os.pwrite(self._descriptor(), data, address)
        except (OSError, OverflowError):
            raise OSError(EFAULT, "bad address") from None
        if done != len(data):
            raise OSError(EFAULT, "bad address")


class ProcessDescriptors:
    """The descriptors of one process, through /proc/PID/fd and pidfd_getfd(2)."""

    __slots__ = ("_host_fd", "pid")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._host_fd = -1

    def _directory(self) -> int:
        if self._host_fd < 0:
            flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
            self._host_fd = os.open(b"/proc/%d/fd" % self.pid, flags)
        return self._host_fd

    def forget(self) -> None:
        if self._host_fd >= 0:
            os.close(self._host_fd)
            self._host_fd = -1

    def stat(self, number: int) -> os.stat_result:
        if number < 0:
            raise OSError(EBADF, "bad descriptor")
        try:
            return os.stat(b"%d" % number, dir_fd=self._directory())
        except OSError:
            raise OSError(EBADF, "bad descriptor") from None

    def reopen(self, number: int, flags: int) -> int:
        return os.open(b"%d" % number, flags | os.O_CLOEXEC, dir_fd=self._directory())

    def duplicate(self, number: int) -> int:
        from .kernel_calls import pidfd_getfd  # only once a directory is listed or a command runs

        process = os.pidfd_open(self.pid)
        try:
            return pidfd_getfd(process, number)
        finally:
            os.close(process)

    def numbers(self) -> list[int]:
        return [int(name) for name in os.listdir(b"/proc/%d/fd" % self.pid)]

    def describe(self, number: int) -> bytes:
        try:
            return os.readlink(b"%d" % number, dir_fd=self._directory())
        except OSError:
            raise OSError(EBADF, "bad descriptor") from None
