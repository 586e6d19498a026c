"""Record locks that belong to the open file, fcntl(2): F_OFD_SETLK and its like."""

import fcntl
import os
import signal
import struct
import sys
import time

sys.path.insert(0, ".")
from attempt import attempt

GETLK, SETLK, SETLKW = 36, 37, 38


def lock(number, command, kind, start=0, length=0):
    data = struct.pack("=hh4xqqi4x", kind, os.SEEK_SET, start, length, 0)
    return struct.unpack("=hh4xqqi4x", fcntl.fcntl(number, command, data))


a = os.open("new", os.O_RDWR | os.O_CREAT)
b = os.open("new", os.O_RDWR)
attempt("exclusive", lock, a, SETLK, fcntl.F_WRLCK, 0, 10)
attempt("the same open file", lock, os.dup(a), SETLK, fcntl.F_WRLCK, 0, 10)
attempt("another", lock, b, SETLK, fcntl.F_WRLCK, 5, 10)
attempt("elsewhere", lock, b, SETLK, fcntl.F_WRLCK, 10, 10)
attempt("who has it", lock, b, GETLK, fcntl.F_WRLCK, 0, 5)
attempt("nobody", lock, b, GETLK, fcntl.F_WRLCK, 30, 5)
attempt("unlock", lock, a, SETLK, fcntl.F_UNLCK)
attempt("now", lock, b, SETLK, fcntl.F_RDLCK, 0, 10)
attempt(
    "a number of a process", lambda: fcntl.fcntl(a, SETLK, struct.pack("=hh4xqqi4x", 1, 0, 0, 0, 7))
)
attempt("unknown kind", lock, a, SETLK, 9)
attempt("no file", lock, 99, SETLK, fcntl.F_WRLCK)
reader, writer = os.pipe()
if os.fork() == 0:
    c = os.open("new", os.O_RDWR)
    os.write(writer, b"waits ")
    lock(c, SETLKW, fcntl.F_WRLCK, 0, 10)
    os.write(writer, b"has it ")
    os._exit(0)
attempt("begins", os.read, reader, 99)
time.sleep(0.05)
lock(b, SETLK, fcntl.F_UNLCK)
os.wait()
attempt("ends", os.read, reader, 99)


def interrupted(number, frame):
    signal.setitimer(signal.ITIMER_REAL, 0)
    raise TimeoutError


lock(b, SETLK, fcntl.F_WRLCK)
signal.signal(signal.SIGALRM, interrupted)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)  # again, if the first one comes too early
attempt("interrupted", lock, a, SETLKW, fcntl.F_WRLCK)
os.close(b)
attempt("gone with its descriptor", lock, a, SETLK, fcntl.F_WRLCK)
