"""What this machine offers to the `cpython` runtime, and what exactly is missing.

`probe` is called when a launch has failed, to say why; a launch that works never pays for it.
`capabilities` serves `doctor`. Both try things for real, in a child that is gone afterwards:
a version number says little about what a container or a hardened kernel lets pass.

Kernel versions: seccomp_unotify(2), pidfd_getfd(2), landlock(7).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from errno import EAGAIN, EBUSY, EINVAL, ENOSYS, EOPNOTSUPP
from fcntl import ioctl
from select import poll
from struct import pack

from shannot.errors import ShannotError
from shannot.sandbox.channel import kernel_calls as kernel

# The numbers of getppid, which the trial notifies, and of mprotect.
_NUMBERS = {"x86_64": (110, 10), "aarch64": (173, 226)}
_PATIENCE = 5000  # milliseconds a trial child has to reach its call


class Capability:
    """One thing the runtime needs, or (`required` False) works better with."""

    __slots__ = ("detail", "name", "problem", "required")

    def __init__(self, name: str, problem: str, detail: str = "", required: bool = True) -> None:
        self.name = name
        self.problem = problem  # empty where it works, else what is wrong and what to do
        self.detail = detail  # a version, where there is one
        self.required = required


def probe() -> None:
    """Raises ShannotError naming everything that is missing; returns where nothing is."""
    missing = [f"{c.name}: {c.problem}" for c in capabilities() if c.required and c.problem]
    if missing:
        system = os.uname()
        raise ShannotError(
            f"the cpython runtime cannot work on this machine (Linux {system.release}, "
            f"{system.machine}): {'; '.join(missing)}; `shannot doctor` says what to do"
        )


def capabilities() -> list[Capability]:
    """Every part, in the order in which a launch needs them. About 2 ms."""
    found = [_machine(), _proc(), _files_in_memory(), _landlock()]
    if not found[0].problem:
        found.extend(_notification(*_NUMBERS[os.uname().machine]))
    return found


def _machine() -> Capability:
    machine = os.uname().machine
    problem = ""
    if machine not in _NUMBERS:
        problem = f"{machine} is not supported, only x86_64 and aarch64 are"
    elif sys.maxsize < 1 << 32:
        problem = "this is a 32-bit python, run shannot with a 64-bit one"
    return Capability("machine", problem, machine)


def _proc() -> Capability:
    there = os.path.exists("/proc/self/mem")
    return Capability("/proc", "" if there else "not mounted, mount it: mount -t proc proc /proc")


def _files_in_memory() -> Capability:
    problem = ""
    try:
        os.close(os.memfd_create("trial", os.MFD_CLOEXEC))
    except OSError as error:
        problem = f"forbidden here ({error.strerror}), an outer sandbox must allow it"
    return Capability("memfd_create", problem)


def _landlock() -> Capability:
    try:
        version = kernel.call(
            kernel.SYS_LANDLOCK_CREATE_RULESET, 0, 0, kernel.LANDLOCK_CREATE_RULESET_VERSION
        )
    except OSError as error:
        reasons = {
            ENOSYS: "not in this kernel (5.13 and CONFIG_SECURITY_LANDLOCK are needed)",
            EOPNOTSUPP: "disabled at boot, add landlock to the lsm= parameter",
        }
        return Capability(
            "Landlock", reasons.get(error.errno or 0, f"forbidden here ({error.strerror})")
        )
    return Capability("Landlock", "", f"version {version}")


def _notification(getppid: int, mprotect: int) -> list[Capability]:
    """Run one child under a filter that notifies one call, and serve it as the mediator does."""
    shared = ctypes.create_string_buffer(b"child's")
    constant = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    locked = ctypes.addressof(ctypes.c_char.from_buffer(constant))
    report, child_end = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(report)
        os.close(child_end)
        if error.errno == EAGAIN:  # used up, not forbidden: said for every command in one place
            raise
        return [Capability("processes", f"none can be started: {error.strerror}")]
    if pid == 0:
        status = 1
        try:
            shared.value = b"changed"
            kernel.call(mprotect, locked, mmap.PAGESIZE, mmap.PROT_READ)
            status = _trial(getppid, child_end)
        finally:
            os._exit(status)
    os.close(child_end)
    try:
        served = _serve(pid, report, ctypes.addressof(shared), locked)
        return [Capability("processes", ""), *served]
    finally:
        os.close(report)
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def _trial(getppid: int, report: int) -> int:
    """In the child: report the listener's number or an errno, then make the notified call."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    program = b"".join(
        pack("=HBBI", *instruction)
        for instruction in (
            (0x20, 0, 0, 0),  # ld nr
            (0x15, 0, 1, getppid),
            (0x06, 0, 0, 0x7FC00000),  # user notification
            (0x06, 0, 0, 0x7FFF0000),  # allow
        )
    )
    both = kernel.SECCOMP_FILTER_FLAG_NEW_LISTENER | kernel.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
    killable = 1
    try:
        try:
            listener = kernel.seccomp_filter(program, both)
        except OSError as error:
            if error.errno != EINVAL:
                raise
            killable = 0
            listener = kernel.seccomp_filter(program, kernel.SECCOMP_FILTER_FLAG_NEW_LISTENER)
    except OSError as error:
        os.write(report, b"%d" % -(error.errno or EINVAL))
        return 1
    os.write(report, b"%d %d" % (listener, killable))
    os.fstat(os.getppid())  # the answer is the number of a descriptor that was handed over
    os.write(report, b"+")
    return 0


