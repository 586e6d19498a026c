"""The ends of socket pairs of each kind, through which nobody outside may be reached. Stopped by:
what gives an end a name, or sends to one, is notified and refused; descriptors are not passed on.
"""

import ctypes
import os
import socket
import sys

sys.path.insert(0, ".")
from attack import HOME, attack

LIBC = ctypes.CDLL(None, use_errno=True)
PLACES = (f"{HOME}/planted.sock", "/dev/log", "/run/systemd/notify", "\0abstract")


def message(end, address):
    """sendmsg(2) to an address through one end of a pair, which itself has no name."""
    return end.sendmsg([b"x"], [], 0, address)


def many(end):
    """sendmmsg(2), which nothing in Python calls."""
    done = LIBC.sendmmsg(end.fileno(), ctypes.create_string_buffer(128), 1, 0)
    if done < 0:
        raise OSError(ctypes.get_errno(), "sendmmsg")
    return done


for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    left, right = socket.socketpair(socket.AF_UNIX, kind)
    for place in PLACES:
        for flags in (0, socket.MSG_DONTWAIT):
            attack(f"{kind} sendto {place!r}", left.sendto, b"x", flags, place)
        attack(f"{kind} sendmsg {place!r}", message, left, place)
        attack(f"{kind} connect {place!r}", lambda: left.connect(place) or "connected")
        attack(f"{kind} bind {place!r}", lambda: left.bind(place) or "bound")
    attack(f"{kind} sendmmsg", many, left)
    attack(f"{kind} descriptor", lambda: socket.send_fds(left, [b"x"], [0]) and None)
    attack(f"{kind} name of a peer", lambda: right.getpeername() or None)
    attack(f"{kind} listen", lambda: left.listen() or "listening")
    attack(f"{kind} opened again", os.open, f"/proc/self/fd/{left.fileno()}", os.O_RDWR)
    left.send(b"to the other end")
    message_, ancillary, _, _ = right.recvmsg(100, 100)
    assert message_ == b"to the other end", message_
    assert ancillary == [], ancillary
