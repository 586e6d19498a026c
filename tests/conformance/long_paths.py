"""Paths up to 4095 bytes, trees deeper than a path can name, and back."""

import os
import shutil
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill

start = os.open(".", os.O_RDONLY)
for length in (4094, 4095, 4096, 5000):
    attempt(
        f"dots of {length}",
        lambda: (
            os.stat("./" * ((length - 9) // 2) + "/" * ((length - 9) % 2) + "hello.txt").st_size
        ),
    )
depth = 0
while depth < 40:
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
    depth += 1
fill("bottom", b"deep down")
attempt("relative at the bottom", content, "bottom")
attempt("cwd", lambda: len(os.getcwd()) > 8000)
attempt("absolute is too long", lambda: os.stat("/" + "x/" * 2500))
attempt("up", content, "../" * 40 + "hello.txt")
os.fchdir(start)
count = 0
descriptor = os.dup(start)
while True:
    try:
        deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=descriptor)
    except FileNotFoundError:
        break
    os.close(descriptor)
    descriptor = deeper
    count += 1
print(count, os.listdir(descriptor))
attempt("rmtree", shutil.rmtree, "d" * 200)
attempt("gone", os.path.exists, "d" * 200)
path = "p"
while len(path) < 3800:
    path += "/" + "q" * 100
attempt("makedirs", os.makedirs, path)
attempt("write", fill, path + "/f", b"far away")
attempt("read", content, path + "/f")
attempt("rename the top", os.rename, "p", "r")
attempt("read", content, "r" + path[1:] + "/f")
print(sum(len(files) for _, _, files in os.walk("r")))
