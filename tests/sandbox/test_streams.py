from __future__ import annotations

import os
import pty
import signal
import socket
import sys
import termios
from pathlib import Path

import pytest

from shannot.sandbox.streams import KEPT, Captured, Output, Streams


def run(streams: Streams, code: str, limit: int = 1 << 30) -> tuple[int, Output]:
    """A child under these streams, as the sandbox would start it."""
    descriptors = streams.child_descriptors()
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            for number, host_fd in enumerate(descriptors):
                os.dup2(host_fd, number)
            os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", code])
        finally:
            os._exit(99)
    streams.start(limit, lambda: os.kill(pid, signal.SIGKILL))
    streams.close_child_side()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, streams.finish(20)


@pytest.fixture
def files(tmp_path: Path) -> tuple[int, int, Path]:
    out = os.open(tmp_path / "out", os.O_CREAT | os.O_RDWR)
    err = os.open(tmp_path / "err", os.O_CREAT | os.O_RDWR)
    return out, err, tmp_path


def test_output_to_files_is_byte_for_byte(files: tuple[int, int, Path]) -> None:
    out, err, place = files
    status, output = run(
        Streams(0, out, err), "import os; os.write(1, bytes(range(256))); os.write(2, b'\\x1b[2J')"
    )
    assert status == 0
    assert (place / "out").read_bytes() == bytes(range(256)) == output.stdout.head
    assert (place / "err").read_bytes() == b"\x1b[2J" == output.stderr.head
    assert not output.merged


def test_one_file_for_both_keeps_the_order(files: tuple[int, int, Path]) -> None:
    out, _, place = files
    code = "import os\nfor i in range(200): os.write(1 + i % 2, b'%d\\n' % i)"
    _, output = run(Streams(0, out, out), code)
    assert (place / "out").read_bytes() == b"".join(b"%d\n" % i for i in range(200))
    assert output.merged


def test_output_can_be_kept_alone() -> None:
    _, output = run(Streams(0, None, None), "import os; os.write(1, b'a'); os.write(2, b'b')")
    assert (output.stdout.head, output.stderr.head) == (b"a", b"b")


def test_the_output_limit_ends_the_child_and_passes_no_more(files: tuple[int, int, Path]) -> None:
    out, err, place = files
    code = "import os\nwhile True: os.write(1, b'x' * 1000)"
    status, output = run(Streams(0, out, err), code, limit=12345)
    assert status in (-signal.SIGKILL, 1)
    assert (place / "out").stat().st_size == 12345 == output.stdout.total


def test_a_reader_that_goes_away_reaches_the_child() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    status, output = run(Streams(0, writer, None), "import os\nwhile True: os.write(1, b'x')")
    assert status == 1  # BrokenPipeError: CPython ignores SIGPIPE
    assert output.failures == []


def test_a_full_device_is_named() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    status, output = run(Streams(0, full, None), "import os\nwhile True: os.write(1, b'x')")
    assert status == 1
    assert output.failures == ["cannot write output: No space left on device"]


def test_a_slow_reader_in_non_blocking_mode_gets_everything() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    pid = os.fork()
    if pid == 0:
        os.close(writer)
        total = 0
        while data := os.read(reader, 4096):
            total += len(data)
        os._exit(0 if total == 1 << 20 else 1)
    run(Streams(0, writer, None), "import os\nfor i in range(16): os.write(1, b'x' * 65536)")
    os.close(writer)
    assert os.waitpid(pid, 0)[1] == 0


def test_a_terminal_gets_sanitised_output_and_the_child_no_terminal() -> None:
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    streams = Streams(slave, slave, slave)
    assert streams.is_terminal == (True, True, True)
    code = (
        "import os\n"
        "try: os.write(0, b'to stdin')\n"
        "except OSError: os.write(1, b'\\x1b[31mred\\x1b[2J %d' % os.isatty(1))"
    )
    _, output = run(streams, code)
    assert _until(master, b"\x1b[0m") == b"\x1b[31mred\\x1b[2J 0\x1b[0m"
    assert output.stdout.head == b"\x1b[31mred\x1b[2J 0"
    assert not output.at_line_start


