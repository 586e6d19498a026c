"""mmap: shared writes arrive, private ones do not, and the file keeps its size."""

import mmap
import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content

with open("binary.bin", "rb") as file:
    view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    print(len(view), view[:4], view.find(b"\xfe\xff\x00"), view[256:260] == view[:4])
    attempt("write to a reader's", lambda: view.__setitem__(0, 1))
    view.close()
    attempt(
        "shared write on a read-only", lambda: mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_WRITE)
    )
with open("hello.txt", "r+b") as file:
    view = mmap.mmap(file.fileno(), 0)
    view[:5] = b"HELLO"
    view.flush()
    print(content("hello.txt"), os.pread(file.fileno(), 5, 0))
    os.pwrite(file.fileno(), b"WORLD", 6)
    print(view[:])
    private = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    private[:5] = b"NEVER"
    print(private[:5], content("hello.txt"))
    attempt("resize", view.resize, 20)
    print(os.stat("hello.txt").st_size)
    os.unlink("hello.txt")
    view[0:1] = b"J"
    print(view[:5])
attempt("empty file", lambda: mmap.mmap(os.open("empty", os.O_RDONLY), 0, access=mmap.ACCESS_READ))
anonymous = mmap.mmap(-1, 4096)
sys.stdout.flush()
child = os.fork()
if child == 0:
    anonymous[:5] = b"child"
    os._exit(0)
os.waitpid(child, 0)
print(anonymous[:5])
with open("grown", "w+b") as file:
    file.truncate(1 << 20)
    view = mmap.mmap(file.fileno(), 0)
    view[-4:] = b"tail"
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        view[:4] = b"head"
        os._exit(0)
    os.waitpid(child, 0)
    print(view[:4], view[-4:])
print(content("grown")[:4], len(content("grown")))
offset = mmap.mmap(os.open("numbers.txt", os.O_RDWR), 100, offset=0)
print(offset.readline(), offset.tell(), offset.size())
