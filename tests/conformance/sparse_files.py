"""Holes, seeking beyond the end, sizes."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt

MEGABYTE = 1 << 20
descriptor = os.open("sparse", os.O_CREAT | os.O_RDWR)
attempt("seek far", os.lseek, descriptor, 64 * MEGABYTE, os.SEEK_SET)
attempt("write there", os.write, descriptor, b"end")
attempt("size", lambda: os.fstat(descriptor).st_size)
attempt("takes little", lambda: os.fstat(descriptor).st_blocks * 512 < MEGABYTE)
attempt("zeros before", os.pread, descriptor, 8, 64 * MEGABYTE - 5)
attempt("past the end", os.pread, descriptor, 8, 65 * MEGABYTE)
attempt("first data", os.lseek, descriptor, 0, os.SEEK_DATA)
attempt("hole after it", os.lseek, descriptor, 64 * MEGABYTE, os.SEEK_HOLE)
attempt("data past the end", os.lseek, descriptor, 70 * MEGABYTE, os.SEEK_DATA)
attempt("from the end", os.lseek, descriptor, -3, os.SEEK_END)
attempt("reads", os.read, descriptor, 10)
attempt("before the start", os.lseek, descriptor, -1, os.SEEK_SET)
attempt("odd whence", os.lseek, descriptor, 0, 99)
attempt("seek a pipe", lambda: os.lseek(os.pipe()[0], 0, os.SEEK_SET))
attempt("allocate", os.posix_fallocate, descriptor, 0, 66 * MEGABYTE)
attempt("size", lambda: os.fstat(descriptor).st_size)
attempt("truncate to a hole", os.ftruncate, descriptor, 200 * MEGABYTE)
attempt("size by path", lambda: os.stat("sparse").st_size)
os.close(descriptor)
attempt("closed", os.lseek, descriptor, 0, 0)
with open("sparse", "rb") as file:
    total = 0
    while chunk := file.read(1 << 22):
        total += len(chunk)
print(total)
