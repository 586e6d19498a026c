"""Addresses as `_socket` reads and writes them: numbers alone, as nobody can be asked for names."""

import _socket

import _shannot

_PROTOCOLS = {"ip": 0, "icmp": 1, "tcp": 6, "udp": 17, "ipv6": 41}
_SERVICES = {
    "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "http": 80, "pop3": 110,
    "imap2": 143, "https": 443,
}  # fmt: skip


def _swapped(value, size):
    if not 0 <= value < 1 << 8 * size:
        raise OverflowError("int larger than %d bits" % (8 * size))
    return int.from_bytes(value.to_bytes(size, "little"), "big")


def htons(x):
    """16 bits in the network's order."""
    return _swapped(x, 2)


def htonl(x):
    """32 bits in the network's order."""
    return _swapped(x, 4)


ntohs, ntohl = htons, htonl


def inet_aton(string):
    """Four bytes of an address with dots."""
    parts = string.split(".")
    try:
        numbers = [int(part, 0) if part[:1].isdigit() else -1 for part in parts]
    except ValueError:
        numbers = []
    room = 256 ** (5 - len(numbers))
    if not 1 <= len(numbers) <= 4 or not 0 <= numbers[-1] < room:
        raise OSError("illegal IP address string passed to inet_aton")
    if any(not 0 <= number < 256 for number in numbers[:-1]):
        raise OSError("illegal IP address string passed to inet_aton")
    return bytes(numbers[:-1]) + numbers[-1].to_bytes(5 - len(numbers), "big")


def inet_ntoa(packed_ip):
    """An address with dots of four bytes."""
    if len(packed_ip) != 4:
        raise OSError("packed IP wrong length")
    return ".".join(map(str, bytes(packed_ip)))


def inet_pton(address_family, ip_string):
    """The bytes of an address as it is usually written."""
    import ipaddress

    try:
        if address_family == _socket.AF_INET:
            return ipaddress.IPv4Address(ip_string).packed
        if address_family == _socket.AF_INET6:
            return ipaddress.IPv6Address(ip_string).packed
    except ValueError:
        raise OSError("illegal IP address string passed to inet_pton") from None
    raise OSError(97, "Address family not supported by protocol")


def inet_ntop(address_family, packed_ip):
    """An address as it is usually written."""
    import ipaddress

    sizes = {_socket.AF_INET: 4, _socket.AF_INET6: 16}
    if address_family not in sizes:
        raise ValueError("unknown address family %d" % address_family)
    if len(packed_ip) != sizes[address_family]:
        raise ValueError("invalid length of packed IP address string")
    return str(ipaddress.ip_address(bytes(packed_ip)))


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """What a socket of an address would be made with. Names raise gaierror."""
    number = _port(port)
    if host is None or host == "":
        host = "0.0.0.0" if flags & _socket.AI_PASSIVE else "127.0.0.1"
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii")
    if host == "localhost":
        host = "::1" if family == _socket.AF_INET6 else "127.0.0.1"
    found = []
    for kind, tail in ((_socket.AF_INET, ()), (_socket.AF_INET6, (0, 0))):
        if family not in (0, kind):
            continue
        try:
            address = inet_ntop(kind, inet_pton(kind, host))
        except OSError:
            continue
        for each, protocol in ((1, 6), (2, 17), (3, 0)):
            if type in (0, each) and proto in (0, protocol):
                found.append((kind, each, protocol, "", (address, number) + tail))
    if not found:
        _no_name()
    return found


def _port(port):
    if port is None:
        return 0
    if isinstance(port, bytes):
        port = port.decode("ascii")
    if isinstance(port, str) and not port.isdigit():
        if port not in _SERVICES:
            raise _socket.gaierror(_socket.EAI_SERVICE, "Servname not supported for ai_socktype")
        return _SERVICES[port]
    return int(port)


def _no_name():
    _shannot.refuse(_socket.AF_INET)  # natively one would have asked a name server
    raise _socket.gaierror(_socket.EAI_AGAIN, "Temporary failure in name resolution")


def gethostbyname(hostname):
    """An address stays; a name raises gaierror."""
    try:
        return inet_ntoa(inet_aton(hostname))
    except OSError:
        return "127.0.0.1" if hostname == "localhost" else _no_name()


def gethostbyname_ex(host):
    """As `gethostbyname`."""
    return host, [], [gethostbyname(host)]


def gethostbyaddr(ip_address):
    """Nobody knows a name."""
    _shannot.refuse(_socket.AF_INET)
    raise _socket.herror(1, "Unknown host")


def getnameinfo(sockaddr, flags):
    """The numbers, as text."""
    if flags & _socket.NI_NAMEREQD:
        _no_name()
    return sockaddr[0], str(sockaddr[1])


def getservbyname(servicename, protocolname="tcp"):
    """The usual port of the best known services."""
    if servicename not in _SERVICES:
        raise OSError("service/proto not found")
    return _SERVICES[servicename]


def getservbyport(port, protocolname="tcp"):
    """The name of the best known services."""
    for name, number in _SERVICES.items():
        if number == port:
            return name
    raise OSError("port/proto not found")


def getprotobyname(protocolname):
    """The number of a protocol of the internet."""
    if protocolname not in _PROTOCOLS:
        raise OSError("protocol not found")
    return _PROTOCOLS[protocolname]
