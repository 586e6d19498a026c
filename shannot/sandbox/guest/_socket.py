"""`_socket` without a network: every socket is refused, but for the two ends of a pair.

A pair leads nowhere but to the script itself; asyncio needs one. Names are not resolved, numbers
are.
"""

import errno
import os
from time import monotonic

import _shannot

AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6 = 0, 1, 2, 10
SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET = 1, 2, 3, 5
SOCK_NONBLOCK, SOCK_CLOEXEC = 0o4000, 0o2000000
SOL_SOCKET, SOL_TCP, SOL_IP, SOL_UDP = 1, 6, 0, 17
SO_DEBUG, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST = 1, 2, 3, 4, 5, 6
SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_LINGER, SO_REUSEPORT = 7, 8, 9, 13, 15
SOMAXCONN = 128
SHUT_RD, SHUT_WR, SHUT_RDWR = 0, 1, 2
MSG_OOB, MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_NOSIGNAL = 1, 2, 64, 256, 16384
IPPROTO_IP, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6, IPPROTO_RAW = 0, 1, 6, 17, 41, 255
IPV6_V6ONLY = 26
TCP_NODELAY, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT = 1, 4, 5, 6
INADDR_ANY, INADDR_LOOPBACK, INADDR_BROADCAST, INADDR_NONE = 0, 0x7F000001, 0xFFFFFFFF, 0xFFFFFFFF
AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_ADDRCONFIG, AI_NUMERICSERV = 1, 2, 4, 32, 1024
NI_NUMERICHOST, NI_NUMERICSERV, NI_NAMEREQD, NI_DGRAM = 1, 2, 8, 16
NI_MAXHOST, NI_MAXSERV = 1025, 32
EAI_BADFLAGS, EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_FAMILY, EAI_SERVICE = -1, -2, -3, -4, -6, -8
has_ipv6 = True
CAPI = None

error = OSError

_timeouts = [None]


class herror(OSError):
    """A name that cannot be resolved, by the older functions."""

    __module__ = "socket"


class gaierror(OSError):
    """A name that cannot be resolved."""

    __module__ = "socket"


class timeout(OSError):
    """A socket that was not ready in time."""

    __module__ = "socket"


def _refused(*args, family=AF_INET):
    _shannot.refuse(family)
    raise PermissionError(errno.EACCES, "the sandbox has no network")


