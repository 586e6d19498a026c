"""Daemons that leave their session and outlive the script. Stopped by: everybody stays in one
group, which the mediator and its guardian kill in the end; the harness looks for survivors.
"""

import os
import sys
import time

sys.path.insert(0, ".")
import attack

for _ in range(5):
    if os.fork() == 0:
        try:
            os.setsid()
        except OSError:
            pass
        if os.fork() == 0:
            for number in range(1, 65):
                try:
                    attack.signal.signal(number, attack.signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            os.closerange(0, 3)
            time.sleep(60)
        os._exit(0)
    os.wait()
print("SAFE left five behind", flush=True)
