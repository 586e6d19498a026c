"""glob and fnmatch over old, new and removed names."""

import glob
import os
import sys

sys.path.insert(0, ".")
from attempt import fill

fill("new.txt", b"")
fill("sub/new.txt", b"")
os.unlink("numbers.txt")
os.rename("sub/three", "sub/four")
fill(".hidden", b"")
for pattern in (
    "*.txt",
    "**/*.txt",
    "s*b/*",
    "*/",
    "f[0-3]*",
    "many/f00?",
    "many/f0[!0]1",
    ".*",
    "h*_[ab]",
    "missing*",
    "dirlink/*",
    "d*",
    "./*.conf",
    "sub/../*.sh",
    "[",
    "**",
):
    found = glob.glob(pattern, recursive=True)
    print(
        pattern,
        sorted(
            name
            for name in found
            if "pycache" not in name and ("many/" not in name or pattern != "**")
        ),
    )
print(sorted(glob.glob("*.txt", root_dir="sub")))
print(sorted(glob.iglob("*", root_dir="sub/four")))
print(glob.glob(glob.escape("new.txt")))
