"""Signals, limits and tracing at the mediator and at a bystander. Stopped by: kill reaches only
the processes of this sandbox; limits are set on oneself alone.
"""

import os
import resource
import signal
import sys

sys.path.insert(0, ".")
from attack import BYSTANDER, MEDIATOR, X86, attack, call

# SIGURG is ignored by default: whoever gets it is not harmed. The bystander notes it.
for target in (BYSTANDER, -BYSTANDER):
    attack(
        f"kill {'bystander' if target > 0 else 'its group'}",
        lambda: os.kill(target, signal.SIGURG) or "reached",
    )
    attack("existence", lambda: os.kill(target, 0) or "seen")
attack("everybody", lambda: os.kill(-1, signal.SIGURG))
attack("own group", lambda: os.kill(0, signal.SIGURG))
for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL, signal.SIGCONT, 0):
    attack(f"mediator {number}", lambda: os.kill(MEDIATOR, number) or "reached")
attack("group of the mediator", lambda: os.killpg(os.getpgid(MEDIATOR), signal.SIGURG) or "reached")
attack("parent", lambda: os.kill(1, signal.SIGURG) or "reached")
attack(
    "pidfd", lambda: signal.pidfd_send_signal(os.pidfd_open(BYSTANDER), signal.SIGURG) or "reached"
)
attack("tgkill", lambda: call(234 if X86 else 131, BYSTANDER, BYSTANDER, int(signal.SIGURG)) == 0)
attack("tkill", lambda: call(200 if X86 else 130, BYSTANDER, int(signal.SIGURG)) == 0)
attack(
    "sigqueue", lambda: call(129 if X86 else 138, BYSTANDER, int(signal.SIGURG), b"\0" * 128) == 0
)
attack(
    "limits of the mediator",
    lambda: resource.prlimit(MEDIATOR, resource.RLIMIT_NOFILE, (0, 0)) or "set",
)
attack("limits of the mediator, read", lambda: resource.prlimit(MEDIATOR, resource.RLIMIT_NOFILE))
attack("priority", lambda: os.setpriority(os.PRIO_PROCESS, BYSTANDER, 19) or "set")
attack("affinity", lambda: os.sched_setaffinity(BYSTANDER, {0}) or "set")
attack(
    "scheduler", lambda: os.sched_setscheduler(BYSTANDER, os.SCHED_IDLE, os.sched_param(0)) or "set"
)
attack("session of another", lambda: os.getsid(BYSTANDER))
attack("group of another", lambda: os.setpgid(os.getpid(), os.getpgid(BYSTANDER)) or "joined")
attack("wait for it", lambda: os.waitpid(MEDIATOR, os.WNOHANG))
attack("owner of signals", lambda: __import__("fcntl").fcntl(0, 8, BYSTANDER) and None)
print("SAFE still answered:", os.getpid() > 0)
