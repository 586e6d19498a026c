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


def socket(task: Task, family: int, _kind: int, _protocol: int) -> int:
    task.system.refuse_socket(FAMILIES.get(family, f"family {family}"))
    raise OSError(EACCES, "sockets are disabled")


def refused(task: Task, name: str) -> int:
    """Any other socket call, by its name."""
    task.system.refuse_socket(name)
    raise OSError(EACCES, "sockets are disabled")


def setsockopt(_task: Task) -> int:
    """Refused without being counted: libraries set options on their own socket pairs."""
    raise OSError(EACCES, "sockets are disabled")
