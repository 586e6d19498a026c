"""Sockets of every family. Stopped by: the deny-all stub; only an unnamed pair of AF_UNIX
exists.
"""

import os
import socket
import sys

sys.path.insert(0, ".")
from attack import HOME, attack

for family in range(46):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        attack(f"family {family} type {int(kind)}", socket.socket, family, kind, 0)
attack("connect to the machine", socket.create_connection, ("127.0.0.1", 22), 1)
attack("names", lambda: socket.getaddrinfo("example.org", 80))
for path in (
    "/var/run/docker.sock",
    "/run/systemd/private",
    "/run/dbus/system_bus_socket",
    "/dev/log",
    f"{HOME}/planted.sock",
):
    attack(f"stat {path}", os.stat, path)
    attack(f"open {path}", os.open, path, os.O_RDONLY)
a, b = socket.socketpair()
attack("bind of a pair", lambda: a.bind("\0abstract") or "bound")
attack("bind of a pair to a path", lambda: a.bind("sock") or "bound")
attack("listen", lambda: a.listen() or "listening")
attack("connect of a pair", lambda: a.connect("/run/systemd/private") or "connected")
attack(
    "datagram pair with an address",
    lambda: (
        socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", "/dev/log") or "sent"
    ),
)
attack("pair of another family", socket.socketpair, socket.AF_INET)
attack("descriptor through a pair", lambda: socket.send_fds(a, [b"x"], [0]) and None)