class socket:
    """One end of a pair, or nothing: a socket of any other kind is refused."""

    __slots__ = ("_family", "_kind", "_number", "_proto", "_timeout")

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is None:
            _refused(family=AF_INET if family == -1 else family)
        os.fstat(fileno)
        self._number = fileno
        self._family = AF_UNIX if family == -1 else family
        self._kind = SOCK_STREAM if type == -1 else type
        self._proto = 0 if proto == -1 else proto
        self._timeout = None
        self.settimeout(_timeouts[0])

    @property
    def family(self):
        """AF_UNIX."""
        return self._family

    @property
    def type(self):
        """SOCK_STREAM."""
        return self._kind

    @property
    def proto(self):
        """0."""
        return self._proto

    def fileno(self):
        """Its number, -1 once it is closed."""
        return self._number

    def detach(self):
        """Its number, which is the caller's to close from now on."""
        number, self._number = self._number, -1
        return number

    def close(self):
        """Close it; more than once is as good."""
        number = self.detach()
        if number >= 0:
            os.close(number)

    @property
    def timeout(self):
        """Seconds that a call may wait; None for ever."""
        return self._timeout

    def settimeout(self, value):
        """Let calls wait so many seconds; None for ever, 0 not at all."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        os.set_blocking(self._open(), value is None)
        self._timeout = None if value is None else float(value)

    def gettimeout(self):
        """What `settimeout` set."""
        return self._timeout

    def setblocking(self, flag):
        """True: wait for ever. False: not at all."""
        self.settimeout(None if flag else 0.0)

    def getblocking(self):
        """May calls wait?"""
        return self._timeout != 0

    def _open(self):
        if self._number < 0:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._number

    def _when_ready(self, events, call, *args):
        """`call` on its number, waiting where that is allowed."""
        number = self._open()
        end = None if not self._timeout else monotonic() + self._timeout
        while True:
            try:
                return call(number, *args)
            except BlockingIOError:
                if end is None:
                    raise
                left = end - monotonic()
                if left <= 0 or not _shannot.poll(int(left * 1000) + 1, [(number, events)]):
                    raise timeout("timed out") from None

    def recv(self, size, flags=0):
        """The next bytes, `size` at most; none at the end."""
        _check_flags(flags)
        if size < 0:
            raise ValueError("negative buffersize in recv")
        return self._when_ready(1, os.read, size)

    def recv_into(self, buffer, nbytes=0, flags=0):
        """The next bytes into a buffer. Returns how many."""
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom(self, size, flags=0):
        """The next bytes, and that their sender has no address."""
        return self.recv(size, flags), None

    def send(self, data, flags=0):
        """Send bytes. Returns how many were taken."""
        _check_flags(flags)
        return self._when_ready(4, os.write, data)

    def sendall(self, data, flags=0):
        """Send all bytes."""
        view = memoryview(data).cast("B")
        while view:
            view = view[self.send(view, flags) :]

    def getsockopt(self, level, option, size=0):
        """The kind and the error of a pair; no others are known."""
        known = {SO_TYPE: int(self._kind), SO_ERROR: 0}
        if level == SOL_SOCKET and option in known:
            return known[option]
        raise OSError(errno.ENOPROTOOPT, os.strerror(errno.ENOPROTOOPT))

    def setsockopt(self, *args):
        """A pair has none to set."""
        raise OSError(errno.ENOPROTOOPT, os.strerror(errno.ENOPROTOOPT))

    def getsockname(self):
        """A pair has no name."""
        return ""

    getpeername = getsockname

    def shutdown(self, how):
        """Cannot be done to one direction alone."""
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    def bind(self, *args):
        """Raises PermissionError, as all that would reach outside."""
        _refused(family=AF_UNIX)

    connect = connect_ex = listen = _accept = sendto = recvfrom_into = sendmsg = recvmsg = bind

    def __repr__(self):
        return "<socket object, fd=%d, family=%d, type=%d, proto=%d>" % (
            self._number, self._family, self._kind, self._proto
        )  # fmt: skip

    def __del__(self):
        if getattr(self, "_number", -1) >= 0:
            self.close()


SocketType = socket


def _check_flags(flags):
    if flags & ~MSG_NOSIGNAL:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


def socketpair(family=AF_UNIX, type=SOCK_STREAM, proto=0):
    """Two ends that lead to each other."""
    if family not in (None, AF_UNIX) or type & 0xF != SOCK_STREAM or proto:
        _refused(family=AF_UNIX if family is None else family)
    one, other = _shannot.pair()
    return socket(AF_UNIX, SOCK_STREAM, 0, one), socket(AF_UNIX, SOCK_STREAM, 0, other)


def dup(fd):
    """Another number for the same."""
    return os.dup(fd)


def close(fd):
    """Close a number."""
    os.close(fd)


def getdefaulttimeout():
    """What new sockets get."""
    return _timeouts[0]


def setdefaulttimeout(value):
    """Seconds for new sockets, None for ever."""
    if value is not None and value < 0:
        raise ValueError("Timeout value out of range")
    _timeouts[0] = None if value is None else float(value)


def gethostname():
    """The name of this machine."""
    return os.uname().nodename


sethostname = if_nameindex = if_nametoindex = if_indextoname = _refused

from _shannot_addresses import (  # noqa: E402 - they need the errors above
    getaddrinfo,
    gethostbyaddr,
    gethostbyname,
    gethostbyname_ex,
    getnameinfo,
    getprotobyname,
    getservbyname,
    getservbyport,
    htonl,
    htons,
    inet_aton,
    inet_ntoa,
    inet_ntop,
    inet_pton,
    ntohl,
    ntohs,
)
