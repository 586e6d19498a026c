"""The same with the whole machine in view. Stopped by: the hidden list stands above every
mapping.
"""

import os
import subprocess
import sys

sys.path.insert(0, ".")
from attack import HOME, MEDIATOR, SECRET, attack, leak

OPTIONS = ["--view", "system"]

for path in (
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/ssl/private/x",
    f"{HOME}/.ssh/id_rsa",
    ".env",
    f"{HOME}/.aws/credentials",
    f"{HOME}/.local/state/shannot/canary",
    "innocent.txt",
    f"/proc/{MEDIATOR}/environ",
    f"/proc/{MEDIATOR}/mem",
    f"/proc/{MEDIATOR}/maps",
    "/proc/1/environ",
    "/proc/1/mem",
    f"/proc/{MEDIATOR}/task/{MEDIATOR}/environ",
    "/proc/kcore",
    "/proc/kmsg",
    "/dev/kmsg",
):
    attack(f"read {path[-40:]}", leak, path)
    attack(f"cat {path[-40:]}", lambda: subprocess.run(["cat", path], capture_output=True).stdout)
for name in ("fd", "root", "cwd", "map_files", "task/1/fd"):
    attack(f"list /proc/1/{name}", os.listdir, f"/proc/1/{name}")
attack("shadow through its root", leak, "/proc/self/root/etc/shadow")
attack("write outside stays inside", lambda: open(f"{SECRET}", "a").write("x") and None)
attack("remove outside stays inside", os.unlink, SECRET)
attack("listing hides", lambda: {"shadow", "gshadow"} & set(os.listdir("/etc")))