def _serve(pid: int, report: int, address: int, locked: int) -> list[Capability]:
    words = [int(word) for word in os.read(report, 64).split()]
    if not words or words[0] < 0:
        return [Capability("seccomp notification", _why(-words[0] if words else 0))]
    killable = "" if words[1] else "needs Linux 5.19, without it side effects could happen twice"
    memory = _memory(pid, address)
    found = [
        Capability("seccomp notification", ""),
        Capability("WAIT_KILLABLE_RECV", killable),
        memory,
    ]
    if not memory.problem:  # else that is the cause
        found.append(_locked_memory(pid, locked))
    try:
        pidfd = kernel.pidfd_open(pid)
        try:
            listener = kernel.pidfd_getfd(pidfd, words[0])
        finally:
            os.close(pidfd)
    except OSError as error:
        problem = f"{error.strerror} (needs Linux 5.6, and a container that allows it)"
        return [*found, Capability("pidfd_getfd", problem)]
    try:
        return [*found, Capability("pidfd_getfd", ""), _hand_over(listener, report)]
    finally:
        os.close(listener)


def _why(errno: int) -> str:
    """Why seccomp(2) gave no listener."""
    reasons = {
        0: "the trial process died, an outer sandbox may kill what it does not know",
        EBUSY: "an outer sandbox has a listener already, run shannot outside of it",
        ENOSYS: "no seccomp filters in this kernel (CONFIG_SECCOMP_FILTER), or an outer sandbox",
        EINVAL: "needs Linux 5.0 (5.19 for all that shannot uses)",
    }
    return reasons.get(errno, f"forbidden here ({os.strerror(errno)})")


def _memory(pid: int, address: int) -> Capability:
    """The child changed its copy of the bytes at `address`: read them, write them."""
    name = "memory of the child"
    try:
        mem = os.open(f"/proc/{pid}/mem", os.O_RDWR | os.O_CLOEXEC)
        try:
            read = os.pread(mem, 7, address) == b"changed"
            wrote = os.pwrite(mem, b"written", address) == 7
        finally:
            os.close(mem)
    except OSError as error:
        return Capability(name, f"/proc/{pid}/mem: {error.strerror} (a hardened ptrace setting?)")
    return Capability(name, "" if read and wrote else f"/proc/{pid}/mem shows another memory")


def _locked_memory(pid: int, address: int) -> Capability:
    """Since 6.12 a kernel can forbid writing read-only pages (proc_mem.force_override=)."""
    name, problem = "read-only memory of the child", ""
    try:
        mem = os.open(f"/proc/{pid}/mem", os.O_RDWR | os.O_CLOEXEC)
        try:
            os.pwrite(mem, b"xyz", address)
        finally:
            os.close(mem)
    except OSError as error:
        problem = (
            f"{error.strerror}: a command that is named there is not started (os.system's /bin/sh)"
        )
    return Capability(name, problem, required=False)


def _hand_over(listener: int, report: int) -> Capability:
    """Answer the child's call with a descriptor, in one step."""
    name, waiting = "ADDFD_SEND", poll()
    waiting.register(listener)
    if not waiting.poll(_PATIENCE):
        return Capability(name, "no notification arrived")
    notification = bytearray(kernel.NOTIF.size)
    try:
        ioctl(listener, kernel.SECCOMP_IOCTL_NOTIF_RECV, notification)
        call_id = kernel.NOTIF.unpack(notification)[0]
        order = kernel.ADDFD.pack(call_id, kernel.SECCOMP_ADDFD_FLAG_SEND, listener, 0, 0)
        ioctl(listener, kernel.SECCOMP_IOCTL_NOTIF_ADDFD, order)
    except OSError as error:
        return Capability(
            name, f"{error.strerror} (needs Linux 5.14, and no outer sandbox that forbids it)"
        )
    arrived = os.read(report, 1) == b"+"
    return Capability(name, "" if arrived else "the descriptor did not arrive")
