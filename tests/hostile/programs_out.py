"""Ways to start a program on the host: Python's private doors, ptys, interpreters, set-user-id.
Stopped by: every exec is one system call, decided by the policy; what starts is under the
same filter, without new privileges.
"""

import _posixsubprocess
import ctypes
import os
import pty
import subprocess
import sys

sys.path.insert(0, ".")
from attack import HOME, OUTSIDE, X86, attack, call, leak

EVIL = f"{OUTSIDE}/evil.sh"  # writes beside itself, ends with 66
PLANT = f"echo planted > {OUTSIDE}/planted"


def fork_exec():
    read, write = os.pipe()
    pid = _posixsubprocess.fork_exec(
        [EVIL.encode()],
        [EVIL.encode()],
        True,
        (write,),
        None,
        None,
        -1,
        -1,
        -1,
        -1,
        -1,
        -1,
        read,
        write,
        True,
        False,
        -1,
        None,
        None,
        None,
        -1,
        None,
        *([True] if sys.version_info >= (3, 11) else []),
    )
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 66


def status(command, **options):
    return subprocess.run(command, capture_output=True, **options).returncode == 66


attack("run", status, [EVIL])
attack("sh", status, ["sh", EVIL])
attack("shell line", status, EVIL, shell=True)
attack("system", lambda: os.waitstatus_to_exitcode(os.system(EVIL)) == 66)
attack("posix_spawn", lambda: os.posix_spawn(EVIL, [EVIL], {}) and None)
attack("fork_exec", fork_exec)
attack(
    "pty", lambda: os.waitstatus_to_exitcode(pty.spawn([EVIL], lambda f: b"", lambda f: b"")) == 66
)
attack("execveat", lambda: call(322 if X86 else 281, os.open(EVIL, os.O_PATH), b"", 0, 0, 0x1000))
attack("loader", status, ["/lib64/ld-linux-x86-64.so.2", "/bin/sh", EVIL])
attack(
    "interpreter line",
    lambda: [open("s", "w").write(f"#!{EVIL}\n"), os.chmod("s", 0o755), status(["./s"])][2],
)
attack(
    "memfd",
    lambda: [
        fd := os.memfd_create("m"),
        os.write(fd, b"#!/bin/sh\n" + PLANT.encode() + b"\nexit 66\n"),
        os.execve(fd, ["m"], {}),
    ][0],
)
attack(
    "copied interpreter",
    lambda: (
        [
            __import__("shutil").copy("/bin/sh", "mysh"),
            os.chmod("mysh", 0o4755),
            status(["./mysh", "-c", f"{PLANT}; exit 66"]),
        ][2]
        and None
    ),
)
for program in (
    "su",
    "sudo",
    "mount",
    "passwd",
    "ping",
    "newgrp",
    "pkexec",
    "crontab",
    "at",
    "docker",
    "systemd-run",
):
    attack(
        program,
        lambda: (
            subprocess.run([program, "--version"], capture_output=True, timeout=20).stdout and None
        ),
    )
for line in (
    PLANT,
    f"cat {OUTSIDE}/secret.txt",
    f"cp {OUTSIDE}/secret.txt copied; cat copied",
    f"ln {OUTSIDE}/secret.txt l; cat l",
    f"dd if={OUTSIDE}/secret.txt",
    f"tar c {OUTSIDE}",
    f"find {OUTSIDE}",
    "cat /etc/shadow",
    f"cat {HOME}/.ssh/id_rsa",
    "cat .env",
    "cat /proc/1/environ",
    f"rm -rf {OUTSIDE}",
    f'python3 -c \'open("{OUTSIDE}/planted", "w")\'',
    "kill -URG 1",
    f"sed -i s/a/b/ {OUTSIDE}/secret.txt",
    "cat innocent.txt",
):
    attack(
        line[-60:],
        lambda: (
            b"CANARY" in subprocess.run(["sh", "-c", line], capture_output=True, timeout=30).stdout
        ),
    )
attack(
    "library by environment",
    lambda: (
        subprocess.run(["true"], env={"LD_PRELOAD": f"{OUTSIDE}/evil.so", "PATH": "/bin"}) and None
    ),
)
attack("no new privileges", lambda: ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 0)
attack("set user", lambda: os.setuid(12345) or os.seteuid(0) or "became")
attack("stolen descriptor", leak, "/proc/self/fd/10")
