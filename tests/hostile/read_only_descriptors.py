"""A descriptor that is open for reading still lets its owner change the file's metadata. Stopped
by: those calls are answered by the virtual kernel; what they change is the layer. The harness
compares the host.
"""

import ctypes
import fcntl
import mmap
import os
import struct
import sys

sys.path.insert(0, ".")
from attack import attack, call, libc

FS_IOC_SETFLAGS, FICLONE, FITRIM = 0x40086602, 0x40049409, 0xC0185879


def writable(descriptor):
    """Map shared and read-only, then ask for more; the bytes would be the host file's."""
    libc.mmap.restype = ctypes.c_void_p
    address = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    if address == 2**64 - 1:
        return None
    return libc.mprotect(ctypes.c_void_p(address), 4096, mmap.PROT_READ | mmap.PROT_WRITE) == 0


for path in ("hello.txt", "sub", "greet.sh", "link"):
    for flags in (os.O_RDONLY, os.O_PATH):
        descriptor = os.open(path, flags)
        proc = f"/proc/self/fd/{descriptor}"
        attack("fchmod", lambda: os.fchmod(descriptor, 0o777))
        attack("fchown", lambda: os.fchown(descriptor, 12345, 12345))
        attack("futimens", lambda: os.utime(descriptor, (1, 1)))
        attack("fsetxattr", lambda: os.setxattr(descriptor, "user.x", b"x"))
        attack("flags", lambda: fcntl.ioctl(descriptor, FS_IOC_SETFLAGS, struct.pack("l", 0x20)))
        attack("trim", lambda: fcntl.ioctl(descriptor, FITRIM, bytes(24)) and None)
        attack("ftruncate", lambda: os.ftruncate(descriptor, 0))
        attack("chmod by /proc", lambda: os.chmod(proc, 0o777))
        attack("utime by /proc", lambda: os.utime(proc, (1, 1)))
        attack("truncate by /proc", lambda: os.truncate(proc, 0))
        attack("write by /proc", lambda: open(proc, "r+b").write(b"WRITTEN") and None)
        attack("fchmodat with an empty path", lambda: call(452, descriptor, b"", 0o777, 0x1000))
        attack("allocate", lambda: os.posix_fallocate(descriptor, 0, 1 << 20))
        attack("lease", lambda: fcntl.fcntl(descriptor, 1024, fcntl.F_WRLCK))
        attack("map shared for writing", lambda: mmap.mmap(descriptor, 0, access=mmap.ACCESS_WRITE))
        attack("make a read-only view writable", writable, descriptor)
        attack(
            "link by descriptor", lambda: os.link(proc, f"linked{descriptor}", follow_symlinks=True)
        )
        attack(
            "clone into it",
            lambda: fcntl.ioctl(descriptor, FICLONE, os.open("numbers.txt", os.O_RDONLY)) and None,
        )
        attack(
            "set append and write",
            lambda: (
                [fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND), os.write(descriptor, b"x")]
                and None
            ),
        )
        attack("notification", lambda: fcntl.fcntl(descriptor, 1026, 0x80000001) and None)
