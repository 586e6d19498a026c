"""Removed and made again: names whose old contents must not shine through."""

import os
import shutil
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill, kind, opened, tree

shutil.rmtree("sub")
attempt("gone", os.path.exists, "sub/one")
attempt("stat", os.stat, "sub")
attempt("again", os.rmdir, "sub")
os.mkdir("sub")
attempt("empty", os.listdir, "sub")
attempt("old file", content, "sub/one")
attempt("make it", fill, "sub/one", b"new")
attempt("deep one", os.path.exists, "sub/three/deep.txt")
os.unlink("hello.txt")
os.mkdir("hello.txt")
attempt("a directory now", kind, "hello.txt")
attempt("with files", fill, "hello.txt/inner", b"x")
attempt("link leads there", lambda: os.listdir("link"))
shutil.rmtree("many")
fill("many", b"a file now")
attempt("a file now", kind, "many")
attempt("not a directory", content, "many/f001")
os.unlink("link")
os.symlink("app.conf", "link")
attempt("another target", content, "link")
os.unlink("numbers.txt")
os.symlink("empty", "numbers.txt")
attempt("a link now", kind, "numbers.txt", follow_symlinks=False)
attempt("exclusive on it", opened, "numbers.txt", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
for _ in range(3):
    fill("flicker", b"1")
    os.unlink("flicker")
attempt("flickered", os.path.exists, "flicker")
for _ in range(3):
    os.unlink("empty")
    fill("empty", b"")
    os.rename("empty", "t")
    os.rename("t", "empty")
attempt("still empty", content, "empty")
os.rename("void", "sub/void")
os.mkdir("void")
fill("void/x", b"")
attempt("two of them", lambda: (os.listdir("void"), os.listdir("sub/void")))
os.rmdir("sub/void")
os.rename("void", "sub/void")
attempt("moved again", os.listdir, "sub/void")
tree()
