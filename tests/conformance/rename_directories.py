"""rename(2) on directories: whole subtrees, onto empty and full ones, into themselves."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill, tree

inside = os.open("sub/three/deep.txt", os.O_RDONLY)
directory = os.open("sub", os.O_RDONLY | os.O_DIRECTORY)
fill("sub/new", b"new in sub")
attempt("move", os.rename, "sub", "moved")
attempt("old is gone", os.path.exists, "sub/one")
attempt("contents", lambda: sorted(os.listdir("moved")))
attempt("deep", content, "moved/three/deep.txt")
attempt("new one", content, "moved/new")
attempt("open file", os.read, inside, 10)
attempt("by descriptor", lambda: sorted(os.listdir(directory)))
attempt(
    "create by descriptor",
    lambda: os.close(os.open("late", os.O_CREAT | os.O_WRONLY, dir_fd=directory)),
)
attempt("shows", os.path.exists, "moved/late")
attempt("link dangles now", os.path.exists, "dirlink/one")
attempt("into itself", os.rename, "moved", "moved/three/x")
attempt("onto itself", os.rename, "moved", "moved")
attempt("onto a file", os.rename, "moved", "hello.txt")
attempt("onto a full one", os.rename, "moved", "many")
attempt("onto its parent", os.rename, "moved/three", "moved")
attempt("onto an empty one", os.rename, "moved", "void")
attempt("contents", lambda: sorted(os.listdir("void")))
attempt("with slashes", os.rename, "void/", "again/")
attempt("old name anew", os.mkdir, "sub")
attempt("is empty", os.listdir, "sub")
attempt("move a part out", os.rename, "again/three", "three")
attempt(
    "move it back deeper", lambda: [os.makedirs("again/a/b"), os.rename("three", "again/a/b/three")]
)
attempt("deep", content, "again/a/b/three/deep.txt")
attempt("dot", os.rename, ".", "x")
attempt("dotdot in the end", os.rename, "again/..", "x")
attempt(
    "swap", lambda: [os.rename("many", "t"), os.rename("again", "many"), os.rename("t", "again")]
)
attempt("many", lambda: (sorted(os.listdir("many")), len(os.listdir("again"))))
attempt("remove what was moved", os.rmdir, "many/a/b")
os.unlink("many/a/b/three/deep.txt")
os.removedirs("many/a/b/three")
attempt("gone", os.path.exists, "many/a")
attempt("renames", os.renames, "again/f001", "new/parents/f001")
attempt("a directory over a link", os.rename, "new", "link")
tree()
