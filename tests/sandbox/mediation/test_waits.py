"""What a call that waited finds when it has its answer."""

import fcntl
import os
from pathlib import Path
from typing import cast

from shannot.sandbox.channel.seccomp_notify import Listener
from shannot.sandbox.mediation.waits import _try, _Wait


class _CallerThatClosesAtOnce:
    """A listener whose caller closes its descriptor with the call after the answer."""

    def __init__(self, descriptor: int, other: int) -> None:
        self.descriptor = descriptor
        self.other = other
        self.is_free: bool | None = None

    def alive(self, call: int) -> bool:
        return True

    def reply(self, call: int, value: int) -> None:
        os.close(self.descriptor)
        try:
            fcntl.flock(self.other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.is_free = False
        else:
            self.is_free = True

    def fail(self, call: int, errno: int) -> None:
        self.reply(call, -errno)


def _caller(tmp_path: Path) -> _CallerThatClosesAtOnce:
    path = tmp_path / "file"
    path.touch()
    return _CallerThatClosesAtOnce(os.open(path, os.O_RDWR), os.open(path, os.O_RDWR))


def test_a_lock_that_was_waited_for_ends_with_the_callers_own_descriptor(tmp_path: Path) -> None:
    caller = _caller(tmp_path)
    taken = fcntl.LOCK_EX | fcntl.LOCK_NB
    wait = _Wait(
        1, os.getpid(), os.dup(caller.descriptor), lambda shared: fcntl.flock(shared, taken), None
    )
    assert _try(cast(Listener, caller), wait)
    assert caller.is_free is True
    os.close(caller.other)


def test_a_lock_held_by_a_caller_whose_wait_fails_ends_with_its_descriptor(tmp_path: Path) -> None:
    caller = _caller(tmp_path)
    fcntl.flock(caller.descriptor, fcntl.LOCK_EX)

    def fails(shared: int) -> None:
        raise OSError(35, "deadlock")

    wait = _Wait(1, os.getpid(), os.dup(caller.descriptor), fails, None)
    assert _try(cast(Listener, caller), wait)
    assert caller.is_free is True
    os.close(caller.other)
