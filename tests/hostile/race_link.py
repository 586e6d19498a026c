"""A symbolic link is flipped while it is followed, 5,000 times, with another thread too. Stopped
by: the virtual tree resolves links itself and acts on what it found; the host never follows
one.
"""

import os
import signal
import sys
import threading

sys.path.insert(0, ".")
from attack import OUTSIDE, SECRET

ROUNDS = 5_000
flipper = os.fork()
if flipper == 0:
    while True:
        for target in ("hello.txt", SECRET, os.path.abspath(".env")):
            os.symlink(target, "fresh")
            os.rename("fresh", "flip")
        for target in ("sub", OUTSIDE):
            os.symlink(target, "fresh")
            os.rename("fresh", "flip_directory")
reached = read = 0
stop = threading.Event()


def write():
    while not stop.is_set():
        try:
            with open("flip_directory/planted", "a") as file:
                file.write("x")
        except OSError:
            pass


thread = threading.Thread(target=write)
thread.start()
for _ in range(ROUNDS):
    for path in ("flip", "flip_directory/secret.txt"):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        read += 1
        reached += b"CANARY" in os.read(descriptor, 64)
        os.close(descriptor)
stop.set()
thread.join()
os.kill(flipper, signal.SIGKILL)
os.waitpid(flipper, 0)
print(f"{'ESCAPED' if reached else 'SAFE'} {reached} of {ROUNDS} reached it, {read > 0}")
