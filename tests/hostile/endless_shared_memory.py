"""Memory without end that is no process's own, and by a process that calls itself like a line of
its status. Stopped by: shared memory counts towards the limit of memory, by descriptor and by
mapping, also when a mapping of one page is all that is left, and a line is looked for where lines
begin.
"""

import ctypes
import mmap
import os
import sys
import time

sys.path.insert(0, ".")

OPTIONS = ["--memory", "150000000"]
STATUS = {125, 137}
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
PIECES, SIZE = 30, 10_000_000  # bounded, should nothing stop it

print("SAFE begins", flush=True)
kept = []
ways = os.fork(), os.fork()
if not ways[0] and not ways[1]:  # anonymous files that are closed again
    for _ in range(PIECES):
        number = os.memfd_create("kept")
        os.write(number, b"x" * SIZE)
        kept.append(libc.mmap(0, 4096, mmap.PROT_READ, mmap.MAP_PRIVATE, number, 0))
        os.close(number)
elif ways[0] and ways[1]:  # anonymous files
    for _ in range(PIECES):
        number = os.memfd_create("kept")
        os.write(number, b"x" * SIZE)
        kept.append(number)
elif ways[0]:  # a mapping that children would share
    for _ in range(PIECES):
        piece = mmap.mmap(-1, SIZE)
        for place in range(0, SIZE, 4096):
            piece[place] = 1
        kept.append(piece)
else:  # under a false name
    ctypes.CDLL(None).prctl(15, b"RssAnon: 1 kB")
    kept.append(b"x" * SIZE * PIECES)
time.sleep(3)
print("ESCAPED no limit", flush=True)
