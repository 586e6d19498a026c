"""flock and record locks, between processes too."""

import fcntl
import os
import sys

sys.path.insert(0, ".")
from attempt import attempt

a = os.open("hello.txt", os.O_RDWR)
b = os.open("hello.txt", os.O_RDONLY)
NOW = fcntl.LOCK_NB
attempt("exclusive", fcntl.flock, a, fcntl.LOCK_EX | NOW)
attempt("second", fcntl.flock, b, fcntl.LOCK_EX | NOW)
attempt("shared second", fcntl.flock, b, fcntl.LOCK_SH | NOW)
attempt("unlock", fcntl.flock, a, fcntl.LOCK_UN)
attempt("shared", fcntl.flock, a, fcntl.LOCK_SH | NOW)
attempt("shared twice", fcntl.flock, b, fcntl.LOCK_SH | NOW)
attempt("upgrade", fcntl.flock, a, fcntl.LOCK_EX | NOW)
os.close(b)
attempt("after close", fcntl.flock, a, fcntl.LOCK_EX | NOW)
attempt("record", fcntl.lockf, a, fcntl.LOCK_EX | NOW, 10, 0)
attempt(
    "same process again", fcntl.lockf, os.open("hello.txt", os.O_RDWR), fcntl.LOCK_EX | NOW, 10, 0
)
fcntl.flock(a, fcntl.LOCK_EX | NOW)
fcntl.lockf(a, fcntl.LOCK_EX | NOW, 10, 0)
sys.stdout.flush()
child = os.fork()
if child == 0:
    c = os.open("hello.txt", os.O_RDWR)
    attempt("child flock", fcntl.flock, c, fcntl.LOCK_EX | NOW)
    attempt("child record", fcntl.lockf, c, fcntl.LOCK_EX | NOW, 5, 0)
    attempt("child elsewhere", fcntl.lockf, c, fcntl.LOCK_EX | NOW, 5, 100)
    attempt("inherited flock", fcntl.flock, a, fcntl.LOCK_EX | NOW)
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)
d = os.open("hello.txt", os.O_RDONLY)
attempt("record exclusive on a reader", fcntl.lockf, d, fcntl.LOCK_EX | NOW)
attempt("on a directory", fcntl.flock, os.open("sub", os.O_RDONLY), fcntl.LOCK_EX | NOW)
attempt("on a closed number", fcntl.flock, 999, fcntl.LOCK_EX)
with open("new", "w") as file:
    attempt("on a new file", fcntl.flock, file, fcntl.LOCK_EX | NOW)
    attempt("and records", fcntl.lockf, file, fcntl.LOCK_EX | NOW)
