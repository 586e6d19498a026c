"""What to do about each part that `doctor` finds wanting: data alone."""

from __future__ import annotations

from collections.abc import Mapping

_CONTAINER = "in a container, allow it (docker: --security-opt seccomp=unconfined)"

REMEDIES: Mapping[str, str] = {
    "machine": "run shannot with a 64-bit python on x86_64 or aarch64",
    "/proc": "mount it: mount -t proc proc /proc",
    "memfd_create": f"leave any other sandbox; {_CONTAINER}",
    "Landlock": f"use Linux 5.13 or later, with landlock among the lsm= of its boot line;"
    f" {_CONTAINER}",
    "processes": "raise the limits of this process (ulimit -u, ulimit -n), and let it fork",
    "seccomp notification": f"use Linux 5.19 or later, outside of another sandbox; {_CONTAINER}",
    "WAIT_KILLABLE_RECV": "use Linux 5.19 or later",
    "memory of the child": f"sysctl kernel.yama.ptrace_scope=1, if it is higher; {_CONTAINER}",
    "read-only memory of the child": "boot with proc_mem.force_override=always",
    "pidfd_getfd": f"use Linux 5.6 or later; {_CONTAINER}",
    "ADDFD_SEND": "use Linux 5.14 or later",
    "state directory": "set XDG_STATE_HOME to a directory that is yours alone, can be written,"
    " and is not mounted noexec",
    "configuration": "mend the line that is named, or move the file away",
    "child start": "name a CPython 3 with `--python PATH`; raise the limits of this process"
    " (ulimit -a); leave any other sandbox; as root, keep CAP_SETUID, CAP_SETGID and"
    " CAP_SYS_PTRACE, or be an ordinary user, who needs none",
    "overlay write": "free memory and space on the disk of the state directory; leave any other"
    " sandbox",
    "refused socket": "do not run untrusted scripts here, and report it: SECURITY.md says where",
    "confined command": "raise the limits of this process (ulimit -a); leave any other sandbox",
    "host command": "allow this process to start others (fork, execve; ulimit -u)",
    "sessions": "`shannot prune --damaged --dry-run` names them; keep a copy of such a directory"
    " if it matters, remove it (`shannot prune --damaged`), and run the script again",
    "audit log": "`shannot audit verify` lists what is wrong with it; keep a copy",
    "pypy": "shannot setup pypy (with --force where it is damaged)",
    "ssh": "install an OpenSSH client (Debian: openssh-client), if other machines are wanted",
    "clock": "set the clock, and keep it set (timedatectl set-ntp true)",
    "terminal": "approve in a terminal: without one, `approve` needs --yes",
}
"""By the name of the part."""
