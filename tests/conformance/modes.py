"""chmod, fchmod, umask, set-id and sticky bits, and what access(2) says."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill, kind, opened

for mode in (0o600, 0o755, 0o000, 0o444, 0o1777, 0o4755, 0o2755, 0o7777, 0o644):
    attempt(f"chmod {mode:o}", os.chmod, "hello.txt", mode)
    print(kind("hello.txt"))
for mode in (0o700, 0o555, 0o1777, 0o755):
    attempt(f"chmod directory {mode:o}", os.chmod, "sub", mode)
    print(kind("sub"))
descriptor = os.open("numbers.txt", os.O_RDONLY)
attempt("fchmod of a reader", os.fchmod, descriptor, 0o640)
print(kind("numbers.txt"))
attempt("chmod by descriptor", os.chmod, descriptor, 0o604)
print(kind("numbers.txt"))
attempt("contents unchanged", lambda: len(content("numbers.txt")))
attempt("of nothing", os.chmod, "missing", 0o600)
attempt("through a dangling link", os.chmod, "dangling", 0o600)
for mask in (0o022, 0o077, 0o000, 0o777):
    old = os.umask(mask)
    fill(f"file{mask:o}", b"")
    os.mkdir(f"dir{mask:o}")
    opened(f"open{mask:o}", os.O_CREAT | os.O_WRONLY, 0o751)
    print(oct(old), kind(f"file{mask:o}"), kind(f"dir{mask:o}"), kind(f"open{mask:o}"))
os.umask(0o022)
attempt("mkdir mode", lambda: [os.mkdir("m", 0o1711), kind("m")][1])
attempt("makedirs mode", lambda: [os.makedirs("n/o", 0o700), kind("n"), kind("n/o")][1:])
for path in ("greet.sh", "readonly.txt", "sub", "missing", "dangling"):
    print(path, os.access(path, os.F_OK), os.access(path, os.R_OK), os.access(path, os.X_OK))
fill("secret", b"x")
os.chmod("secret", 0)
print("only root reads what nobody may", os.access("secret", os.R_OK) == (os.geteuid() == 0))
attempt("write keeps the mode", lambda: [fill("greet.sh", b"#!/bin/sh\n"), kind("greet.sh")][1])
attempt("rename keeps the mode", lambda: [os.rename("greet.sh", "g"), kind("g")][1])
