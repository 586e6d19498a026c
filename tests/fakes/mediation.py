"""The smallest mediator: one child under a filter, its calls answered by the test."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from fcntl import ioctl

from shannot.sandbox.channel import kernel_calls as kernel


class Notified:
    """One call that waits for an answer."""

    def __init__(self, listener: int) -> None:
        self.listener = listener
        raw = bytearray(kernel.NOTIF.size)
        ioctl(listener, kernel.SECCOMP_IOCTL_NOTIF_RECV, raw)
        self.id, self.pid, _, self.number, self.arch, _, *self.arguments = kernel.NOTIF.unpack(raw)

    def answer(self, value: int = 0, error: int = 0, flags: int = 0) -> None:
        response = kernel.RESPONSE.pack(self.id, value, -error, flags)
        ioctl(self.listener, kernel.SECCOMP_IOCTL_NOTIF_SEND, response)

    def let_pass(self) -> None:
        self.answer(flags=kernel.SECCOMP_USER_NOTIF_FLAG_CONTINUE)

    def hand_over(self, host_fd: int) -> int:
        send = kernel.SECCOMP_ADDFD_FLAG_SEND
        # A bytearray: for bytes `ioctl` returns the buffer and not the child's number.
        order = bytearray(kernel.ADDFD.pack(self.id, send, host_fd, 0, 0))
        return ioctl(self.listener, kernel.SECCOMP_IOCTL_NOTIF_ADDFD, order)

    def valid(self) -> bool:
        try:
            ioctl(self.listener, kernel.SECCOMP_IOCTL_NOTIF_ID_VALID, self.id.to_bytes(8, "little"))
        except FileNotFoundError:
            return False
        return True

    def read(self, address: int, size: int) -> bytes:
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as mem:
            return os.pread(mem.fileno(), size, address)

    def write(self, address: int, data: bytes) -> None:
        with open(f"/proc/{self.pid}/mem", "r+b", buffering=0) as mem:
            assert os.pwrite(mem.fileno(), data, address) == len(data)


class Child:
    """A forked child that runs `body` under `program`, and then exits with what it returns."""

    def __init__(
        self,
        program: bytes,
        body: Callable[[], int | None],
        before: Callable[[], None] | None = None,
    ) -> None:
        reader, writer = os.pipe()
        wait, go = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 99
            try:
                if before is not None:
                    before()
                kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
                os.write(writer, b"%d" % kernel.seccomp_listener(program))
                os.read(wait, 1)
                status = body() or 0
            finally:
                os._exit(status)
        os.close(writer)
        pidfd = kernel.pidfd_open(self.pid)
        self.listener = kernel.pidfd_getfd(pidfd, int(os.read(reader, 16)))
        os.write(go, b"!")
        for fd in (reader, pidfd, wait, go):
            os.close(fd)
        self._poll = select.poll()
        self._poll.register(self.listener, select.POLLIN)

    def next_call(self, seconds: float = 10) -> Notified | None:
        """None when everybody has left."""
        events = self._poll.poll(seconds * 1000)
        assert events, "no call arrived"
        return Notified(self.listener) if events[0][1] & select.POLLIN else None

    def wait(self) -> int:
        """Exit status, negative for a signal, as `os.waitstatus_to_exitcode`."""
        os.close(self.listener)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
