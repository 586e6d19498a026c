"""Make one native executable that needs no Python on its machine, for `make binary`.

    build/binary/bin/python tools/native.py dist/shannot-linux-x86_64

PyInstaller (a tool of the build alone) puts this interpreter's library and the program into one
file, which unpacks itself into a private directory below $TMPDIR at each start. For the scripts
that it runs on a machine without Python it brings one (`guest_python.py`), behind all else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # this checkout's, whatever else is installed
import guest_python  # noqa: E402

from shannot.workflows.bundled import appended  # noqa: E402

MAIN = "from shannot.cli.main import program\n\nprogram()\n"
GUEST = "shannot/sandbox/guest"
"""Sources that are shown to a child, and so must be there as files."""
LEFT_OUT = ("tkinter", "unittest", "pydoc_data", "lib2to3", "sqlite3", "xmlrpc")


def modules() -> list[str]:
    """The program's own, without those that run in a child."""
    found = sorted((ROOT / "shannot").rglob("*.py"))
    names = [path.relative_to(ROOT).with_suffix("").as_posix() for path in found]
    return [
        name.removesuffix("/__init__").replace("/", ".")
        for name in names
        if not name.startswith(f"{GUEST}/") or name.endswith("/__init__")
    ]


def build(target: Path) -> None:
    """Raises CalledProcessError where PyInstaller fails; it says why on stderr."""
    with tempfile.TemporaryDirectory(prefix="shannot-binary-") as work:
        main = Path(work, "shannot_native.py")
        main.write_text(MAIN)
        words = [
            sys.executable, "-m", "PyInstaller", "--onefile", "--strip", "--log-level", "WARN",
            "--name", target.name, "--distpath", str(target.parent), "--workpath", f"{work}/work",
            "--specpath", work, "--paths", str(ROOT),
            "--add-data", f"{ROOT / GUEST}{os.pathsep}{GUEST}",
        ]  # fmt: skip
        for name in modules():  # subcommands are found by name, which no analysis sees
            words += ["--hidden-import", name]
        for name in LEFT_OUT:
            words += ["--exclude-module", name]
        # The order of sets decides the order in the archive; the time stands in compiled files.
        fixed = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "315532800"}
        subprocess.run([*words, str(main)], check=True, env={**os.environ, **fixed}, cwd=work)


def main(words: list[str]) -> int:
    """Write the executable and its checksum."""
    if len(words) != 1:
        print("usage: python3 tools/native.py FILE", file=sys.stderr)
        return 2
    target = Path(words[0]).absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        build(target)
        with target.open("ab") as file:
            file.write(appended(guest_python.archive()))
    except subprocess.CalledProcessError as error:
        print(f"native.py: {error.cmd[0]} ended with status {error.returncode}", file=sys.stderr)
        return 1
    digest = sha256(target.read_bytes()).hexdigest()
    target.with_name(f"{target.name}.sha256").write_text(f"{digest}  {target.name}\n")
    print(f"{target}: {target.stat().st_size >> 10} KiB, sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
