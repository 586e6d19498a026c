"""`socket` as far as it needs no network: the same with the standard library's and the guest's."""

import os
import socket


def attempt(name, call, *args):
    try:
        result = call(*args)
    except Exception as error:
        result = type(error).__name__
    print(name, result)


for text in ("127.0.0.1", "1.2.3.255", "1.2.3.256", "1.2", "0x7f.1", "1.2.3.4.5", "", "x", "::1"):
    attempt("aton " + text, socket.inet_aton, text)
    attempt("pton " + text, socket.inet_pton, socket.AF_INET, text)
    attempt("pton6 " + text, socket.inet_pton, socket.AF_INET6, text)
for packed in (b"\x7f\0\0\1", bytes(16), b"xyz"):
    attempt("ntoa", socket.inet_ntoa, packed)
    attempt("ntop", socket.inet_ntop, socket.AF_INET, packed)
    attempt("ntop6", socket.inet_ntop, socket.AF_INET6, packed)
attempt("family", socket.inet_ntop, 99, b"1234")
for number in (0, 1, 80, 65535):
    print(socket.htons(number), socket.ntohs(number), socket.htonl(number), socket.ntohl(number))
attempt("htonl", socket.htonl, 1 << 32)
for request in (("127.0.0.1", 80), ("::1", "443"), ("1.2.3.4", None, 0, socket.SOCK_STREAM)):
    print([(int(a), int(b), c, e) for a, b, c, _, e in socket.getaddrinfo(*request)])
attempt("protocol", socket.getprotobyname, "tcp")
one, other = socket.socketpair()
print(int(one.family), int(one.type), one.proto, one.fileno() >= 0, one.gettimeout())
one.sendall(b"hello")
print(other.recv(3), other.recv(100), one.send(b"x"), other.recvfrom(10)[0])
buffer = bytearray(4)
other.sendall(b"into")
print(one.recv_into(buffer), buffer, one.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE))
other.settimeout(0.02)
try:
    other.recv(1)
except socket.timeout as error:
    print(error)
print(other.gettimeout(), os.get_blocking(other.fileno()), os.get_blocking(one.fileno()))
other.setblocking(False)
attempt("blocking", other.recv, 1)
attempt("negative", other.settimeout, -1)
lines = one.makefile("rw")
other.setblocking(True)
other.sendall(b"a line\n")
print(lines.readline())
lines.write("back\n")
lines.flush()
print(other.recv(100))
lines.close()
number = one.detach()
print(one.fileno(), os.write(number, b"z"), other.recv(1))
os.close(number)
print(other.recv(10))
other.close()
other.close()
attempt("closed", other.recv, 1)
print(issubclass(socket.timeout, OSError), issubclass(socket.gaierror, OSError))
print(socket.gethostname() == os.uname().nodename, socket.getdefaulttimeout())
