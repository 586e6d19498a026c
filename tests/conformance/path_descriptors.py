"""O_PATH: a name held, not an open file."""

import os
import stat
import sys

sys.path.insert(0, ".")
from attempt import attempt, opened

held = os.open("hello.txt", os.O_PATH)
link = os.open("link", os.O_PATH | os.O_NOFOLLOW)
directory = os.open("sub", os.O_PATH)
attempt("read", os.read, held, 1)
attempt("write", os.write, held, b"x")
attempt("fstat", lambda: os.fstat(held).st_size)
attempt("a link", lambda: stat.S_ISLNK(os.fstat(link).st_mode))
attempt("readlink of it", os.readlink, "", dir_fd=link)
attempt("fchmod", os.fchmod, held, 0o600)
attempt("list", os.listdir, directory)
attempt("relative", opened, "one", os.O_RDONLY, dir_fd=directory)
attempt("fchdir", os.fchdir, directory)
attempt("there", lambda: sorted(os.listdir(".")))
os.chdir("..")
attempt("reopen", lambda: os.read(os.open(f"/proc/self/fd/{held}", os.O_RDONLY), 5))
attempt(
    "reopen for writing", lambda: os.write(os.open(f"/proc/self/fd/{held}", os.O_WRONLY), b"HELLO")
)
attempt("written", lambda: os.read(os.open("hello.txt", os.O_RDONLY), 20))
os.rename("hello.txt", "other")
attempt("reopen after a rename", lambda: os.read(os.open(f"/proc/self/fd/{held}", os.O_RDONLY), 5))
attempt("dup", lambda: os.fstat(os.dup(held)).st_size)
attempt("missing", os.open, "missing", os.O_PATH)
attempt("flags ignored", opened, "other", os.O_PATH | os.O_TRUNC | os.O_CREAT)
attempt("not truncated", lambda: os.stat("other").st_size)
