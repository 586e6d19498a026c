"""Make shannot.pyz: the whole program as one executable file, for `make pyz`.

    python3 tools/single_file.py dist/shannot.pyz

What is in it, and why its bytes are always the same: `shannot/machines/single_file.py`.
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # this checkout's, whatever else is installed


def main(words: list[str]) -> int:
    """Write the file and its checksum."""
    from shannot.machines.single_file import archive

    if len(words) != 1:
        print("usage: python3 tools/single_file.py FILE", file=sys.stderr)
        return 2
    target = Path(words[0])
    data = archive(ROOT)
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
