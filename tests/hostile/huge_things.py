"""Sizes that overflow: files of 8 EB, names, arguments, directories 1,500 deep. Stopped by:
limits on everything the child makes the mediator hold; a hole takes no room.
"""

import os
import subprocess
import sys

sys.path.insert(0, ".")
from attack import attack, call, errno, libc


def tried(label, action):
    try:
        result = action()
        print("SAFE", label, repr(result)[:80])
    except OSError as error:
        print("SAFE", label, errno.errorcode.get(error.errno, error.errno))
    except (MemoryError, ValueError, OverflowError) as error:
        print("SAFE", label, type(error).__name__)


descriptor = os.open("sparse", os.O_CREAT | os.O_RDWR)
for size in (2**63 - 1, 2**62, 2**50, 2**43):
    tried(f"truncate to {size}", lambda: os.ftruncate(descriptor, size))
    tried(f"write at {size - 1}", lambda: os.pwrite(descriptor, b"x", size - 1))
    tried("truncate by path", lambda: os.truncate("hello.txt", size))
    tried("seek", lambda: os.lseek(descriptor, size - 1, os.SEEK_SET))
    tried("allocate", lambda: os.posix_fallocate(descriptor, 0, size) if size > 2**60 else None)
os.ftruncate(descriptor, 0)
os.truncate("hello.txt", 0)
tried("path of a megabyte", lambda: os.stat("x" * 1_000_000))
tried("path of a megabyte of slashes", lambda: os.stat("/" * 1_000_000))
tried("link target of a megabyte", lambda: os.symlink("x" * 1_000_000, "l"))
tried("argument of 3 MB", lambda: subprocess.run(["true", "x" * 3_000_000]))
tried("100,000 arguments", lambda: subprocess.run(["true", *["x"] * 100_000]).returncode)
tried("million arguments", lambda: subprocess.run(["true", *["x" * 10] * 1_000_000]).returncode)
tried(
    "environment of 4 MB",
    lambda: subprocess.run(["true"], env={f"V{n}": "x" * 1000 for n in range(4000)}),
)
start = os.open(".", os.O_RDONLY)
depth = 0
try:
    while depth < 1500:
        os.mkdir("deep")
        os.chdir("deep")
        depth += 1
except OSError as error:
    print("SAFE depth", errno.errorcode[error.errno])
print("SAFE", depth)
tried("cwd", lambda: len(os.getcwd()))
tried("up", lambda: os.stat("../" * 1300).st_mode)
os.fchdir(start)
tried("names listed", lambda: len(os.listdir(".")))
attack("read of 2 GiB to nowhere", lambda: call(0, descriptor, 0, 2**31) > 0)
attack("readlink to a huge buffer", lambda: libc.readlink(b"planted_link", 8, 2**40) > 0)
