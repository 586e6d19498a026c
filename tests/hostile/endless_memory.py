"""Memory without end. Stopped by: the limit of memory."""

import sys

sys.path.insert(0, ".")

OPTIONS = ["--memory", "200000000"]
STATUS = {0, 125, 137}

print("SAFE begins", flush=True)
blocks = []
try:
    for _ in range(60):  # bounded, should nothing stop it
        blocks.append(b"x" * 10_000_000)
    print("ESCAPED no limit")
except MemoryError:
    del blocks
    print("SAFE MemoryError")
