"""dup, inheritance, flags, numbers: descriptors behave as the kernel's own."""

import fcntl
import os
import subprocess
import sys

sys.path.insert(0, ".")
from attempt import attempt, fill

a = os.open("hello.txt", os.O_RDONLY)
b = os.open("empty", os.O_RDONLY)
attempt("the lowest free number", lambda: [os.close(a), os.open("app.conf", os.O_RDONLY) == a][1])
attempt(
    "listing takes none",
    lambda: [os.listdir("."), os.stat("."), os.open("sub", os.O_RDONLY) == b + 1][2],
)
attempt("dup2", lambda: os.dup2(a, 60) == 60)
attempt("inheritable", lambda: (os.get_inheritable(a), os.get_inheritable(60)))
attempt("dup3", lambda: [os.dup2(a, 61, inheritable=False), os.get_inheritable(61)][1])
attempt("dupfd", lambda: fcntl.fcntl(a, fcntl.F_DUPFD, 100))
attempt(
    "access mode",
    lambda: [
        fcntl.fcntl(os.open("empty", f), fcntl.F_GETFL) & os.O_ACCMODE
        for f in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR)
    ],
)
appender = os.open("empty", os.O_WRONLY | os.O_APPEND)
attempt("append flag", lambda: bool(fcntl.fcntl(appender, fcntl.F_GETFL) & os.O_APPEND))
attempt("clear it", fcntl.fcntl, appender, fcntl.F_SETFL, 0)
os.write(appender, b"12345")
os.lseek(appender, 0, 0)
os.write(appender, b"x")
attempt("now overwrites", lambda: open("empty").read())
attempt("close twice", lambda: [os.close(60), os.close(60)])
attempt("terminal ioctl", os.tcgetpgrp, a)
attempt("isatty", os.isatty, a)
attempt("read from 0 bytes", os.read, a, 0)
os.set_inheritable(b, True)
sys.stdout.flush()
fill("note", b"inherited contents")
note = os.open("note", os.O_RDONLY)
print(subprocess.run(["cat", f"/proc/self/fd/{note}"], pass_fds=[note], capture_output=True).stdout)
print(subprocess.run(["cat", "/dev/stdin"], stdin=open("note"), capture_output=True).stdout)
print(subprocess.run(["sh", "-c", f"cat <&{note}"], capture_output=True).returncode != 0)
attempt("memfd", lambda: os.write(os.memfd_create("m"), b"memory"))
attempt("eventfd", lambda: os.eventfd_read(os.eventfd(5)))
attempt("fdopen", lambda: os.fdopen(os.dup(note)).read())
attempt("closefd", lambda: open(note, closefd=False).tell())
