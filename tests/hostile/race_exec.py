"""The program's name is flipped while it is executed, 400 times. Stopped by: Landlock gives
EXECUTE only to what is mapped; whatever starts is under the same filter.
"""

import ctypes
import mmap
import os
import signal
import sys

sys.path.insert(0, ".")
from attack import OUTSIDE, libc

ROUNDS = 400
good, evil = b"/bin/true\0".ljust(200, b"\0"), f"{OUTSIDE}/evil.sh".encode().ljust(200, b"\0")
shared = mmap.mmap(-1, 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(shared))
flipper = os.fork()
if flipper == 0:
    while True:
        shared[:200] = good
        shared[:200] = evil
arguments = (ctypes.c_char_p * 2)(b"x", None)
environment = (ctypes.c_char_p * 1)(None)
libc.execve.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
ran = 0
for _ in range(ROUNDS):
    process = os.fork()
    if process == 0:
        libc.execve(address, arguments, environment)
        os._exit(7)
    # evil.sh ends with 66 and writes beside itself, which the harness looks for as well.
    ran += os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 66
os.kill(flipper, signal.SIGKILL)
os.waitpid(flipper, 0)
print(f"{'ESCAPED' if ran else 'SAFE'} {ran} of {ROUNDS} ran it")
