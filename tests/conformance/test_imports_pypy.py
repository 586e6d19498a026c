"""Which modules of the standard library a sandboxed PyPy can import, and why not the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.real_pypy import RealPypy, binary

pytestmark = pytest.mark.pypy

LEFT_OUT = {
    "antigravity": "opens a browser",
    "idlelib": "a program of its own",
    "test": "the interpreter's own tests",
    "this": "prints",
    "turtledemo": "a program of its own",
    "__phello__": "prints",
    "_sysconfigdata": "of another build",
    "cffi": "a package of its own, for building",
    "pyrepl": "a package of its own, for a terminal",
    "conftest": "the interpreter's own tests",
}
"""Not tried, or of no use to a script."""
CANNOT = {
    "bz2": "_bz2",
    "cProfile": "_lsprof",
    "crypt": "_c",  # _cffi_backend in 3.6, _crypt in 3.8
    "ctypes": "_rawffi",
    "curses": "_curses_cffi",
    "dbm.gnu": "_cffi_backend",
    "lzma": "_lzma_cffi",
    "msilib": "_msi",
    "plistlib": "pyexpat",
    "sqlite3": "_sqlite3_cffi",
    "ssl": "_pypy_openssl",
    "stringprep": "unicodedata",  # in 3.8
    "symtable": "_symtable",
    "tkinter": "_tkinter",
    "tracemalloc": "_tracemalloc",
    "turtle": "_tkinter",
    "wave": "_audioop_cffi",
    "lib2to3": "",
}
"""What the module lacks: a part in C that a sandboxed build leaves out."""
WANTED = """
argparse array asyncio base64 binascii bisect calendar cmd codecs collections concurrent.futures
configparser contextlib copy csv datetime decimal difflib dis email email.mime.text enum errno
fcntl filecmp fnmatch fractions functools getopt getpass glob grp gzip hashlib heapq hmac html
http.client http.server imaplib inspect io ipaddress itertools json locale logging logging.config
logging.handlers mailbox math mimetypes mmap multiprocessing netrc numbers operator os pathlib
pickle pkgutil platform posixpath pprint pty pwd queue random re runpy sched secrets select
selectors shelve shlex shutil signal smtplib socket socketserver stat statistics string struct
subprocess sys sysconfig tarfile telnetlib tempfile termios textwrap threading time timeit
tokenize traceback tty types typing unittest unittest.mock urllib.request uuid warnings weakref
xml.dom.minidom xml.etree.ElementTree zipfile zlib
""".split()
SCRIPT = """
import json, os, sys, warnings
warnings.simplefilter("ignore")  # of modules that are on their way out
found = {}
for name in sys.argv[1:]:
    try:
        __import__(name)
    except ImportError as error:
        found[name] = str(error)
    except Exception as error:
        found[name] = "%s: %s" % (type(error).__name__, error)
print(json.dumps(found))
"""


def modules() -> list[str]:
    """Everything at the top of the standard library that lies beside the binary."""
    found = set()
    for path in (binary().parent / "lib-python" / "3").iterdir():
        if path.suffix == ".py" or (path / "__init__.py").exists():
            found.add(path.stem)
    return sorted(name for name in found if name not in LEFT_OUT and not name.startswith("_"))


def failures(names: list[str], root: Path) -> dict[str, str]:
    pypy = RealPypy(root)
    (pypy.project / "imports.py").write_text(SCRIPT)
    done = pypy.run("-q", "imports.py", *names)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    failed: dict[str, str] = json.loads(done.stdout)
    return failed


def test_what_scripts_need_can_be_imported_and_says_nothing(tmp_path: Path) -> None:
    assert failures(WANTED, tmp_path) == {}


def test_every_module_can_be_imported_but_those_without_their_part_in_c(tmp_path: Path) -> None:
    failed = failures(modules(), tmp_path)
    unexpected = {
        name: reason for name, reason in failed.items() if CANNOT.get(name, "!") not in reason
    }
    assert unexpected == {}
