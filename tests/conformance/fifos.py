"""FIFOs: made, opened from both ends in either order, without waiting, interrupted, removed."""

import os
import signal
import stat
import subprocess
import sys
import time

sys.path.insert(0, ".")
from attempt import attempt

os.umask(0o022)
attempt("mkfifo", os.mkfifo, "pipe", 0o666)
attempt("again", os.mkfifo, "pipe")
attempt("mode", lambda: (stat.S_ISFIFO(os.stat("pipe").st_mode), oct(os.stat("pipe").st_mode)))
attempt("listed", lambda: "pipe" in os.listdir("."))
attempt("kind", lambda: [e.is_file() for e in os.scandir(".") if e.name == "pipe"])
attempt("nobody reads", os.open, "pipe", os.O_WRONLY | os.O_NONBLOCK)
attempt("as a directory", os.open, "pipe", os.O_RDONLY | os.O_DIRECTORY)
attempt("as a program", subprocess.call, ["./pipe"])
attempt("truncate", os.truncate, "pipe", 0)
attempt("access", lambda: [os.access("pipe", how) for how in (os.R_OK, os.W_OK, os.X_OK)])


def both(first, second):
    """Two processes open an end each; what the second says is read by the first."""
    reading = os.fork()
    if reading == 0:
        if first != os.O_RDONLY:
            time.sleep(0.05)
        with open("pipe", "rb") as end:
            data = end.read()
        os._exit(len(data))
    if second != os.O_WRONLY:
        time.sleep(0.05)
    with open("pipe", "wb") as end:
        end.write(b"x" * 70)
    return os.waitstatus_to_exitcode(os.waitpid(reading, 0)[1])


attempt("the reader waits", both, os.O_RDONLY, None)
attempt("the writer waits", both, None, os.O_WRONLY)
reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
attempt("end of nothing", os.read, reader, 9)
writer = os.open("pipe", os.O_WRONLY)
attempt("nothing yet", os.read, reader, 9)
os.write(writer, b"hello")
attempt("something", os.read, reader, 9)
attempt(
    "status", lambda: (os.fstat(reader).st_ino == os.stat("pipe").st_ino, os.fstat(reader).st_size)
)
attempt("seek", os.lseek, reader, 0, os.SEEK_SET)
attempt("blocking", lambda: (os.get_blocking(reader), os.get_blocking(writer)))
attempt("inherited", lambda: (os.get_inheritable(reader), os.get_inheritable(writer)))
os.close(reader)
attempt("nobody reads any more", os.write, writer, b"x")
os.close(writer)
two = os.open("pipe", os.O_RDWR)
attempt("both ways", lambda: (os.write(two, b"round"), os.read(two, 9)))
os.close(two)


def interrupted(number, frame):
    signal.setitimer(signal.ITIMER_REAL, 0)
    raise TimeoutError("interrupted")


signal.signal(signal.SIGALRM, interrupted)
for flags in (os.O_RDONLY, os.O_WRONLY):
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)  # again, if the first one comes too early
    attempt("interrupted", os.open, "pipe", flags)
waiting = subprocess.Popen(["cat", "pipe"])
time.sleep(0.05)
waiting.kill()
attempt("killed while it waits", waiting.wait)
attempt("shell", subprocess.check_output, "(echo through > pipe) & cat pipe; wait", shell=True)
attempt("chmod", lambda: (os.chmod("pipe", 0o600), oct(os.stat("pipe").st_mode)))
os.utime("pipe", (1, 2))
attempt("times", lambda: os.stat("pipe").st_mtime)
attempt("rename", lambda: (os.rename("pipe", "sub/pipe"), os.listdir("sub").count("pipe")))
attempt("link", lambda: (os.symlink("sub/pipe", "sl"), stat.S_ISFIFO(os.stat("sl").st_mode)))
attempt(
    "in /tmp",
    lambda: (os.mkfifo(f"/tmp/pipe-{os.getpid()}"), os.unlink(f"/tmp/pipe-{os.getpid()}")),
)
attempt("unlink", lambda: (os.unlink("sub/pipe"), os.unlink("sl"), os.path.exists("sub/pipe")))
attempt(
    "device", os.mknod, "device", stat.S_IFCHR | 0o600, os.makedev(250, 250)
) if os.getuid() else None
