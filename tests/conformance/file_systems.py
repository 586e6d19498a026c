"""statvfs, fsync, preallocation, advice: the calls about the store below."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt

for path in (".", "hello.txt", "sub", "link"):
    status = os.statvfs(path)
    print(path, status.f_bsize > 0, status.f_blocks >= status.f_bfree >= 0, status.f_namemax)
descriptor = os.open("hello.txt", os.O_RDWR)
attempt("fstatvfs", lambda: os.fstatvfs(descriptor).f_namemax)
attempt("missing", os.statvfs, "missing")
attempt("fsync", os.fsync, descriptor)
attempt("fdatasync", os.fdatasync, descriptor)
attempt("fsync of a directory", lambda: os.fsync(os.open("sub", os.O_RDONLY)))
attempt("allocate", os.posix_fallocate, descriptor, 0, 100)
attempt("size", lambda: os.fstat(descriptor).st_size)
attempt("advice", os.posix_fadvise, descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
attempt("sync", os.sync)
attempt("blocking", lambda: os.get_blocking(descriptor))
attempt("mknod of a file", os.mknod, "node", 0o600)
attempt("made", lambda: oct(os.stat("node").st_mode))
attempt("name limit", os.fpathconf, descriptor, "PC_PATH_MAX")
