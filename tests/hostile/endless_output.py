"""Output without end. Stopped by: the limit of output, status 125."""

import sys

OPTIONS = ["--output", "1000000"]
STATUS = {125, 141}

print("SAFE begins")
for _ in range(2000):  # bounded, should nothing stop it
    sys.stdout.write("x" * 9_999 + "\n")
    sys.stderr.write("y" * 9_999 + "\n")
print("ESCAPED no limit")
