"""utime in all forms; which changes touch which times."""

import os
import sys
import time

sys.path.insert(0, ".")
from attempt import attempt, content, fill


def mtime(path):
    return os.stat(path).st_mtime_ns


attempt("planted", mtime, "hello.txt")
attempt("seconds", os.utime, "hello.txt", (1000, 2000))
attempt("read", lambda: (os.stat("hello.txt").st_atime, os.stat("hello.txt").st_mtime))
attempt("nanoseconds", os.utime, "hello.txt", ns=(1, 1_600_000_000_123_456_789))
attempt("read", mtime, "hello.txt")
attempt("negative", os.utime, "hello.txt", (-5, -5))
attempt("read", mtime, "hello.txt")
attempt("directory", os.utime, "sub", (7, 7))
attempt("read", mtime, "sub")
descriptor = os.open("numbers.txt", os.O_RDONLY)
attempt("by a reader", os.utime, descriptor, (8, 8))
attempt("read", mtime, "numbers.txt")
attempt(
    "relative to a directory", lambda: os.utime("one", (9, 9), dir_fd=os.open("sub", os.O_RDONLY))
)
attempt("read", mtime, "sub/one")
attempt("nothing", os.utime, "missing")
start = time.time_ns() - 2_000_000_000
attempt("now", os.utime, "hello.txt")
attempt("is now", lambda: mtime("hello.txt") >= start)
attempt("contents unchanged", content, "hello.txt")
os.utime("sub", (7, 7))
attempt("reading leaves it", lambda: [content("sub/two"), mtime("sub/two")][1])
attempt("writing sets it", lambda: [fill("sub/two", b"x", "ab"), mtime("sub/two") >= start][1])
attempt("and not the directory's", mtime, "sub")
attempt("creating sets the directory's", lambda: [fill("sub/new", b""), mtime("sub") >= start][1])
os.utime("sub", (7, 7))
attempt("unlinking too", lambda: [os.unlink("sub/new"), mtime("sub") >= start][1])
os.utime("sub", (7, 7))
attempt(
    "chmod leaves mtime", lambda: [os.chmod("sub/one", 0o600), mtime("sub/one"), mtime("sub")][1:]
)
attempt("ctime moves", lambda: os.stat("sub/one").st_ctime_ns >= start)
attempt("rename keeps it", lambda: [os.rename("sub/one", "sub/uno"), mtime("sub/uno")][1])
attempt("touch keeps the size", lambda: os.stat("hello.txt").st_size)
attempt(
    "link's own",
    lambda: [os.utime("link", (3, 3), follow_symlinks=False), os.lstat("link").st_mtime][1],
)
