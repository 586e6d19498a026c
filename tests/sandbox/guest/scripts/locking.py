"""`fcntl`: locks and flags, the same with the standard library's and the guest's."""

import fcntl
import os
import tempfile


def attempt(name, call, *args):
    try:
        result = call(*args)
    except Exception as error:
        result = "%s %s" % (type(error).__name__, getattr(error, "errno", ""))
    print(name, result)


os.chdir(tempfile.mkdtemp())
with open("held", "w") as file:
    file.write("x" * 10)
    file.flush()
    one, other = (os.open("held", os.O_RDWR) for _ in range(2))
    reader = os.open("held", os.O_RDONLY)
    attempt("exclusive", fcntl.flock, one, fcntl.LOCK_EX)
    attempt("second", fcntl.flock, other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    attempt("shared", fcntl.flock, reader, fcntl.LOCK_SH | fcntl.LOCK_NB)
    attempt("unlock", fcntl.flock, one, fcntl.LOCK_UN)
    attempt("shared", fcntl.flock, reader, fcntl.LOCK_SH)
    attempt("shared too", fcntl.flock, other, fcntl.LOCK_SH | fcntl.LOCK_NB)
    attempt("upgrade", fcntl.flock, other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(reader)
    attempt("alone", fcntl.flock, other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    attempt("an object", fcntl.flock, file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    attempt("nothing", fcntl.flock, one, 0)
    attempt("record", fcntl.lockf, one, fcntl.LOCK_EX | fcntl.LOCK_NB, 3, 2)
    attempt("unlock", fcntl.lockf, one, fcntl.LOCK_UN)
    attempt("place", os.lseek, one, 0, os.SEEK_CUR)
    for number in (one, os.open("held", os.O_WRONLY | os.O_APPEND), os.pipe()[0]):
        found = fcntl.fcntl(number, fcntl.F_GETFL)
        print(
            found & getattr(os, "O_ACCMODE", 3),
            bool(found & os.O_APPEND),
            bool(found & os.O_NONBLOCK),
        )
        fcntl.fcntl(number, fcntl.F_SETFL, found | os.O_NONBLOCK)
        print(os.get_blocking(number), bool(fcntl.fcntl(number, fcntl.F_GETFL) & os.O_NONBLOCK))
        print(fcntl.fcntl(number, fcntl.F_GETFD), os.get_inheritable(number))
        fcntl.fcntl(number, fcntl.F_SETFD, 0)
        print(fcntl.fcntl(number, fcntl.F_GETFD), os.get_inheritable(number))
gone = os.dup(one)
os.close(gone)
attempt("closed", fcntl.flock, gone, fcntl.LOCK_SH)
attempt("closed", fcntl.fcntl, gone, fcntl.F_GETFL)
