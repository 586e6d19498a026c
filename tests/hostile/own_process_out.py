"""/proc and what its magic links and memory files would open. Stopped by: /proc is made up; the
magic links of the host, which mean the mediator's, are never followed.
"""

import os
import sys

sys.path.insert(0, ".")
from attack import BYSTANDER, MARK, MEDIATOR, SECRET, attack, leak

for name in (
    "self",
    "thread-self",
    str(os.getpid()),
    "1",
    str(os.getppid()),
    str(MEDIATOR),
    str(BYSTANDER),
):
    attack(f"{name}/root", leak, f"/proc/{name}/root{SECRET}")
    attack(f"{name}/cwd", leak, f"/proc/{name}/cwd/../outside/secret.txt")
    attack(f"{name}/environ", lambda: MARK in leak(f"/proc/{name}/environ"))
    attack(f"{name}/mem for writing", lambda: os.open(f"/proc/{name}/mem", os.O_RDWR))
    if name not in ("self", "thread-self", str(os.getpid())):
        for file in ("environ", "maps", "mem", "auxv", "stack", "syscall", "io"):
            attack(f"{name}/{file}", leak, f"/proc/{name}/{file}")
        attack(f"{name}/fd", os.listdir, f"/proc/{name}/fd")
    for number in range(3, 20):
        attack(f"{name}/fd/{number}", lambda: MARK in leak(f"/proc/{name}/fd/{number}"))
for path in (
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/hostname",
    "/proc/self/oom_adj",
    "/proc/self/uid_map",
    "/proc/self/attr/current",
    "/proc/self/coredump_filter",
    "/proc/kcore",
    "/sys/kernel/uevent_helper",
    "/sys/power/state",
    "/proc/self/setgroups",
    "/proc/self/timerslack_ns",
):
    attack(f"open {path} for writing", os.open, path, os.O_WRONLY)
attack("own environment", lambda: MARK in b"".join(k + v for k, v in os.environb.items()))
