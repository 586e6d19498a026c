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

Layouts and numbers are those of `kernel_calls.py`.
"""

from __future__ import annotations

import os
import select
import struct
from errno import EBADF, EFAULT, EINTR, ENAMETOOLONG, ENOENT
from fcntl import ioctl

from .kernel_calls import (
    ADDFD,
    NOTIF,
    RESPONSE,
    SECCOMP_ADDFD_FLAG_SEND,
    SECCOMP_ADDFD_FLAG_SETFD,
    SECCOMP_IOCTL_NOTIF_ADDFD,
    SECCOMP_IOCTL_NOTIF_ID_VALID,
    SECCOMP_IOCTL_NOTIF_RECV,
    SECCOMP_IOCTL_NOTIF_SEND,
    SECCOMP_USER_NOTIF_FLAG_CONTINUE,
    pidfd_getfd,
    sync_wake_up,
)

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
            sync_wake_up(host_fd)
        except OSError:
            pass  # before Linux 6.6: slower, nothing else

    def receive(self) -> Notification | None:
        """The next call: (id, tid, flags, nr, arch, ip, 6 arguments). None: nobody is left, or a
        signal came."""
        buffer = self._buffer
        buffer[:] = _ZEROS
        try:
            ioctl(self.host_fd, SECCOMP_IOCTL_NOTIF_RECV, buffer)
        except OSError as error:
            if error.errno in (ENOENT, EINTR):
                return None
            raise
        return NOTIF.unpack(buffer)

    def is_deserted(self) -> bool:
        """After `receive` gave None: is nobody left who could call? Waits 50 ms at most for a call,
        without holding up other threads."""
        poll = select.poll()
        poll.register(self.host_fd, select.POLLIN)
        return any(events & select.POLLHUP for _, events in poll.poll(50))

    def reply(self, call: int, value: int) -> bool:
        try:  # `_send` without the call: every answer passes here
            ioctl(self.host_fd, SECCOMP_IOCTL_NOTIF_SEND, RESPONSE.pack(call, value, 0, 0))
        except OSError as error:
            if error.errno == ENOENT:
                return False
            raise
        return True

    def fail(self, call: int, errno: int) -> bool:
        return self._send(RESPONSE.pack(call, 0, -errno, 0))

    def resume(self, call: int) -> bool:
        """CONTINUE: let the kernel do it."""
        return self._send(RESPONSE.pack(call, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE))

    def _send(self, response: bytes) -> bool:
        try:
            ioctl(self.host_fd, SECCOMP_IOCTL_NOTIF_SEND, response)
        except OSError as error:
            if error.errno == ENOENT:
                return False
            raise
        return True

    def give(self, call: int, source: int, cloexec: bool) -> bool:
        """Install `source` in the child and answer with its number. Errors: the child's, EMFILE."""
        flags = os.O_CLOEXEC if cloexec else 0
        request = ADDFD.pack(call, SECCOMP_ADDFD_FLAG_SEND, source, 0, flags)
        while True:
            try:
                ioctl(self.host_fd, SECCOMP_IOCTL_NOTIF_ADDFD, request)
            except OSError as error:
                if error.errno == ENOENT:
                    return False
                if error.errno == EINTR:
                    continue  # a signal of ours: nothing was installed yet
                raise
            return True

    def install(self, call: int, source: int, cloexec: bool) -> int:
        """Install `source` in the child without answering yet. Returns its number there."""
        flags = os.O_CLOEXEC if cloexec else 0
        # a mutable buffer, or Python returns its bytes instead of the call's result
        request = bytearray(ADDFD.pack(call, 0, source, 0, flags))
        number: int = ioctl(self.host_fd, SECCOMP_IOCTL_NOTIF_ADDFD, request)
        return number

    def replace(self, call: int, source: int, number: int, cloexec: bool) -> None:
        """Put `source` in the place of a descriptor of the child, without answering yet."""
        flags = os.O_CLOEXEC if cloexec else 0
        request = ADDFD.pack(call, SECCOMP_ADDFD_FLAG_SETFD, source, number, flags)
        ioctl(self.host_fd, SECCOMP_IOCTL_NOTIF_ADDFD, request)

    def alive(self, call: int) -> bool:
        """Does the thread still wait for this answer?"""
        try:
            ioctl(self.host_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, _ID.pack(call))
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
        host_fd = self._host_fd
        if host_fd < 0:
            host_fd = self._descriptor()
        try:
            piece = os.pread(host_fd, 256, address)
        except (OSError, OverflowError):
            raise OSError(EFAULT, "bad address") from None
        end = piece.find(b"\0")
        if 0 <= end < limit:  # nearly all of them
            return piece[:end]
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
        host_fd = self._host_fd
        if host_fd < 0:
            host_fd = self._descriptor()
        try:
            done = os.pwrite(host_fd, data, address)
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
        process = os.pidfd_open(self.pid)
        try:
            return pidfd_getfd(process, number)
        finally:
            os.close(process)

    def numbers(self) -> list[int]:
        return [int(name) for name in os.listdir(b"/proc/%d/fd" % self.pid)]

    def closes_on_exec(self, number: int) -> bool:
        with open(f"/proc/{self.pid}/fdinfo/{number}") as lines:
            flags = next(line for line in lines if line.startswith("flags:"))
        return bool(int(flags.split()[1], 8) & os.O_CLOEXEC)

    def describe(self, number: int) -> bytes:
        try:
            return os.readlink(b"%d" % number, dir_fd=self._directory())
        except OSError:
            raise OSError(EBADF, "bad descriptor") from None
