"""What the caller of shannot left open or in its environment. Stopped by: every descriptor but
three is closed before the child starts; its environment is made new.
"""

import os
import sys

sys.path.insert(0, ".")
from attack import MARK, attack

# The harness leaves a descriptor of a secret file open and a secret in the environment.
for number in range(3, 300):
    attack(f"descriptor {number}", lambda: os.pread(number, 100, 0))
attack("listed", lambda: [n for n in os.listdir("/proc/self/fd") if int(n) > 20])
attack("environment", lambda: [v for v in os.environb.values() if MARK in v])
attack("its file", lambda: MARK in open("/proc/self/environ", "rb").read())
attack("stack", lambda: MARK in open("/proc/self/cmdline", "rb").read())
