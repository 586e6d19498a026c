"""Pointers to nothing, to the kernel, across the end of memory, as every argument. Stopped by:
each is read once, bounded, and a failed read is EFAULT; the mediator goes on.
"""

import ctypes
import mmap
import os
import sys

sys.path.insert(0, ".")
from attack import X86, libc

page = mmap.mmap(-1, 4096)
end = ctypes.addressof(ctypes.c_char.from_buffer(page)) + 4096
page[4090:] = b"abcdef"
POINTERS = (0, 1, 4095, end - 3, 0x7FFFFFFFF000, 0xFFFF800000000000, 2**64 - 1, 2**63)
# open stat lstat access pipe mkdir rmdir creat link unlink symlink readlink chmod chown truncate chdir rename utimes
X86_PATHS = (2, 4, 6, 21, 83, 84, 85, 86, 87, 88, 89, 90, 92, 76, 80, 82, 235, 137, 133, 94, 132)
AT_PATHS = (257, 258, 259, 260, 262, 263, 264, 265, 266, 267, 268, 269, 280, 316, 332, 437, 439)
GENERIC = (56, 34, 33, 54, 79, 35, 38, 37, 36, 78, 53, 48, 88, 276, 291, 437, 439)
OTHERS = (
    (59, 322, 5, 138, 217, 63, 99, 79, 188, 191, 194, 61, 302, 16, 72, 53, 46, 47)
    if X86
    else (221, 281, 80, 44, 61, 160, 17)
)
calls = (*X86_PATHS, *AT_PATHS, *OTHERS) if X86 else (*GENERIC, *OTHERS)
for number in calls:
    for pointer in POINTERS:
        arguments = [ctypes.c_ulong(pointer)] * 5
        process = os.fork()
        if process == 0:
            libc.syscall(ctypes.c_long(number), *arguments)
            libc.syscall(ctypes.c_long(number), ctypes.c_long(-100), *arguments[:4])
            libc.syscall(ctypes.c_long(number), ctypes.c_long(0), *arguments[:4])
            os._exit(0)
        os.waitpid(process, 0)
print("SAFE" if open("hello.txt").read() == "hello\nworld\n" else "ESCAPED", "still answered")
