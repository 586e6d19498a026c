"""More processes than allowed. Stopped by: the limit of processes; the summary names it, nobody
survives.
"""

import os
import sys
import time

sys.path.insert(0, ".")
import attack

OPTIONS = ["--processes", "40"]
STATUS = {0, 125}

print("SAFE begins", flush=True)
alive = 0
for _ in range(400):  # bounded, should nothing stop it
    try:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
    except OSError as error:
        print("SAFE refused:", attack.errno.errorcode[error.errno], alive <= 40, flush=True)
        os._exit(0)
    alive += 1
print("ESCAPED no limit", flush=True)
