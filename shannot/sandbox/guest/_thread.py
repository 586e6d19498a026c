"""`_thread` for a Python with one thread: locks work, and no thread can be started."""

import _signal
from time import monotonic, sleep

error = RuntimeError
TIMEOUT_MAX = 9223372036.0
_NAP = 0.05


class LockType:
    """A lock. Who would wait for ever for it, since nobody else can release it, gets an error."""

    __module__ = "_thread"

    def __init__(self):
        self._taken = False

    def acquire(self, blocking=True, timeout=-1):
        """Take it. Returns whether it could be had."""
        _check_timeout(blocking, timeout)
        if not self._taken:
            self._taken = True
            return True
        return _wait_in_vain(blocking, timeout)

    def release(self):
        """Give it back. Raises RuntimeError where nobody has it."""
        if not self._taken:
            raise RuntimeError("release unlocked lock")
        self._taken = False

    def locked(self):
        """Does anybody have it?"""
        return self._taken

    acquire_lock, release_lock, locked_lock = acquire, release, locked

    def __enter__(self):
        self.acquire()
        return True

    def __exit__(self, *exception):
        self.release()

    def __repr__(self):
        state = "locked" if self._taken else "unlocked"
        return "<%s _thread.lock object at %#x>" % (state, id(self))


class RLock:
    """A lock that its owner may take again."""

    __module__ = "_thread"

    def __init__(self):
        self._count = 0

    def acquire(self, blocking=True, timeout=-1):
        """Take it once more: the only thread has it already, or nobody."""
        _check_timeout(blocking, timeout)
        self._count += 1
        return True

    def release(self):
        """Give it back once. Raises RuntimeError where it is not taken."""
        if not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1

    def __enter__(self):
        self._count += 1
        return True

    def __exit__(self, *exception):
        self.release()

    def _is_owned(self):
        return self._count > 0

    def _release_save(self):
        if not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        count, self._count = self._count, 0
        return count, get_ident()

    def _acquire_restore(self, state):
        self._count = state[0]

    def __repr__(self):
        state = "locked" if self._count else "unlocked"
        return "<%s _thread.RLock object owner=%d count=%d at %#x>" % (
            state, get_ident() if self._count else 0, self._count, id(self)
        )  # fmt: skip


def _check_timeout(blocking, timeout):
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError("timeout value must be positive")
    if timeout > TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")


def _wait_in_vain(blocking, timeout):
    if not blocking:
        return False
    if timeout < 0:
        raise RuntimeError("this would wait for ever: there is no other thread")
    end = monotonic() + timeout
    while monotonic() < end:
        sleep(min(_NAP, max(0, end - monotonic())))
    return False


def allocate_lock():
    """A new lock."""
    return LockType()


allocate = allocate_lock
_set_sentinel = allocate_lock


def start_new_thread(function, args, kwargs=None):
    """Raises RuntimeError: threads cannot be had."""
    raise RuntimeError("can't start new thread: this Python has no threads")


start_new = start_new_thread


def get_ident():
    """The number of the only thread."""
    return 1


def get_native_id():
    """The number of the process, as Linux gives its first thread."""
    import os

    return os.getpid()


def stack_size(size=0):
    """The size cannot be set."""
    if size:
        raise ValueError("setting stack size not supported")
    return 0


def _count():
    return 0


def interrupt_main():
    """As if the user had interrupted: the handler of SIGINT is called, where there is one."""
    handler = _signal.getsignal(_signal.SIGINT)
    if callable(handler):
        handler(_signal.SIGINT, None)


def exit():
    """End the only thread."""
    raise SystemExit


exit_thread = exit


class _local:
    """Attributes of the only thread."""

    def __new__(cls, *args, **named):
        if (args or named) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        return object.__new__(cls)
