"""Between the project and /tmp, and onto what cannot be written."""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, ".")
from attempt import attempt, content, fill

away = tempfile.mkdtemp(dir="/dev/shm")
fill(f"{away}/f", b"from memory")
attempt("move in", lambda: shutil.move(f"{away}/f", "came") == "came")
print(content("came"))
attempt("move out", lambda: bool(shutil.move("sub", f"{away}/sub")))
print(sorted(os.listdir(f"{away}/sub")), os.path.exists("sub"))
attempt("symlink across", lambda: [os.symlink(f"{away}/sub/one", "across"), content("across")][1])
attempt(
    "and back",
    lambda: [os.symlink(os.path.abspath("hello.txt"), f"{away}/back"), content(f"{away}/back")][1],
)
attempt("rmtree", shutil.rmtree, away)
attempt("dangles", os.path.exists, "across")
attempt("remove the root", os.rmdir, "/")
attempt("rename the root", os.rename, "/", "x")
