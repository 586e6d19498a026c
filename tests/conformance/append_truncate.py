"""Append keeps what the file held; truncate shortens and lengthens; offsets are shared."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill

attempt("append", fill, "hello.txt", "more\n", "a")
attempt("holds", content, "hello.txt")
a = os.open("hello.txt", os.O_WRONLY | os.O_APPEND)
b = os.open("hello.txt", os.O_WRONLY | os.O_APPEND)
for descriptor, data in ((a, b"A1"), (b, b"B1"), (a, b"A2")):
    os.lseek(descriptor, 0, 0)
    os.write(descriptor, data)
attempt("two appenders", content, "hello.txt")
attempt("size seen by both", lambda: os.fstat(a).st_size == os.fstat(b).st_size)
attempt("pwrite on an appender", os.pwrite, a, b"P", 0)
attempt("holds", content, "hello.txt")
attempt("shorter", os.truncate, "hello.txt", 3)
attempt("holds", content, "hello.txt")
attempt("longer", os.truncate, "hello.txt", 6)
attempt("holds", content, "hello.txt")
attempt("negative", os.truncate, "hello.txt", -1)
attempt("a directory", os.truncate, "sub", 0)
attempt("ftruncate", os.ftruncate, a, 1)
attempt("ftruncate of a reader", lambda: os.ftruncate(os.open("hello.txt", os.O_RDONLY), 0))
attempt("holds", content, "hello.txt")
with open("numbers.txt", "r+") as file:
    file.seek(4)
    file.truncate()
    file.write("end")
attempt("r+ truncate", content, "numbers.txt")
shared = os.dup(a)
os.lseek(a, 0, 0)
os.close(b)
c = os.open("binary.bin", os.O_RDWR)
d = os.dup(c)
os.read(c, 10)
attempt("a dup shares the offset", os.lseek, d, 0, os.SEEK_CUR)
attempt("overwrite in place", os.write, d, b"xyz")
attempt("read back", os.pread, c, 20, 5)
attempt("size is the same", lambda: os.stat("binary.bin").st_size)
with open("app.conf", "r+b") as file:
    text = file.read()
    file.seek(0)
    file.write(text.replace(b"80", b"8080"))
attempt("rewritten in place", content, "app.conf")
attempt("through the link", fill, "link", "via link\n", "a")
attempt("holds", content, "hello.txt")