def _until(host_fd: int, end: bytes) -> bytes:
    """What a terminal shows up to an end: it hands over in pieces what was written."""
    shown = b""
    while not shown.endswith(end):
        shown += os.read(host_fd, 1000)
    return shown


def test_stdin_reaches_the_child() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"hello")
    os.close(writer)
    code = "import os; os.write(1, os.read(0, 100))"
    _, output = run(Streams(reader, None, None), code)
    assert output.stdout.head == b"hello"


def test_a_stdin_opened_for_writing_cannot_be_written(files: tuple[int, int, Path]) -> None:
    out, _, place = files
    os.write(out, b"0123456789")
    os.lseek(out, 4, os.SEEK_SET)
    code = (
        "import os\nos.write(1, os.read(0, 3))\n"
        "try: os.write(0, b'no')\nexcept OSError as e: os.write(1, b' %d' % e.errno)"
    )
    _, output = run(Streams(out, None, None), code)
    assert output.stdout.head == b"456 9"
    assert (place / "out").read_bytes() == b"0123456789"


@pytest.mark.parametrize("which", ["closed", "directory", "write-only"])
def test_a_stdin_that_cannot_be_read_is_empty(which: str, tmp_path: Path) -> None:
    number = os.open(tmp_path, os.O_RDONLY)
    if which == "closed":
        os.close(number)
    elif which == "write-only":
        number = os.open(tmp_path / "f", os.O_WRONLY | os.O_CREAT)
    code = "import os; os.write(1, b'[%s]' % os.read(0, 10))"
    _, output = run(Streams(number, None, None), code)
    assert output.stdout.head == b"[]"


def test_a_host_process_that_keeps_the_pipe_open_is_not_waited_for() -> None:
    code = (
        "import os, time\nos.write(1, b'done')\n"
        "if os.fork() == 0: os.close(0); time.sleep(3); os._exit(0)"
    )
    _, output = run(Streams(0, None, None), code)
    assert output.stdout.head == b"done"


def test_a_long_stream_keeps_its_ends() -> None:
    captured = Captured()
    for number in range(5 * KEPT // 1000):
        captured.add(b"%9d\n" % number * 100)
    captured.close()
    total = 5 * KEPT // 1000 * 1000
    assert (captured.total, len(captured.head), len(captured.tail)) == (total, KEPT, KEPT)
    assert captured.omitted == total - 2 * KEPT
    assert captured.head.startswith(b"        0\n")
    assert captured.tail.endswith(b"%9d\n" % (5 * KEPT // 1000 - 1))


def test_nothing_stays_open_and_finishing_twice_is_fine() -> None:
    before = os.listdir("/proc/self/fd")
    streams = Streams(0, None, None)
    run(streams, "pass")
    streams.finish()
    Streams(0, 1, 2).finish()
    assert os.listdir("/proc/self/fd") == before


def test_a_reader_that_does_not_read_is_not_waited_for_beyond_the_time() -> None:
    reader, writer = os.pipe()
    streams = Streams(0, writer, None)
    pid = os.fork()
    if pid == 0:
        os.dup2(streams.child_descriptors()[1], 1)
        os.write(1, b"x" * 200_000)
        os._exit(0)
    streams.start(1 << 30, lambda: None)
    os.waitpid(pid, 0)
    output = streams.finish(0.2)
    assert output.stdout.total > 0
    os.close(reader)
    streams.finish(20)
    os.close(writer)


def test_a_socket_is_read_for_the_child_which_cannot_write_to_it() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        streams = Streams(theirs.fileno(), None, None)
        reader = os.dup(streams.child_descriptors()[0])
        streams.close_child_side()
        streams.start(1000, lambda: None)
        ours.sendall(b"input")
        ours.shutdown(socket.SHUT_WR)
        assert os.read(reader, 100) == b"input"
        assert os.read(reader, 100) == b""
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(reader, b"out")
        os.close(reader)
        streams.finish()
