"""Files without end. Stopped by: the limit of names in the layer."""

import os
import sys

sys.path.insert(0, ".")
from attack import errno

OPTIONS = ["--files", "500"]
STATUS = {0, 125}

print("SAFE begins", flush=True)
os.mkdir("endless")
try:
    for number in range(3000):  # bounded, should nothing stop it
        os.close(os.open(f"endless/{number}", os.O_CREAT | os.O_WRONLY))
    print("ESCAPED no limit")
except OSError as error:
    print("SAFE", errno.errorcode[error.errno])
