"""chdir, fchdir, getcwd, also after the directory was renamed or removed."""

import os
import subprocess
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill

start = os.getcwd()
attempt("chdir", os.chdir, "sub/three")
attempt("cwd", lambda: os.path.relpath(os.getcwd(), start))
attempt("relative", content, "deep.txt")
attempt("up", content, "../../hello.txt")
os.rename("../../sub", "../../moved")
attempt("cwd follows the rename", lambda: os.path.relpath(os.getcwd(), start))
attempt("still relative", content, "deep.txt")
attempt("create here", fill, "here", b"x")
attempt("is there", os.path.exists, f"{start}/moved/three/here")
attempt("back", os.chdir, start)
attempt("through a link", os.chdir, "dirlink")
attempt("link was broken", lambda: os.path.relpath(os.getcwd(), start))
attempt("a file", os.chdir, "hello.txt")
attempt("nothing", os.chdir, "missing")
attempt("dots", lambda: [os.chdir("moved/./three/.."), os.path.relpath(os.getcwd(), start)][1])
os.chdir(start)
os.mkdir("doomed")
os.chdir("doomed")
os.rmdir(f"{start}/doomed")
attempt("cwd of the removed", os.getcwd)
attempt("list", os.listdir, ".")
attempt("create", fill, "x", b"x")
attempt("stat dot", lambda: os.stat(".").st_nlink)
attempt("up from nowhere", lambda: bool(os.stat("..")))
attempt("absolute works", content, f"{start}/hello.txt")
os.chdir(start)
home = os.open(".", os.O_RDONLY)
os.chdir("/")
attempt("root", os.getcwd)
attempt("above root", lambda: [os.chdir("../../.."), os.getcwd()][1])
os.fchdir(home)
attempt("fchdir", lambda: os.getcwd() == start)
attempt(
    "a child starts there",
    lambda: (
        subprocess.run(
            ["cat", "deep.txt"], cwd="moved/three", capture_output=True, text=True
        ).stdout
    ),
)
attempt("a child in nothing", lambda: subprocess.run(["cat"], cwd="missing"))
