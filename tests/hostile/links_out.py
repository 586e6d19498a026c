"""Links that lead out, planted on the host and made inside. Stopped by: links are resolved by
the virtual tree, never by the host kernel; hard links are made in the layer only.
"""

import os
import sys

sys.path.insert(0, ".")
from attack import OUTSIDE, SECRET, attack, leak

# Three of them the harness planted on the host: planted_link, planted_directory, planted_root.
os.symlink(SECRET, "absolute")
os.symlink(f"../{os.path.basename(OUTSIDE)}/secret.txt", "relative")
os.symlink("/", "root")
os.symlink("absolute", "chained")
os.symlink(f"/proc/self/root{SECRET}", "magic")
os.symlink(OUTSIDE, "directory")
os.symlink("sub/../planted_directory", "winding")
for path in (
    "planted_link",
    "planted_directory/secret.txt",
    f"planted_root{SECRET}",
    "absolute",
    "relative",
    f"root{SECRET}",
    "chained",
    "magic",
    "directory/secret.txt",
    "winding/secret.txt",
):
    attack(f"read {path}", leak, path)
    attack(f"stat {path}", os.stat, path)
    attack(f"O_PATH {path}", lambda: leak(f"/proc/self/fd/{os.open(path, os.O_PATH)}"))
    attack(f"write {path}", lambda: open(path, "a").write("x") and None)
    attack(
        f"hard link {path}", lambda: [os.link(path, "hard", follow_symlinks=True), leak("hard")][1]
    )
    attack(f"copy {path}", lambda: [__import__("shutil").copy(path, "copied"), leak("copied")][1])
    attack(f"own name {path}", lambda: leak(path, os.O_NOFOLLOW))
for path in ("planted_directory", "directory", "winding", "planted_root"):
    attack(f"write below {path}", lambda: open(f"{path}/planted", "w").write("x") and None)
    attack(f"chdir {path}", lambda: [os.chdir(path), leak("secret.txt")][1])
    attack(f"dirfd {path}", lambda: leak("secret.txt", dir_fd=os.open(path, os.O_RDONLY)))
    attack(f"rename below {path}", lambda: os.rename("hello.txt", f"{path}/planted"))
attack(
    "mapped file replaced by a link",
    lambda: [os.unlink("hello.txt"), os.symlink(SECRET, "hello.txt"), leak("hello.txt")][2],
)


def replaced():
    held = os.open("sub", os.O_RDONLY)
    os.rename("sub", "s")
    os.symlink(OUTSIDE, "sub")
    return leak("../sub/secret.txt", dir_fd=held)


attack("directory replaced by a link while held", replaced)
