"""sendfile, copy_file_range, splice-free copies, vectored and positional input and output."""

import os
import shutil
import sys

sys.path.insert(0, ".")
from attempt import attempt, content

source = os.open("binary.bin", os.O_RDONLY)
target = os.open("copy.bin", os.O_CREAT | os.O_RDWR)
attempt("sendfile", os.sendfile, target, source, 0, 1000)
attempt("sendfile by offset", os.sendfile, target, source, None, 24)
attempt("copy_file_range", os.copy_file_range, source, target, 500, 100, 4000)
attempt("target", lambda: os.pread(target, 10, 4000))
attempt("size", lambda: os.fstat(target).st_size)
attempt("to a reader", os.copy_file_range, source, source, 5, 0, 100)
attempt("sendfile to a reader", os.sendfile, source, target, 0, 5)
attempt("writev", os.writev, target, [b"one", b"two", b"three"])
buffers = [bytearray(3), bytearray(3), bytearray(9)]
os.lseek(target, -11, os.SEEK_CUR)
attempt("readv", os.readv, target, buffers)
print(buffers)
attempt("pwritev", os.pwritev, target, [b"PP", b"QQ"], 2)
attempt("preadv", lambda: (os.preadv(target, buffers, 0), buffers))
attempt("pwrite", os.pwrite, target, b"!", 0)
attempt("pread", os.pread, target, 6, 0)
attempt("pread before the start", os.pread, target, 6, -1)
reader, writer = os.pipe()
attempt("to a pipe", os.sendfile, writer, source, 65, 5)
attempt("from the pipe", os.read, reader, 10)
for function in (shutil.copyfile, shutil.copy, shutil.copy2):
    function("hello.txt", function.__name__)
    attempt(function.__name__, content, function.__name__)
    print(oct(os.stat(function.__name__).st_mode))
attempt("copy2 keeps the time", lambda: os.stat("copy2").st_mtime)
attempt("copyfile onto itself", shutil.copyfile, "hello.txt", "link")
attempt("copyfile of a directory", shutil.copyfile, "sub", "nothing")
