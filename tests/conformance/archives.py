"""zipfile, tarfile, gzip and shutil's archives, written and read back."""

import gzip
import os
import shutil
import sys
import tarfile
import zipfile

sys.path.insert(0, ".")
from attempt import attempt, content, tree

for form in ("zip", "tar", "gztar", "bztar", "xztar"):
    name = shutil.make_archive(f"archive_{form}", form, "sub")
    print(form, os.path.basename(name))
    shutil.unpack_archive(name, f"out_{form}")
    tree(f"out_{form}")
with zipfile.ZipFile("z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.write("hello.txt")
    archive.writestr("made/up", "text")
with zipfile.ZipFile("z.zip", "a") as archive:
    archive.write("numbers.txt")
with zipfile.ZipFile("z.zip") as archive:
    print(archive.namelist(), archive.testzip(), archive.read("made/up"))
    archive.extractall("unzipped")
tree("unzipped")
with tarfile.open("t.tar", "w") as archive:
    archive.add(
        ".",
        arcname="all",
        filter=lambda info: (
            None
            if "out_" in info.name
            or ".tar" in info.name
            or "pycache" in info.name
            or "archive_" in info.name
            else info
        ),
    )
with tarfile.open("t.tar") as archive:
    names = sorted(archive.getnames())
    print(len(names), [name for name in names if "many" not in name])
    print(archive.getmember("all/hard_b").islnk() or archive.getmember("all/hard_a").islnk())
    archive.extract("all/link", "from_tar")
    archive.extract("all/greet.sh", "from_tar")
print(os.readlink("from_tar/all/link"), oct(os.stat("from_tar/all/greet.sh").st_mode))
with gzip.open("g.gz", "wt") as file:
    file.write("compressed\n" * 100)
attempt("gzip", lambda: len(gzip.decompress(content("g.gz"))))
sys.path.insert(0, "z2.zip")
with zipfile.ZipFile("z2.zip", "w") as archive:
    archive.writestr("inside_zip.py", "VALUE = 42\n")
import inside_zip

print(inside_zip.VALUE, inside_zip.__file__.endswith("z2.zip/inside_zip.py"))
