"""`_signal` for a Python that no signal ever reaches: handlers can be set, and are not called.

What would wait for a signal, or have one sent later, fails when it is used.
"""

import errno
import os

import _shannot_start

NSIG = 65
SIG_DFL = 0
SIG_IGN = 1
SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK = 0, 1, 2
ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF = 0, 1, 2

# signal(7), the numbers of x86 and ARM
SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE = range(1, 9)
SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM = range(9, 16)
SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU = range(17, 25)
SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH, SIGIO, SIGPWR, SIGSYS = range(25, 32)
SIGIOT, SIGCLD, SIGPOLL = SIGABRT, SIGCHLD, SIGIO
SIGRTMIN, SIGRTMAX = 34, 64

_handlers = {}

_shannot_start.begin()


class ItimerError(OSError):
    """Kept for those who catch it."""

    __module__ = "signal"


def default_int_handler(signum, frame):
    """What an interrupt does unless somebody else handles it."""
    raise KeyboardInterrupt


def signal(signalnum, handler):
    """Set a handler. Returns the one before."""
    number = _checked(signalnum)
    if number in (SIGKILL, SIGSTOP):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    if handler not in (SIG_DFL, SIG_IGN) and not callable(handler):
        raise TypeError(
            "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object"
        )
    before = getsignal(number)
    _handlers[number] = handler
    return before


def getsignal(signalnum):
    """The handler that was set last."""
    number = _checked(signalnum)
    return _handlers.get(number, default_int_handler if number == SIGINT else SIG_DFL)


def siginterrupt(signalnum, flag):
    """Nothing is interrupted either way."""
    _checked(signalnum)


def raise_signal(signalnum):
    """Call the handler that this process has set for it, or end by the signal."""
    number = _checked(signalnum)
    handler = getsignal(number)
    if callable(handler):
        handler(number, None)
    elif handler == SIG_DFL:
        os.kill(os.getpid(), number)


def strsignal(signalnum):
    """What the C library calls it, for the usual ones; None where it has no name here."""
    return _NAMES.get(_checked(signalnum))


def valid_signals():
    """All that can be named."""
    return set(range(1, 32)) | set(range(SIGRTMIN, SIGRTMAX + 1))


def _checked(signalnum):
    number = int(signalnum)
    if not 1 <= number < NSIG:
        raise ValueError("signal number out of range")
    return number


def _never(name):
    def fail(*args):
        raise OSError(errno.ENOSYS, "%s: no signal reaches this Python" % name)

    fail.__name__ = name
    return fail


def alarm(seconds):
    """Only 0, which takes back an alarm, can be had."""
    return 0 if seconds == 0 else _never("alarm")()


def getitimer(which):
    """No timer is ever set."""
    return (0.0, 0.0)


def set_wakeup_fd(fd, *, warn_on_full_buffer=True):
    """Nothing would ever be written to it."""
    if fd != -1:
        raise ValueError("set_wakeup_fd: no signal reaches this Python")
    return -1


pause = _never("pause")
setitimer = _never("setitimer")

_NAMES = {
    SIGHUP: "Hangup",
    SIGINT: "Interrupt",
    SIGQUIT: "Quit",
    SIGILL: "Illegal instruction",
    SIGABRT: "Aborted",
    SIGFPE: "Floating point exception",
    SIGKILL: "Killed",
    SIGSEGV: "Segmentation fault",
    SIGPIPE: "Broken pipe",
    SIGALRM: "Alarm clock",
    SIGTERM: "Terminated",
    SIGCHLD: "Child exited",
    SIGSTOP: "Stopped (signal)",
}
