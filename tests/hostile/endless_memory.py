"""Memory without end. Stopped by: the limit of memory, which is counted."""

import sys
import time

sys.path.insert(0, ".")

OPTIONS = ["--memory", "200000000"]
STATUS = {125, 137}

print("SAFE begins", flush=True)
blocks = []
for _ in range(60):  # bounded, should nothing stop it
    blocks.append(b"x" * 10_000_000)
time.sleep(3)
print("ESCAPED no limit", flush=True)
