"""Processes, groups, signals, locks and /proc: the same in the sandbox as natively."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.running import boxed, same_as_natively


@pytest.mark.parametrize("script", ["relatives.py", "own_proc.py", "pools.py", "flocks.py"])
def test_a_script_does_the_same_as_natively(script: str, tmp_path: Path) -> None:
    same_as_natively(script, tmp_path)


def test_a_daemon_keeps_the_directory_it_was_forked_in(tmp_path: Path) -> None:
    code = """
import os, time
reader, writer = os.pipe()
os.chdir("/usr/lib")
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    time.sleep(0.3)  # its parent is gone by now, and the script somewhere else
    os.write(writer, os.getcwdb() + b" %d" % (os.getsid(0) != os.getpid()))
    os._exit(0)
os.wait()
os.chdir("/usr")
os.close(writer)
print(os.read(reader, 100))
"""
    assert boxed(code, tmp_path).stdout == "b'/usr/lib 1'\n"


def test_nothing_outside_can_be_signalled(tmp_path: Path) -> None:
    code = """
import os, signal, time
for pid in (os.getppid(), 1):
    for call in (os.kill, os.killpg):
        try:
            call(pid, 9)
        except ProcessLookupError:
            print("no such process")
    for attempt in (os.pidfd_open, os.getsid, os.getpgid):
        try:
            print(attempt(pid))
        except ProcessLookupError:
            print("no such process")
if os.fork() == 0:
    time.sleep(30)
os.kill(-1, 15)  # the child, not the caller
print(os.wait()[1])
"""
    ran = boxed(code, tmp_path)
    assert ran.stdout.splitlines() == ["no such process"] * 10 + ["15"]
    assert ran.status == 0


def test_nothing_of_another_process_can_be_read(tmp_path: Path) -> None:
    code = """
import os
own = os.getpid()
for name in ("environ", "mem", "fd", "root", "cwd", "maps", "exe", "stat"):
    for path in ("/proc/1", f"/proc/{os.getppid()}", "/proc/self/../1", "/proc/thread-self/../../1",
                 f"/proc/{own}/task/{own}/../../../1", f"/proc/{os.getppid()}/task/{os.getppid()}",
                 f"/proc/self/task/1"):
        try:
            os.stat(f"{path}/{name}")
            print("found", path, name)
        except FileNotFoundError:
            pass
for path in ("/proc/self/mem", "/proc/self/pagemap", "/proc/kcore", "/proc/sysrq-trigger"):
    try:
        open(path, "rb")
        print("opened", path)
    except OSError:
        pass
"""
    assert boxed(code, tmp_path).stdout == ""


def test_every_socket_family_is_refused_and_counted(tmp_path: Path) -> None:
    code = """
import socket
for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, 45):
    try:
        socket.socket(family, socket.SOCK_DGRAM)
    except PermissionError:
        print("refused")
try:
    socket.getaddrinfo("example.org", 80)
except OSError as error:
    print(type(error).__name__)
left, right = socket.socketpair()
left.send(b"inside")
print(right.recv(10))
"""
    ran = boxed(code, tmp_path)
    assert ran.stdout.splitlines() == ["refused"] * 5 + ["gaierror", "b'inside'"]
    for family in ("AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "family 45"):
        assert f"'{family}'" in ran.log
