"""Which flags and modes of open(2) work on what, and the errno where they do not."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill, opened

R, W, RW = os.O_RDONLY, os.O_WRONLY, os.O_RDWR
for path in (
    "hello.txt",
    "missing",
    "sub",
    "link",
    "dangling",
    "dirlink",
    "hello.txt/x",
    "sub/",
    "hello.txt/",
    "link/",
    ".",
    "..",
    "",
    "sub/../hello.txt",
    "sub//one",
    "./sub/./two",
):
    for name, flags in (
        ("R", R),
        ("W", W),
        ("RW", RW),
        ("DIR", R | os.O_DIRECTORY),
        ("NOFOLLOW", R | os.O_NOFOLLOW),
        ("DIR|NOFOLLOW", R | os.O_DIRECTORY | os.O_NOFOLLOW),
        ("PATH", os.O_PATH),
    ):
        attempt(f"{path!r} {name}", opened, path, flags)

for mode in ("r", "w", "a", "x", "r+", "w+", "a+", "rb", "wb", "xb", "rw", "z"):
    attempt(f"mode {mode} on old", lambda: open("readonly.txt", mode).close())
    attempt(f"mode {mode} on new", lambda: open(f"new_{mode}", mode).close())
    attempt(f"mode {mode} on directory", lambda: open("sub", mode).close())
fill("hello.txt", b"longer than before\n")
attempt("truncated by w", lambda: open("hello.txt", "w").close())
attempt("holds", content, "hello.txt")
attempt("read of a write-only", lambda: os.read(os.open("empty", W), 1))
attempt("write of a read-only", lambda: os.write(os.open("empty", R), b"x"))
attempt("O_TRUNC read-only", opened, "numbers.txt", R | os.O_TRUNC)
attempt("is empty", content, "numbers.txt")
