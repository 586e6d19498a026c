"""O_TMPFILE: a file without a name, that may get one."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content

before = sorted(os.listdir("."))
descriptor = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
attempt("no name", lambda: sorted(os.listdir(".")) == before)
attempt("write", os.write, descriptor, b"nameless")
attempt("read back", os.pread, descriptor, 20, 0)
attempt("links", lambda: os.fstat(descriptor).st_nlink)
attempt(
    "give it a name",
    lambda: os.link(
        f"/proc/self/fd/{descriptor}", "named", src_dir_fd=descriptor, follow_symlinks=True
    ),
)
attempt("named", lambda: content("named"))
attempt("links", lambda: os.fstat(descriptor).st_nlink)
attempt("write only", lambda: os.close(os.open("sub", os.O_TMPFILE | os.O_WRONLY)))
attempt("read only", lambda: os.close(os.open("sub", os.O_TMPFILE | os.O_RDONLY)))
attempt("on a file", lambda: os.close(os.open("hello.txt", os.O_TMPFILE | os.O_RDWR)))
attempt("on nothing", lambda: os.close(os.open("missing", os.O_TMPFILE | os.O_RDWR)))
attempt("listing", lambda: sorted(set(os.listdir(".")) - set(before)))
