"""Make shannot.pyz: the whole program as one executable file, for `make pyz`.

    python3 tools/single_file.py dist/shannot.pyz

A zip archive behind a `#!` line, which any Python of version 3.11 or later runs (zipapp). Its bytes
depend on the files of `shannot/` and on this interpreter alone: names are sorted, times and modes
fixed. Beside each source stands what this interpreter compiled of it, so that a start need not;
another version of Python ignores that and compiles anew (zipimport compares the magic number).
The standard library's `zipapp.create_archive` is not used: it takes times, modes and the time zone
from the machine.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).resolve().parent.parent
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
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can hold
UNCHECKED_HASH = 1  # PEP 552: a compiled file that is not compared with its source


def members() -> Iterator[tuple[str, bytes]]:
    """(name, contents) of everything in the archive, in its order."""
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()
    yield "__main__.py", MAIN
    for path in sorted((ROOT / "shannot").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        source = path.read_bytes()
        yield name, source
        if "/guest/" not in name or name.endswith("__init__.py"):
            yield f"{name}c", compiled(name, source)


def compiled(name: str, source: bytes) -> bytes:
    """A .pyc of this interpreter: magic number, flags, hash of the source, code (PEP 552)."""
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    head = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")
    # A copy that nothing else refers to: whether marshal shares objects depends on how often they
    # are referred to, and so on what this process did before.
    data = marshal.dumps(marshal.loads(marshal.dumps(code)))
    return head + importlib.util.source_hash(source) + data


def archive() -> bytes:
    """The whole file."""
    buffer = BytesIO()
    buffer.write(SHEBANG)
    with ZipFile(buffer, "a", ZIP_DEFLATED, compresslevel=9) as target:
        for name, data in members():
            info = ZipInfo(name, EPOCH)
            info.compress_type = ZIP_DEFLATED
            info.create_system = 3  # Unix, wherever it was made
            info.external_attr = 0o100644 << 16
            target.writestr(info, data)
    return buffer.getvalue()


def main(words: list[str]) -> int:
    """Write the file and its checksum."""
    if len(words) != 1:
        print("usage: python3 tools/single_file.py FILE", file=sys.stderr)
        return 2
    target = Path(words[0])
    data = archive()
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.new")
    new.write_bytes(data)
    new.chmod(0o755)
    os.replace(new, target)
    line = f"{sha256(data).hexdigest()}  {target.name}\n"
    target.with_name(f"{target.name}.sha256").write_text(line)
    print(f"{target}: {len(data) >> 10} KiB, sha256 {line.partition(' ')[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
