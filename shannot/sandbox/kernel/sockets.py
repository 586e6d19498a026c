"""The socket stub: every call is refused, and counted for the summary."""

from __future__ import annotations

from errno import EACCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .task import Task

FAMILIES = {
    1: "AF_UNIX", 2: "AF_INET", 3: "AF_AX25", 10: "AF_INET6", 15: "AF_KEY", 16: "AF_NETLINK",
    17: "AF_PACKET", 29: "AF_CAN", 31: "AF_BLUETOOTH", 38: "AF_ALG", 40: "AF_VSOCK", 44: "AF_XDP",
}  # fmt: skip
"""Of bits/socket.h, for the summary."""


_NAME_SERVICE = (1, 0o2004001, 0)
"""AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK: how the GNU C library asks for nscd(8), and
then looks for itself, in every program that turns a number into a name (`ls -l`)."""


def socket(task: Task, family: int, kind: int, protocol: int) -> int:
    """socket(2), for whatever family: EACCES."""
    if (family, kind, protocol) != _NAME_SERVICE:
        task.system.refuse_socket(FAMILIES.get(family, f"family {family}"))
    raise OSError(EACCES, "sockets are disabled")


def refused(task: Task, name: str) -> int:
    """Any other socket call, by its name."""
    task.system.refuse_socket(name)
    raise OSError(EACCES, "sockets are disabled")


def setsockopt(_task: Task) -> int:
    """Refused without being counted: libraries set options on their own socket pairs."""
    raise OSError(EACCES, "sockets are disabled")
