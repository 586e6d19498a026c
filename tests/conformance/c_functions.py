"""ctypes: the C library's own calls see the same files."""

import ctypes
import errno
import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    result = getattr(libc, name)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


attempt("getpid", lambda: call("getpid") == os.getpid())
attempt("mkdir", call, "mkdir", b"by_c", 0o755)
attempt("again", call, "mkdir", b"by_c", 0o755)
attempt("access", call, "access", b"hello.txt", os.R_OK)
attempt("null path", call, "open", None, os.O_RDONLY)
attempt("bad pointer", call, "open", ctypes.c_void_p(1), os.O_RDONLY)
descriptor = call("open", b"hello.txt", os.O_RDWR)
buffer = ctypes.create_string_buffer(20)
attempt("read", call, "read", descriptor, buffer, 5)
print(buffer.value)
attempt("read to a bad pointer", call, "read", descriptor, ctypes.c_void_p(1), 5)
attempt("write", call, "write", descriptor, b"by C", 4)
attempt("rename", call, "rename", b"hello.txt", b"by_c/moved")
print(content("by_c/moved"))
attempt("system", lambda: call("system", b"exit 3") >> 8)
libc.fopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fopen(b"stream", b"w"))
attempt("fputs", lambda: call("fputs", b"buffered\n", stream) >= 0)
attempt("fclose", call, "fclose", stream)
print(content("stream"))
attempt(
    "syscall mkdir", call, "syscall", 83, b"raw", 0o700
) if os.uname().machine == "x86_64" else os.mkdir("raw")
print(os.path.isdir("raw"))
libc.realpath.restype = ctypes.c_char_p
attempt("realpath", lambda: libc.realpath(b"by_c/../raw/.", None).endswith(b"/raw"))
print(errno.errorcode[2])
array = (ctypes.c_int * 5)(5, 3, 1, 4, 2)
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
libc.qsort(array, 5, ctypes.sizeof(ctypes.c_int), compare(lambda a, b: a[0] - b[0]))
print(list(array))
