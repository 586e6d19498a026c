"""shutil on trees: copytree, move, rmtree, with links and modes kept."""

import os
import shutil
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill, kind, tree

attempt("copytree", shutil.copytree, "sub", "copy")
attempt("onto itself", shutil.copytree, "sub", "copy")
attempt("merge", shutil.copytree, "void", "copy", dirs_exist_ok=True)
os.symlink("one", "sub/l")
attempt("links kept", shutil.copytree, "sub", "copy2", symlinks=True)
attempt("is a link", os.path.islink, "copy2/l")
attempt("links followed", shutil.copytree, "sub", "copy3")
attempt("is a file", kind, "copy3/l")
attempt("time kept", lambda: os.stat("copy/one").st_mtime)
attempt("move a file", shutil.move, "hello.txt", "void")
attempt("move a directory", shutil.move, "sub", "void")
attempt("move and rename", shutil.move, "void/sub", "bus")
attempt("move onto an old name", shutil.move, "empty", "copy/one")
attempt("move what is missing", shutil.move, "missing", "void")
attempt("rmtree", shutil.rmtree, "copy2")
attempt("rmtree of a file", shutil.rmtree, "numbers.txt")
attempt("rmtree of a link", shutil.rmtree, "dirlink")
attempt("rmtree of nothing", shutil.rmtree, "missing")
attempt("rmtree of many", shutil.rmtree, "many")
attempt("copystat", shutil.copystat, "greet.sh", "app.conf")
attempt("mode", kind, "app.conf")
attempt("copymode", shutil.copymode, "readonly.txt", "app.conf")
attempt("mode", kind, "app.conf")
attempt("which", shutil.which, "cat")
attempt("disk usage", lambda: shutil.disk_usage(".").total > 0)
fill("void/new", b"1")
shutil.rmtree("void")
os.mkdir("void")
attempt("a fresh directory of the name is empty", os.listdir, "void")
attempt(
    "ignore",
    lambda: sorted(
        os.listdir(shutil.copytree("copy3", "copy4", ignore=shutil.ignore_patterns("t*")))
    ),
)
attempt("still", content, "copy3/three/deep.txt")
tree()
