"""Pipes, select, poll, signals, timers, the standard streams."""

import os
import select
import signal
import sys
import time

sys.path.insert(0, ".")
from attempt import attempt


def broken():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


read, write = os.pipe()
print(select.select([read], [write], [], 0)[1] == [write])
os.write(write, b"x" * 100)
print(select.select([read], [], [], 1)[0] == [read], len(os.read(read, 1000)))
poll = select.poll()
poll.register(read, select.POLLIN)
print(poll.poll(0))
os.close(write)
print(poll.poll(0) == [(read, select.POLLHUP)], os.read(read, 1))
attempt("broken pipe", os.write, broken(), b"x")
with select.epoll() as epoll:
    a, b = os.pipe()
    epoll.register(a, select.EPOLLIN)
    os.write(b, b"!")
    print(epoll.poll(1) == [(a, select.EPOLLIN)])
    attempt("a regular file", epoll.register, os.open("empty", os.O_RDONLY))
os.set_blocking(a, False)
os.read(a, 1)
attempt("non-blocking", os.read, a, 1)
seen = []
signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGUSR1)
print(seen)
signal.signal(signal.SIGALRM, lambda number, frame: seen.append("alarm"))
signal.setitimer(signal.ITIMER_REAL, 0.02)
time.sleep(0.1)
print(seen[-1], signal.getitimer(signal.ITIMER_REAL))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
os.kill(os.getpid(), signal.SIGUSR2)
print(signal.sigpending() == {signal.SIGUSR2}, signal.sigwait({signal.SIGUSR2}))
print(signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN)
signal.signal(signal.SIGALRM, lambda number, frame: 1 / 0)
signal.setitimer(signal.ITIMER_REAL, 0.02)
attempt("handler raises", time.sleep, 5)
print(sys.stdin.readline(), sys.stdin.read())
print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stdout.encoding, sys.stdin.fileno())
print("to stderr", file=sys.stderr)
attempt("bad descriptor", os.read, 500, 1)
