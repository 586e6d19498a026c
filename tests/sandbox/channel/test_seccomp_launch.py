"""What a child that cannot start says, whenever it is heard."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from shannot.errors import ShannotError
from shannot.sandbox.channel import kernel_calls, landlock
from shannot.sandbox.channel.seccomp_filter import compile_filter
from shannot.sandbox.channel.seccomp_launch import Launch, start
from shannot.sandbox.syscalls.numbers import of_machine


def text(directory: Path) -> Path:
    path = directory / "text"
    path.write_text("no program")
    return path


def run(place: Path, **changes: object) -> None:
    """Start a child whose interpreter is a file that cannot be executed."""
    values: dict[str, object] = {
        "interpreter": os.open(text(place), os.O_RDONLY | os.O_CLOEXEC),
        "argv": (b"x",),
        "environment": (),
        "directory": os.open(place, os.O_RDONLY | os.O_CLOEXEC),
        "stdio": (0, 1, 2),
        "filter_program": compile_filter({}, of_machine(os.uname().machine), otherwise="allow"),
        "ruleset": landlock.ruleset([]),
        "limits": (),
        "drop_to": None,
    }
    values |= changes
    try:
        start(Launch(**values))  # type: ignore[arg-type]
    finally:
        for name in ("interpreter", "directory", "ruleset"):
            os.close(values[name])  # type: ignore[arg-type]


def test_what_fails_after_the_listener_is_not_taken_for_part_of_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lines can come in one read, and the child can be gone before its listener is fetched."""
    pidfd_open = os.pidfd_open

    def late(pid: int) -> int:
        time.sleep(0.3)
        return pidfd_open(pid)

    monkeypatch.setattr(os, "pidfd_open", late)
    expected = r"cannot start the interpreter: execveat: Permission denied$"
    with pytest.raises(ShannotError, match=expected):
        run(tmp_path)


def test_what_fails_before_the_listener_is_one_line(tmp_path: Path) -> None:
    directory = os.open(text(tmp_path), os.O_RDONLY | os.O_CLOEXEC)
    with pytest.raises(ShannotError, match=r"cannot start the sandbox: chdir: Not a directory$"):
        run(tmp_path, directory=directory)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_before_the_exec_ends_the_child_and_runs_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """As where Ctrl-C is pressed while a run starts: the fork has the mediator's handlers."""
    ran = os.memfd_create("ran")

    def handler(_number: int, _frame: object) -> None:
        os.write(ran, b"%d " % os.getpid())

    def interrupted(option: int, value: int) -> None:
        if os.getpid() != parent:
            os.kill(os.getpid(), number)
        prctl(option, value)

    parent, prctl = os.getpid(), kernel_calls.prctl
    monkeypatch.setattr(kernel_calls, "prctl", interrupted)
    before = signal.signal(number, handler)
    try:
        with pytest.raises(ShannotError):
            run(tmp_path)
    finally:
        signal.signal(number, before)
    assert os.pread(ran, 100, 0) == b""
    os.close(ran)
