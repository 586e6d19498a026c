"""A directory descriptor as a way up and out. Stopped by: it is no host directory at all, but a
list of names; the walk goes through the virtual tree.
"""

import ctypes
import os
import sys

sys.path.insert(0, ".")
from attack import OUTSIDE, SECRET, X86, attack, call, leak

below = os.path.basename(OUTSIDE)
for path in (".", "sub", "/", "/tmp", "/proc", "/dev", "sub/three"):
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    for up in range(1, 12):
        attack(
            f"{path} up {up}", lambda: leak("../" * up + below + "/secret.txt", dir_fd=descriptor)
        )
    attack(f"{path} absolute", lambda: leak(SECRET, dir_fd=descriptor))
    attack(
        f"{path} /proc/self/fd", lambda: leak(f"/proc/self/fd/{descriptor}/../{below}/secret.txt")
    )
    attack(f"{path} /proc/self/fd absolute", lambda: leak(f"/proc/self/fd/{descriptor}{SECRET}"))
    attack(
        f"{path} fchdir",
        lambda: [os.fchdir(descriptor), os.chdir("../" * 12), leak(SECRET.lstrip("/"))][2],
    )
    attack(f"{path} write to it", lambda: os.write(descriptor, b"\0" * 100))
    attack(
        f"{path} openat2",
        lambda: call(437, descriptor, SECRET.encode(), ctypes.create_string_buffer(24), 24) >= 0,
    )
    attack(
        f"{path} handle",
        lambda: call(304 if X86 else 265, descriptor, ctypes.create_string_buffer(200), 0) >= 0,
    )
    attack(f"{path} chroot", lambda: os.chroot(path) or "rooted")
held = os.open("sub/three", os.O_RDONLY)
os.rename("sub/three", "three")
attack("up after the rename", lambda: leak(f"../../{below}/secret.txt", dir_fd=held))
os.rename("three", "many/three")
attack("up after another", lambda: leak(f"../../{below}/secret.txt", dir_fd=held))
os.rmdir("void")
os.symlink(OUTSIDE, "void")
attack("a link took its place", lambda: leak("void/secret.txt"))
