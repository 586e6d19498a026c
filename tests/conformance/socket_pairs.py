"""Unnamed pairs of sockets of each kind."""

import os
import select
import socket
import sys

sys.path.insert(0, ".")
from attempt import attempt

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    left, right = socket.socketpair(socket.AF_UNIX, kind)
    attempt("send", left.send, b"first")
    attempt("again", left.send, b"second")
    attempt("ready", lambda: len(select.select([right], [], [], 1)[0]))
    attempt("message", lambda: right.recvmsg(5)[:3])
    attempt("part", right.recv, 3)
    attempt("write", os.write, right.fileno(), b"back")
    attempt("read", os.read, left.fileno(), 9)
    attempt("name", lambda: (left.getsockname(), right.getpeername()))
    attempt("kind", lambda: left.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == kind)
    left.setblocking(False)
    attempt("nothing there", left.recv, 1)
    if os.fork() == 0:
        right.send(b"from a child")
        os._exit(0)
    os.wait()
    attempt("of a child", left.recv, 99)
    right.close()
    attempt("end", left.recv, 1)
    attempt("nobody there", left.send, b"x")
    left.close()
