"""A traceback on stderr, text on stdout, status 1, and the exit hooks run."""

import atexit
import os
import sys

sys.path.insert(0, ".")
from attempt import content

atexit.register(lambda: print("hook", content("hello.txt")))
atexit.register(lambda: open("by_hook", "w").write("late"))
print(os.path.exists("by_hook"))
print("stdout before")
sys.stderr.write("stderr before\n")


def fails():
    raise ValueError("a message: ünïcode")


fails()
