"""Devices, and making one. Stopped by: /dev holds six harmless devices; mknod makes no device."""

import os
import stat
import sys

sys.path.insert(0, ".")
from attack import attack, leak

for name in (
    "mem",
    "kmem",
    "port",
    "kmsg",
    "sda",
    "vda",
    "nvme0n1",
    "loop0",
    "loop-control",
    "fuse",
    "kvm",
    "net/tun",
    "tty",
    "console",
    "tty0",
    "ttyS0",
    "ptmx",
    "input/event0",
    "snapshot",
    "mapper/control",
    "cuse",
    "vhost-net",
    "initctl",
    "log",
    "mqueue/x",
    "hugepages/x",
    "disk",
    "block",
):
    attack(
        f"open /dev/{name}",
        lambda: os.open(f"/dev/{name}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY),
    )
    attack(f"stat /dev/{name}", os.stat, f"/dev/{name}")


def made(mode, major, minor, where):
    os.mknod(where, mode | 0o666, os.makedev(major, minor))
    descriptor = os.open(where, os.O_RDONLY | os.O_NONBLOCK)
    return os.fstat(descriptor).st_rdev


attack("mknod /dev/mem", made, stat.S_IFCHR, 1, 1, "memory")
attack("mknod a disk", made, stat.S_IFBLK, 8, 0, "disk")
attack("mknod in /tmp", made, stat.S_IFCHR, 1, 1, "/tmp/memory")
attack("mknod in /dev", made, stat.S_IFBLK, 8, 0, "/dev/disk0")
attack("another name of a device", lambda: os.link("/dev/null", "null"))
attack("disks by number", lambda: os.listdir("/dev/block"))
attack(
    "what /dev lists",
    lambda: set(os.listdir("/dev")) & {"mem", "sda", "vda", "kmsg", "fuse", "kvm"},
)
attack("memory of the machine", leak, "/proc/kcore")
