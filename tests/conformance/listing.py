"""Listings: names, kinds, rewinding, changes while listing, big directories."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, fill

print(sorted(os.listdir(".")))
print(sorted(os.listdir(b"sub")))
print(sorted(os.listdir("dirlink")))
attempt("a file", os.listdir, "hello.txt")
attempt("nothing", os.listdir, "missing")
with os.scandir(".") as entries:
    for entry in sorted(entries, key=lambda e: e.name):
        print(
            entry.name,
            entry.is_file(),
            entry.is_dir(),
            entry.is_symlink(),
            entry.is_dir(follow_symlinks=False),
        )
descriptor = os.open("sub", os.O_RDONLY)
for _ in range(3):
    print(sorted(os.listdir(descriptor)))
fill("sub/late", b"")
os.unlink("sub/one")
print(sorted(os.listdir(descriptor)))
print(sorted(e.name for e in os.scandir(descriptor)))
for top, directories, files in sorted(os.walk(".", topdown=False)):
    if "many" not in top and "pycache" not in top:
        print(top, sorted(d for d in directories if d != "__pycache__"), sorted(files))
print([sorted(f) for _, _, f, _ in os.fwalk("sub")])
os.mkdir("big")
for number in range(3000):
    os.close(os.open(f"big/name_{number:05}", os.O_CREAT | os.O_WRONLY))
names = os.listdir("big")
print(len(names), len(set(names)), min(names), max(names))
with os.scandir("big") as entries:
    for count, entry in enumerate(entries, 1):
        os.unlink(entry.path)
print(count, os.listdir("big"))
os.rmdir("big")
with os.scandir("many") as entries:
    for entry in entries:
        os.rename(entry.path, entry.path + ".txt")
print(len(os.listdir("many")), all(name.endswith(".txt") for name in os.listdir("many")))
for name in os.listdir("many"):
    os.unlink("many/" + name)
attempt("emptied", os.listdir, "many")
attempt("removed", os.rmdir, "many")
print("many" in os.listdir("."))
print(len(os.listdir("/proc/self/fd")) > 2)
