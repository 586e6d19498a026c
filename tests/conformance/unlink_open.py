"""A removed file lives on while it is open."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill

for path in ("hello.txt", "fresh"):
    if path == "fresh":
        fill(path, b"hello\nworld\n")
    reader = os.open(path, os.O_RDONLY)
    writer = os.open(path, os.O_RDWR | os.O_APPEND)
    attempt("unlink", os.unlink, path)
    attempt("gone", os.path.exists, path)
    attempt("again", os.unlink, path)
    attempt("read", os.read, reader, 5)
    attempt("write", os.write, writer, b"more")
    attempt("read on", os.read, reader, 50)
    attempt("truncate", os.ftruncate, writer, 2)
    attempt("fstat", lambda: (os.fstat(reader).st_size, os.fstat(reader).st_nlink))
    attempt("fchmod", os.fchmod, writer, 0o600)
    attempt("mode", lambda: oct(os.fstat(reader).st_mode))
    attempt("a new one of the name", fill, path, b"second life")
    attempt("old descriptor", os.pread, reader, 50, 0)
    attempt("new contents", content, path)
    os.close(reader)
    os.close(writer)
directory = os.open("void", os.O_RDONLY)
attempt("rmdir while open", os.rmdir, "void")
attempt("list it", os.listdir, directory)
attempt("create in it", lambda: os.open("x", os.O_CREAT | os.O_WRONLY, dir_fd=directory))
attempt("rmdir of a full one", os.rmdir, "sub")
attempt("rmdir of a file", os.rmdir, "numbers.txt")
attempt("unlink of a directory", os.unlink, "sub")
attempt("rmdir of nothing", os.rmdir, "missing")
attempt("rmdir dot", os.rmdir, ".")
attempt("rmdir dotdot", os.rmdir, "sub/..")
