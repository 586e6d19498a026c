"""The errno of each call on each kind of wrong path."""

import os
import shutil
import sys

sys.path.insert(0, ".")
from attempt import attempt

os.symlink("loop_b", "loop_a")
os.symlink("loop_a", "loop_b")
os.symlink("self", "self")
PATHS = (
    "missing",
    "missing/x",
    "hello.txt/x",
    "loop_a",
    "loop_a/x",
    "self",
    "x" * 256,
    "y" * 255,
    "sub/" + "z" * 256,
    "",
    "a/" * 2100,
    "dangling",
    "dangling/x",
    "void/..",
    "sub/.",
    ".",
    "..",
    "sub/three/..",
    "hello.txt/.",
    "hello.txt/..",
)
CALLS = {
    "stat": os.stat,
    "lstat": os.lstat,
    "listdir": os.listdir,
    "unlink": os.unlink,
    "rmdir": os.rmdir,
    "mkdir": os.mkdir,
    "readlink": os.readlink,
    "access": lambda p: os.access(p, os.R_OK),
    "chmod": lambda p: os.chmod(p, 0o600),
    "utime": lambda p: os.utime(p, (1, 1)),
    "truncate": lambda p: os.truncate(p, 0),
    "rename from": lambda p: os.rename(p, "target"),
    "rename to": lambda p: os.rename("empty", p),
    "link from": lambda p: os.link(p, "target"),
    "link to": lambda p: os.link("readonly.txt", p),
    "symlink": lambda p: os.symlink("anything", p),
    "chdir": os.chdir,
    "statvfs": lambda p: bool(os.statvfs(p)),
    "create": lambda p: open(p, "x").close(),
}
start = os.getcwd()
here = os.open(".", os.O_RDONLY)
for name, call in CALLS.items():
    for path in PATHS:
        label = f"{name} {path[:12]!r}+{len(path)}"
        if name in ("stat", "lstat"):
            if path == "..":
                continue  # the parent of the project is another one inside
            attempt(label, lambda: oct(call(path).st_mode))
        elif name == "listdir":
            attempt(
                label, lambda: sorted(os.listdir(path)) if "/../" not in path else None
            ) if path not in (".", "..", "void/..") else None
        elif path in (".", "..", "void/..", "sub/three/..") and name in (
            "chmod",
            "utime",
            "rename from",
        ):
            continue
        else:
            attempt(label, call, path)
        os.fchdir(here)
        os.chmod("sub", 0o755)
        for made in ("target", "y" * 255):
            if os.path.isdir(made) and not os.path.islink(made):
                os.chmod(made, 0o700)  # it may have been taken away from its owner
                shutil.rmtree(made)
            elif os.path.lexists(made):
                os.unlink(made)
        for path_again in ("empty", "void", "dangling"):
            if not os.path.lexists(path_again):
                if path_again == "void":
                    os.mkdir("void")
                elif path_again == "empty":
                    open("empty", "w").close()
                else:
                    os.symlink("nowhere", "dangling")
print(os.getcwd() == start)
attempt("NUL in a path", os.stat, "a\0b")
attempt("create through a dangling link", lambda: open("dangling", "w").close())
attempt("made the target", os.path.exists, "nowhere")
