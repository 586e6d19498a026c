"""tempfile: in /tmp, which is private, and in a directory of ours."""

import os
import sys
import tempfile

sys.path.insert(0, ".")
from attempt import attempt, content, kind

print(tempfile.gettempdir())
with tempfile.TemporaryFile() as file:
    file.write(b"nameless")
    file.seek(0)
    print(file.read(), os.fstat(file.fileno()).st_nlink)
with tempfile.NamedTemporaryFile("w+", suffix=".txt") as file:
    file.write("named")
    file.flush()
    print(content(file.name), os.path.dirname(file.name), kind(file.name))
print(os.path.exists(file.name))
with tempfile.TemporaryDirectory() as directory:
    print(kind(directory))
    with open(f"{directory}/x", "w") as file:
        file.write("y")
    os.mkdir(f"{directory}/d")
    os.rename(f"{directory}/x", f"{directory}/d/x")
    print(os.listdir(directory), content(f"{directory}/d/x"))
print(os.path.exists(directory))
with tempfile.SpooledTemporaryFile(10) as file:
    file.write(b"more than ten bytes")
    file.seek(0)
    print(file.read())
descriptor, path = tempfile.mkstemp(dir=".")
print(kind(path), os.path.samefile(os.path.dirname(path), "."))
with tempfile.TemporaryDirectory(dir="sub") as directory:
    attempt("a tree in it", os.makedirs, f"{directory}/a/b/c")
print(sorted(os.listdir("sub")))
attempt("in nothing", lambda: tempfile.mkdtemp(dir="missing"))
directory = tempfile.mkdtemp()
attempt(
    "move out of /tmp",
    lambda: [
        open(f"{directory}/f", "w").write("from tmp"),
        __import__("shutil").move(f"{directory}/f", "arrived"),
    ][0],
)
print(content("arrived"))
attempt("removed", os.rmdir, directory)
print(oct(os.stat("/tmp").st_mode))
attempt("/dev/shm", lambda: tempfile.TemporaryFile(dir="/dev/shm").write(b"shared"))
