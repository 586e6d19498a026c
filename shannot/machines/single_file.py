"""The whole program as one executable file: made for `make pyz`, and for other machines.

A zip archive behind a `#!` line, which any Python of version 3.11 or later runs (zipapp). Its bytes
depend on the files of `shannot/` and on this interpreter alone: names are sorted, times and modes
fixed. Beside each source stands what this interpreter compiled of it, so that a start need not;
another version of Python ignores that and compiles anew (zipimport compares the magic number).
`bootstrap.py` finds the compiled ones by INDEX, the last member: a JSON object, {"magic": hex,
"modules": {name: [offset, size, is it deflated, is it a package]}, "generated": [offset, size]},
and its own length in 8 digits. What other machines load is stored as it is: each use there would
inflate it again. GENERATED holds what `dataclasses` would else compile at each start, code by
the text's checksum.
The standard library's `zipapp.create_archive` is not used: it takes times, modes and the time zone
from the machine.
"""

from __future__ import annotations

import importlib.util
import json
import marshal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from errno import EIO
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import CodeType
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = b'''"""`shannot.pyz COMMAND`, or `python3 shannot.pyz COMMAND`."""
import sys

if sys.version_info < (3, 11):
    sys.exit("shannot: this needs Python 3.11 or later; this is %d.%d" % sys.version_info[:2])
import shannot  # from here, whatever else of that name is installed

# The rest of the archive is found through the package; the standard library comes first.
sys.path.append(sys.path.pop(0))
from shannot.cli.main import program

program()
'''
INDEX, GENERATED = "INDEX", "GENERATED"
_RECORDER = """
import dataclasses, importlib, json, sys
texts = set()
def record(text, *places):
    texts.add(text)
    exec(text, *places)
dataclasses.exec = record
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
print(json.dumps(sorted(texts)))
"""
_NEVER_THERE = ("shannot/tui/", "shannot/mcp/", "shannot/cli/topics/", "shannot/cli/group_")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can hold
UNCHECKED_HASH = 1  # PEP 552: a compiled file that is not compared with its source


def archive(root: Path) -> bytes:
    """The whole file. root: the directory that holds `shannot/`, and LICENSE where it is there.

    Raises OSError.
    """
    buffer = BytesIO()
    buffer.write(SHEBANG)
    with ZipFile(buffer, "a", ZIP_DEFLATED, compresslevel=9) as target:
        for name, data in _members(root):
            is_read_there = name.endswith(".pyc") and not name.startswith(_NEVER_THERE)
            _add(target, name, data, ZIP_STORED if is_read_there else ZIP_DEFLATED)
        _add(target, GENERATED, _generated(root), ZIP_STORED)
        _add(target, INDEX, _index(target.infolist()), ZIP_STORED)
    return buffer.getvalue()


def _add(target: ZipFile, name: str, data: bytes, method: int) -> None:
    info = ZipInfo(name, EPOCH)
    info.compress_type = method
    info.create_system = 3  # Unix, wherever it was made
    info.external_attr = 0o100644 << 16
    target.writestr(info, data)


def _index(members: Sequence[ZipInfo]) -> bytes:
    modules: dict[str, tuple[int, int, bool, bool]] = {}
    generated = (0, 0)
    for info in members:
        # A local header has 30 bytes and the name (APPNOTE.TXT 4.3.7); ours has no extra field.
        start = info.header_offset + 30 + len(info.filename)
        if info.filename == GENERATED:
            generated = (start, info.compress_size)
        if info.filename.endswith(".pyc"):
            name, _, last = info.filename.removesuffix(".pyc").rpartition("/")
            is_package = last == "__init__"
            dotted = (name if is_package else f"{name}/{last}").replace("/", ".")
            is_deflated = info.compress_type == ZIP_DEFLATED
            modules[dotted] = (start, info.compress_size, is_deflated, is_package)
    magic = importlib.util.MAGIC_NUMBER.hex()
    index = {"magic": magic, "modules": modules, "generated": generated}
    text = json.dumps(index, separators=(",", ":")).encode("ascii")
    return text + b"%08d" % len(text)


def _generated(root: Path) -> bytes:
    """{SHA-256 of text: code} of the functions that dataclasses makes of text, in what other
    machines load.

    Found by loading that in an interpreter of its own.
    """
    paths = (path.relative_to(root).as_posix() for path in (root / "shannot").rglob("*.py"))
    left_out = (*_NEVER_THERE, "shannot/sandbox/guest/", "shannot/__main__")
    names = [
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in sorted(paths)
        if not path.startswith(left_out)
    ]
    words = [sys.executable, "-I", "-S", "-c", _RECORDER, str(root), *names]
    done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise OSError(EIO, "the program cannot be loaded", str(root))
    texts: list[str] = json.loads(done.stdout)
    made = {}
    for text in texts:
        code = compile(text, "<string>", "exec", dont_inherit=True)
        made[sha256(text.encode()).digest()] = _marshalled(code)
    return _marshalled(made)


def _marshalled(value: CodeType | dict[bytes, bytes]) -> bytes:
    # A copy that nothing else refers to: whether marshal shares objects depends on how often they
    # are referred to, and so on what this process did before.
    copy = marshal.loads(marshal.dumps(value))  # noqa: S302 - what was made a moment ago
    return marshal.dumps(copy)


def _members(root: Path) -> Iterator[tuple[str, bytes]]:
    """(name, contents) of everything in the archive, in its order."""
    licence = root / "LICENSE"
    if licence.is_file():
        yield "LICENSE", licence.read_bytes()
    yield "__main__.py", MAIN
    for path in sorted((root / "shannot").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        source = path.read_bytes()
        yield name, source
        if "/guest/" not in name or name.endswith("__init__.py"):
            yield f"{name}c", _compiled(name, source)


def _compiled(name: str, source: bytes) -> bytes:
    """A .pyc of this interpreter: magic number, flags, hash of the source, code (PEP 552)."""
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    head = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")
    return head + importlib.util.source_hash(source) + _marshalled(code)
