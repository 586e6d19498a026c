"""Rows of the `pypy` table that only refuse: sockets, waiting for them, other terminals, execs."""

from __future__ import annotations

from errno import EPERM

from shannot.sandbox.kernel import files, sockets

from .table import Constant, Row, integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.task import Task

_SOCKETS = (
    "bind(ipi)i", "connect(ipi)i", "listen(ii)i", "accept(ipp)i", "accept4(ippi)i",
    "socketpair(iiip)i", "send(ipii)i", "sendto(ipiipi)i", "sendmsg(ipi)i", "recv(ipii)i",
    "recvfrom(ipiipp)i", "recvmsg(ipi)i", "shutdown(ii)i", "getsockname(ipp)i",
    "getpeername(ipp)i", "getsockopt(iiipp)i", "setsockopt(iiipi)i", "gethostbyname(p)p",
    "gethostbyaddr(pii)p", "getaddrinfo(pppp)i", "getnameinfo(pipipii)i", "gethostname(pi)i",
    "getservbyname(pp)p", "getservbyport(ip)p", "getprotobyname(p)p",
)  # fmt: skip
_WAITING = (
    "poll(pii)i", "ppoll(pipp)i", "epoll_create(i)i", "epoll_create1(i)i", "epoll_ctl(iiip)i",
    "epoll_wait(ipii)i", "kqueue()i", "kevent(ipipip)i",
)  # fmt: skip
_NOT_PERMITTED = (
    "chroot(p)i", "openpty(ppppp)i", "execv(pp)i", "execve(ppp)i", "fexecve(ipp)i",
)  # fmt: skip


def rows() -> list[Row]:
    return [
        Row("socket(iii)i", sockets.socket, (integer, integer, integer)),
        *(Row(form, sockets.refused, (Constant(_name(form)),)) for form in _SOCKETS),
        *(Row(form, _no_waiting, (Constant(_name(form)),)) for form in _WAITING),
        *(Row(form, files.not_permitted, ()) for form in _NOT_PERMITTED),
    ]


def _name(signature: str) -> str:
    return signature.partition("(")[0]


def _no_waiting(task: Task, name: str) -> int:
    task.system.refuse_call(name)
    raise OSError(EPERM, "no descriptors can be waited for")
