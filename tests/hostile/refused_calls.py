"""Every call outside the table, with arguments the kernel would refuse as invalid. Stopped by:
the filter kills, or answers EPERM, EACCES or ENOSYS; EINVAL, EFAULT or EBADF would tell that
the kernel got it.
"""

import errno
import sys

sys.path.insert(0, ".")
from attack import MEDIATOR, X86, attack, call

# name: (x86_64, aarch64)
NUMBERS = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "bpf": (321, 280),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_by_handle_at": (304, 265),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "iopl": (172, None),
    "ioperm": (173, None),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_setup": (206, 0),
    "io_submit": (209, 2),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "fanotify_init": (300, 262),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "splice": (275, 76),
    "tee": (276, 77),
    "vmsplice": (278, 75),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "seccomp": (317, 277),
    "landlock_restrict_self": (446, 446),
    "modify_ldt": (154, None),
    "clock_settime": (227, 112),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "mbind": (237, 235),
    "pkey_alloc": (330, 289),
    "capset": (126, 91),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "nfsservctl": (180, 42),
    "uselib": (134, None),
    "_sysctl": (156, None),
    "lookup_dcookie": (212, 18),
    "name_to_handle_at": (303, 264),
    "rt_sigqueueinfo": (129, 138),
    "memfd_secret": (447, 447),
    "set_mempolicy_home_node": (450, 450),
    "cachestat": (451, 451),
    "listmount": (458, 458),
    "statmount": (457, 457),
    "lsm_set_self_attr": (460, 460),
    "setxattrat": (463, 463),
    "open_tree_attr": (467, 467),
}
REFUSALS = {
    errno.EPERM,
    errno.EACCES,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EBUSY,
    errno.ESRCH,
    errno.ENOENT,
}
CHILD = 77


def tried(number):
    bad = 0xFFFFFFFFFFFFF000  # an address that is nobody's
    try:
        call(number, bad, bad, bad, bad, bad, bad)
    except OSError as error:
        return None if error.errno in REFUSALS else errno.errorcode.get(error.errno, error.errno)
    return "succeeded"


for name, numbers in NUMBERS.items():
    number = numbers[0 if X86 else 1]
    if number is not None:
        attack(name, tried, number)
# The first argument of reboot and personality is checked by the kernel; these values are refused there.
attack("reboot", tried, 169 if X86 else 142)
for request, name in ((16, "PTRACE_ATTACH"), (0x4206, "PTRACE_SEIZE"), (0, "PTRACE_TRACEME")):
    attack(name, lambda: call(101 if X86 else 117, request, MEDIATOR, 0, 0) == 0)
attack("a seccomp listener of its own", lambda: call(317 if X86 else 277, 1, 8, 0) >= 0)
attack("prctl PR_SET_DUMPABLE", lambda: call(157 if X86 else 167, 4, 0, 0, 0, 0) == 0)
attack("prctl PR_SET_PTRACER", lambda: call(157 if X86 else 167, 0x59616D61, -1, 0, 0, 0) == 0)
attack("prctl PR_SET_SECCOMP", lambda: call(157 if X86 else 167, 22, 2, 0, 0, 0) == 0)
attack("prctl PR_SET_MM", lambda: call(157 if X86 else 167, 35, 1, 0, 0, 0) == 0)
attack(
    "new user namespace by clone", lambda: call(56 if X86 else 220, 0x10000000 | 17, 0, 0, 0, 0) > 0
)
