"""What stat says: kinds, sizes, counts, and which numbers agree."""

import os
import stat
import sys

sys.path.insert(0, ".")
from attempt import attempt, fill

for path in (
    "hello.txt",
    "empty",
    "binary.bin",
    "greet.sh",
    "readonly.txt",
    "link",
    "dangling",
    "hard_a",
):
    status = os.lstat(path)
    print(path, oct(status.st_mode), status.st_size, status.st_nlink, status.st_mtime_ns)
for path in ("sub", "void", "."):
    status = os.stat(path)
    print(
        path,
        stat.S_ISDIR(status.st_mode),
        oct(stat.S_IMODE(status.st_mode)),
        status.st_size > 0 or True,
    )
a, b = os.stat("hello.txt"), os.stat("link")
print("link is followed", (a.st_ino, a.st_dev) == (b.st_ino, b.st_dev))
print("own number", os.lstat("link").st_ino != a.st_ino)
descriptor = os.open("hello.txt", os.O_RDONLY)
print("fstat agrees", os.fstat(descriptor) == a)
print("dot in sub", os.path.samefile("sub/.", "sub"), os.path.samefile("sub/..", "."))
print("numbers differ", len({os.stat(f"many/f{n:03}").st_ino for n in range(60)}))
print("scandir agrees", all(e.inode() == os.lstat(e.path).st_ino for e in os.scandir(".")))
print("one device", len({os.lstat(e.path).st_dev for e in os.scandir(".")}))
print("owner is me", a.st_uid == os.geteuid(), a.st_gid == os.getegid())
fill("new", b"12345")
new = os.stat("new")
print("new", oct(new.st_mode), new.st_size, new.st_nlink, new.st_uid == os.geteuid())
inode = a.st_ino
fill("hello.txt", b"changed", "ab")
print(
    "number stays when written",
    os.stat("hello.txt").st_ino == inode,
    os.fstat(descriptor).st_ino == inode,
)
os.chmod("hello.txt", 0o600)
os.rename("hello.txt", "sub/hi")
print("and when renamed", os.stat("sub/hi").st_ino == inode)
sub = os.stat("sub").st_ino
os.rename("sub", "bus")
print("directory too", os.stat("bus").st_ino == sub)
print("blocks", new.st_blocks * 512 >= 0, new.st_blksize > 0)
print(
    "null",
    stat.S_ISCHR(os.stat("/dev/null").st_mode),
    os.stat("/dev/null").st_rdev == os.makedev(1, 3),
)
reader, _ = os.pipe()
print("pipe", stat.S_ISFIFO(os.fstat(reader).st_mode))
attempt("closed", os.fstat, 999)
attempt("root", lambda: stat.S_ISDIR(os.stat("/").st_mode))
attempt("root's parent", lambda: os.path.samefile("/", "/.."))
