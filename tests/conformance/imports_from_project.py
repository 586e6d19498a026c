"""Modules that the script writes, changes and imports; caches; runpy; __file__."""

import importlib
import os
import runpy
import sys

sys.path.insert(0, ".")
from attempt import attempt, fill

os.mkdir("package")
fill("package/__init__.py", b"from .part import VALUE\n")
fill("package/part.py", b"VALUE = 1\n")
importlib.invalidate_caches()
import package

print(package.VALUE, os.path.relpath(package.__file__), os.path.isdir("package/__pycache__"))
fill("package/part.py", b"VALUE = 'changed'\n")
os.utime("package/part.py", (1, 1))
print(importlib.reload(package.part).VALUE)
os.rename("package", "renamed")
importlib.invalidate_caches()
attempt("old name in a fresh import", lambda: importlib.import_module("package.part2"))
import renamed.part

print(renamed.part.VALUE, renamed.part.__cached__.endswith(".pyc"))
fill("program.py", b"import sys\nprint('ran', __name__, sys.argv[0])\nRESULT = 5\n")
print(runpy.run_path("program.py", run_name="__main__")["RESULT"])
attempt("missing module", importlib.import_module, "no_such_module_here")
attempt(
    "syntax error",
    lambda: [
        fill("broken.py", b"def :\n"),
        importlib.invalidate_caches(),
        importlib.import_module("broken"),
    ],
)
print(os.path.isabs(__file__), sys.path[0])
