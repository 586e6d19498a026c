"""O_EXCL makes a file once, never through a link."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, opened

X = os.O_CREAT | os.O_EXCL | os.O_WRONLY
for path in (
    "hello.txt",
    "sub",
    "link",
    "dangling",
    "dirlink",
    "fresh",
    "fresh",
    "sub/fresh",
    "void/",
    "newdir/",
    "missing/fresh",
):
    attempt(f"exclusive {path}", opened, path, X)
attempt("no target was made", os.path.lexists, "nowhere")
os.unlink("hello.txt")
attempt("after unlink", opened, "hello.txt", X)
attempt("it is empty", lambda: os.stat("hello.txt").st_size)
os.unlink("hello.txt")
os.mkdir("hello.txt")
attempt("a directory took the name", opened, "hello.txt", X)
os.rmdir("hello.txt")
attempt("and gave it back", opened, "hello.txt", X)
for mode in (0o777, 0o640, 0o000):
    os.umask(0o022)
    attempt(f"mode {mode:o}", opened, f"m{mode:o}", X, mode)
    print(oct(os.stat(f"m{mode:o}").st_mode))
attempt("twice by mode x", lambda: open("once", "x").close())
attempt("twice by mode x", lambda: open("once", "x").close())
