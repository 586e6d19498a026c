"""What can be checked with nothing but Python: `python -m tests.without_pytest`, for `make check`.

Every conformance script is run natively and in the sandbox, and must do the same.
"""

from __future__ import annotations

import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.comparing import SCRIPTS, difference
from tests.trees import clear


def compare(script: str) -> str:
    """As `difference`, in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="shannot-check-") as place:
        root = Path(os.path.realpath(place))
        try:
            return difference(script, root)
        finally:
            if (root / "tree").exists():
                clear(root / "tree")  # whatever modes the script has left


def main() -> int:
    """Print what differs. Exit status 1 where anything does."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = dict(zip(SCRIPTS, pool.map(compare, SCRIPTS), strict=True))
    wrong = {script: text for script, text in found.items() if text}
    for script, text in wrong.items():
        print(f"{script}: {text}")
    print(f"check: {len(found) - len(wrong)} of {len(found)} scripts do the same in the sandbox")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main())
