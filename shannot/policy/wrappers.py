"""Where the command begins that another one wraps: `timeout -k 1 5 rm x` wraps `rm x`.

Called by `walk.py`. Only a help: where this is wrong, the words of a wrapper are still searched
for every name that is known. The tables follow the manual page of each program.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")

WRAPPED_AFTER: dict[str, tuple[str, str, int]] = {
    # name: (short options with a value, long ones with a value in the next word, operands before
    # the command)
    "builtin": ("", "", 0),
    "busybox": ("", "", 0),
    "catchsegv": ("", "", 0),
    "chroot": ("", "userspec groups", 1),
    "chrt": ("TPD", "sched-runtime sched-period sched-deadline", 1),
    "command": ("", "", 0),
    "coproc": ("", "", 0),
    "dbus-run-session": ("", "config-file dbus-daemon", 0),
    "doas": ("uCa", "", 0),
    "eatmydata": ("", "", 0),
    "env": ("uCSa", "unset chdir split-string argv0", 0),
    "exec": ("a", "", 0),
    "fakeroot": ("lsib", "lib faked", 0),
    "faketime": ("", "", 1),
    "firejail": ("", "", 0),
    "flock": ("wE", "wait timeout conflict-exit-code", 1),
    "ionice": ("cn", "class classdata", 0),
    "linux32": ("", "", 0),
    "linux64": ("", "", 0),
    "ltrace": ("acDeFloOpsuxX", "output", 0),
    "nice": ("n", "adjustment", 0),
    "nohup": ("", "", 0),
    "nsenter": ("tSGW", "target setuid setgid", 0),
    "numactl": ("iplmNC", "interleave preferred membind cpunodebind physcpubind", 0),
    "pkexec": ("", "user", 0),
    "prlimit": ("p", "pid", 0),
    "proot": ("rbwvk", "rootfs bind cwd", 0),
    "run0": ("ugD", "unit slice user group nice chdir setenv background property", 0),
    "runuser": ("ugGw", "user group supp-group", 0),
    "setarch": ("", "", 1),
    "setpriv": ("", "reuid regid groups inh-caps ambient-caps bounding-set", 0),
    "setsid": ("", "", 0),
    "stdbuf": ("ioe", "input output error", 0),
    "strace": ("abeEIoOpPsSuUX", "output trace user", 0),
    "sudo": ("ugGhpCrtTURD", "user group host prompt role type chdir chroot other-user", 0),
    "systemd-inhibit": ("", "what who why mode", 0),
    "systemd-run": (
        "pEMHu",
        (
            "property setenv machine host unit description slice uid gid nice working-directory "
            "on-active on-boot on-calendar timer-property service-type background"
        ),
        0,
    ),
    "taskset": ("", "", 1),
    "time": ("fo", "format output", 0),
    "timeout": ("ks", "kill-after signal", 1),
    "torsocks": ("", "", 0),
    "toybox": ("", "", 0),
    "unbuffer": ("", "", 0),
    "unshare": ("RSGw", "root setuid setgid wd", 0),
    "valgrind": ("", "", 0),
    "watch": ("n", "interval", 0),
    "xargs": (
        "aEIdLnPs",
        "arg-file eof replace delimiter max-lines max-args max-procs max-chars",
        0,
    ),
}


def peel(name: str, words: Sequence[str]) -> int:
    """The index at which the wrapped command begins; 0 where none does or nobody can tell."""
    table = WRAPPED_AFTER.get(name)
    if table is None:
        return 0
    shorts, longs, operands = table
    named = frozenset(longs.split())
    at = 1
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            break
        if word.startswith("--"):
            at += 2 if word[2:] in named else 1
        elif word.startswith("-") and len(word) > 1:
            # A value stands in the same word (`-n5`) or in the next one (`-n 5`).
            at += 2 if word[-1] in shorts and set(shorts).isdisjoint(word[1:-1]) else 1
        elif is_assignment(word):
            at += 1
        else:
            break
    at += operands
    while at < len(words) and is_assignment(words[at]):
        at += 1
    return at if at < len(words) else 0


def is_assignment(word: str) -> bool:
    """`NAME=value`."""
    name, equals, _ = word.partition("=")
    return bool(equals) and bool(name) and _NAME.issuperset(name)
