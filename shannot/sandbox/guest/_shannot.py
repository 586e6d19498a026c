"""Asks the mediator through /dev/shannot: the device is described in `kernel/command_device.py`."""

import os

_DEVICE = "/dev/shannot"


def start(directory, numbers, restore_signals, candidates, argv, environment):
    """Start a command: the first of the candidate paths that is a program.

    All strings are bytes; numbers are of stdin, stdout and stderr, -1 for none. restore_signals:
    does a pipe that nobody reads end it? Returns the number of the child. Raises OSError, as execve
    does.
    """
    fields = [b"start", directory]
    fields += [b"%d" % number for number in (*numbers, bool(restore_signals))]
    for several in (candidates, argv, environment):
        fields.append(b"%d" % len(several))
        fields += several
    return int(_answer(fields)[0])


def poll(milliseconds, wanted):
    """Wait until one of the descriptors is ready, as poll(2). wanted: (number, events) of each.

    Returns (number, events) of those that are. -1 milliseconds: for ever.
    """
    fields = [b"poll", b"%d" % milliseconds, b"%d" % len(wanted)]
    for number, events in wanted:
        fields += [b"%d" % number, b"%d" % events]
    told = [int(field) for field in _answer(fields)]
    return list(zip(told[::2], told[1::2]))


def flock(number, operation):
    """flock(2), which never waits. Raises BlockingIOError where it would have to."""
    _answer([b"flock", b"%d" % number, b"%d" % operation])


def flags(number):
    """Of F_GETFL: how it was opened, O_APPEND and O_NONBLOCK."""
    return int(_answer([b"flags", b"%d" % number])[0])


def pair():
    """The two ends of a connection within the script, as descriptors."""
    one = _opened([b"pair"])
    try:
        return one, _opened([b"other"])
    except OSError:
        os.close(one)
        raise


def refuse(family):
    """Tell of a socket that a script wanted, or of what would have needed one. Returns nothing."""
    try:
        _answer([b"socket", b"%d" % (family & 0xFFFF)])
    except OSError:
        return  # as expected


def _answer(fields):
    descriptor = _opened(fields)
    parts = []
    try:
        while True:
            piece = os.read(descriptor, 65536)
            if not piece:
                break
            parts.append(piece)
    finally:
        os.close(descriptor)
    return b"".join(parts).split(b"\0")[:-1]


def _opened(fields):
    body = b"\0".join(fields) + b"\0"
    try:
        descriptor = os.open(_DEVICE, os.O_WRONLY)
        try:
            data = memoryview(b"%d\0" % len(body) + body)
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)
        return os.open(_DEVICE, os.O_RDONLY)
    except OSError as error:
        number = error.errno
    raise OSError(number, os.strerror(number))
