"""Every call relative to a directory descriptor."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, opened, tree

sub = os.open("sub", os.O_RDONLY | os.O_DIRECTORY)
void = os.open("void", os.O_PATH | os.O_DIRECTORY)
file = os.open("hello.txt", os.O_RDONLY)
attempt("open", opened, "one", os.O_RDONLY, dir_fd=sub)
attempt("open up", opened, "../hello.txt", os.O_RDONLY, dir_fd=sub)
attempt("absolute ignores it", opened, os.path.abspath("hello.txt"), os.O_RDONLY, dir_fd=file)
attempt("on a file", opened, "one", os.O_RDONLY, dir_fd=file)
attempt("closed number", opened, "one", os.O_RDONLY, dir_fd=999)
attempt("stat", lambda: os.stat("one", dir_fd=sub).st_size)
attempt("create", opened, "new", os.O_CREAT | os.O_WRONLY, dir_fd=void)
attempt("mkdir", os.mkdir, "d", dir_fd=void)
attempt("symlink", os.symlink, "../hello.txt", "s", dir_fd=void)
attempt("readlink", os.readlink, "s", dir_fd=void)
attempt("link", os.link, "one", "hard", src_dir_fd=sub, dst_dir_fd=void)
attempt("rename", os.rename, "two", "zwei", src_dir_fd=sub, dst_dir_fd=void)
attempt("access", os.access, "one", os.R_OK, dir_fd=sub)
attempt("chmod", os.chmod, "one", 0o600, dir_fd=sub)
attempt("utime", os.utime, "one", (1, 1), dir_fd=sub)
attempt("unlink", os.unlink, "one", dir_fd=sub)
attempt("rmdir", os.rmdir, "d", dir_fd=void)
attempt("unlink of a directory", os.unlink, "three", dir_fd=sub)
attempt("rmdir of a file", os.rmdir, "new", dir_fd=void)
os.rename("void", "elsewhere")
attempt("after the rename", opened, "after", os.O_CREAT | os.O_WRONLY, dir_fd=void)
attempt("arrived", os.path.exists, "elsewhere/after")
os.chdir("sub")
attempt("after chdir", lambda: os.stat("zwei", dir_fd=void).st_size)
attempt("fchdir", os.fchdir, void)
attempt("relative now", content, "zwei")
attempt("fchdir to a file", os.fchdir, file)
attempt("up by descriptor", lambda: os.stat("../hello.txt", dir_fd=sub).st_size)
os.chdir("..")
for descriptor in os.fwalk("sub"):
    print(descriptor[0], sorted(descriptor[1]), sorted(descriptor[2]))
tree("elsewhere")
tree("sub")
