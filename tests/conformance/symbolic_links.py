"""Symbolic links: absolute, relative, chains, loops, through directories, at the end of paths."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill, kind, opened

here = os.getcwd()
os.symlink(f"{here}/hello.txt", "absolute")
os.symlink("../hello.txt", "sub/up")
os.symlink("dirlink", "dirlink2")
os.symlink("a", "b")
os.symlink("b", "a")
os.symlink("sub/../sub/../hello.txt", "winding")
os.symlink("missing/../hello.txt", "broken")
os.symlink("hello.txt/", "slash")
os.symlink("dirlink/", "dirslash")
os.symlink(".", "dot")
os.symlink("x" * 300, "longname")
for path in (
    "absolute",
    "sub/up",
    "dirlink2/one",
    "dirlink2/up",
    "a",
    "winding",
    "broken",
    "slash",
    "dirslash/one",
    "dot/dot/dot/hello.txt",
    "longname",
    "dirlink/../hello.txt",
):
    attempt(f"read {path}", content, path)
    attempt(f"kind {path}", kind, path)
    attempt(f"own kind {path}", kind, path, follow_symlinks=False)
for count in (39, 40, 41):
    previous = "hello.txt"
    for number in range(count):
        os.symlink(previous, f"chain{count}_{number}")
        previous = f"chain{count}_{number}"
    attempt(f"chain of {count}", content, previous)
attempt("readlink of a file", os.readlink, "hello.txt")
attempt("readlink", os.readlink, "sub/up")
attempt("bytes", os.readlink, b"dirlink")
attempt("empty target", os.symlink, "", "x")
attempt("over a file", os.symlink, "x", "empty")
attempt("over a dangling link", os.symlink, "x", "dangling")
attempt("size is the target's length", lambda: os.lstat("dangling").st_size)
attempt("long target", lambda: os.symlink("t" * 4095, "long4095"))
attempt("too long target", lambda: os.symlink("t" * 4096, "long4096"))
attempt("unlink the link", os.unlink, "dirlink")
attempt("target stays", content, "sub/one")
attempt("rmdir of a link", os.rmdir, "dirslash")
attempt("unlink with a slash", os.unlink, "dirslash/")
attempt("mkdir over a dangling link", os.mkdir, "dangling")
attempt("create through it", fill, "dangling", b"made")
attempt("made the target", content, "nowhere")
attempt("no follow", opened, "absolute", os.O_RDONLY | os.O_NOFOLLOW)
attempt("write through", fill, "absolute", b"through\n")
attempt("arrived", content, "hello.txt")
attempt("realpath", lambda: os.path.relpath(os.path.realpath("dot/sub/up"), here))
attempt("chmod follows", lambda: [os.chmod("absolute", 0o600), kind("hello.txt")][1])
attempt("utime of the link", lambda: os.utime("absolute", (5, 5), follow_symlinks=False))
print(os.lstat("absolute").st_mtime, os.stat("absolute").st_mtime == 5)
attempt("lstat mode", lambda: oct(os.lstat("a").st_mode))
