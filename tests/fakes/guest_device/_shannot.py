"""Stands in for the guest's `_shannot` on a Python that can fork: real programs, no mediator."""

import _signal
import fcntl
import os
import select
from _socket import socketpair


def start(directory, numbers, restore_signals, candidates, argv, environment):
    variables = dict(entry.split(b"=", 1) for entry in environment)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        failure = 2
        try:
            if directory:
                os.chdir(directory)
            for target, number in enumerate([os.dup(number) for number in numbers]):
                os.dup2(number, target)
            if restore_signals:
                for number in (13, 25):  # PIPE, XFSZ
                    _signal.signal(number, _signal.SIG_DFL)
            for path in candidates:
                try:
                    os.execve(path, argv, variables)
                except OSError as error:
                    if failure in (2, 20):
                        failure = error.errno
        except OSError as error:
            failure = error.errno
        finally:
            os.write(writer, b"%d" % failure)
            os._exit(255)
    os.close(writer)
    told = os.read(reader, 10)
    os.close(reader)
    if told:
        os.waitpid(pid, 0)
        raise OSError(int(told), os.strerror(int(told)))
    return pid


def poll(milliseconds, wanted):
    waiting = select.poll()
    for number, events in wanted:
        waiting.register(number, events)
    return waiting.poll(None if milliseconds < 0 else milliseconds)


def flock(number, operation):
    fcntl.flock(number, operation)


def flags(number):
    mask = os.O_ACCMODE | os.O_APPEND | os.O_NONBLOCK
    return fcntl.fcntl(number, fcntl.F_GETFL) & mask


def refuse(family):
    """There is nobody to tell."""


def pair():
    one, other = socketpair()
    return one.detach(), other.detach()
