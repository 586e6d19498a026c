"""Runs inside each contestant: `inside.py DIRECTORY NAME…` prints {name: seconds a time}.

It changes nothing, so that it is the same work natively and in a sandbox.
"""

import json
import mmap
import os
import subprocess
import sys
import time


def each(action, count):
    """Seconds one call takes: the best of five rounds."""
    action()
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(count):
            action()
        best = min(best, (time.perf_counter() - start) / count)
    return best


def once(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def open_close():
    os.close(os.open(SMALL, os.O_RDONLY))


def whole_read():
    with open(SMALL) as file:
        file.read()


def library_walk():
    for _ in os.walk(os.path.dirname(os.__file__)):
        pass


def big_read():
    descriptor = os.open(BIG, os.O_RDONLY)
    while os.read(descriptor, 1 << 16):
        pass
    os.close(descriptor)


def big_map():
    descriptor = os.open(BIG, os.O_RDONLY)
    with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as view:
        view.find(b"nowhere in it")
    os.close(descriptor)


def loop():
    total = 0
    for number in range(2_000_000):
        total += number * number
    return total


def spawn():
    subprocess.run(["true"], check=True)


def failing_stat():
    try:
        os.stat(MISSING)
    except FileNotFoundError:
        pass


DIRECTORY = sys.argv[1]
SMALL, BIG, MISSING = (os.path.join(DIRECTORY, name) for name in ("small", "big", "missing"))
LISTED = os.path.join(DIRECTORY, "two_hundred")
HELD = os.open(SMALL, os.O_RDONLY)
MEASURES = {
    "stat": lambda: each(lambda: os.stat(SMALL), 2000),
    "stat, missing": lambda: each(failing_stat, 2000),
    "open+close": lambda: each(open_close, 2000),
    "fstat": lambda: each(lambda: os.fstat(HELD), 2000),
    "with open: read": lambda: each(whole_read, 500),
    "listdir of 200": lambda: each(lambda: os.listdir(LISTED), 50),
    "walk of the library": lambda: min(once(library_walk) for _ in range(3)),
    "read 64 MiB": lambda: min(once(big_read) for _ in range(3)),
    "map, search 64 MiB": lambda: min(once(big_map) for _ in range(3)),
    "2 million additions": lambda: min(once(loop) for _ in range(3)),
    "spawn true": lambda: min(once(spawn) for _ in range(5)),
}
print(json.dumps({name: MEASURES[name]() for name in sys.argv[2:] or MEASURES}))
