"""Commands on the host, and what stands in for them."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

from shannot.sandbox.mediation.performer import Performer
from shannot.sandbox.mediation.stand_ins import FIRST_NUMBER, StandIn
from shannot.sandbox.spec import Answer


class Gate:
    def __init__(self) -> None:
        self.ended: list[int] = []

    def finished(self, _ticket: object, status: int) -> None:
        self.ended.append(status)


class System:
    def __init__(self) -> None:
        self.gate = Gate()


class Host:
    def __init__(self) -> None:
        self.system = System()
        self.faults: list[str] = []

    def note(self, fault: Exception, what: str) -> None:
        self.faults.append(f"{what}: {fault}")


def performed(answer: Answer, *signals: int) -> tuple[int, Host]:
    """Wait status of a command that gets these signals before it starts."""
    host = Host()
    performer = Performer(host)  # type: ignore[arg-type]  # what it uses of a system
    stand_in = StandIn(FIRST_NUMBER)
    for signal in signals:
        stand_in.send(signal)
    null = os.open("/dev/null", os.O_RDWR)
    performer.perform(stand_in, answer, [os.dup(null) for _ in range(3)], 0o022)
    os.close(null)
    os.read(stand_in.child.ended, 1)  # its end
    while performer.busy():
        time.sleep(0.001)
    stand_in.child.close()
    assert host.faults == []
    return stand_in.child.status, host


def command(*argv: str) -> Answer:
    program = "/bin/" + argv[0]
    return Answer("perform", argv=argv, executable=program, directory="/", environment={})


def test_one_that_was_killed_before_it_started_never_runs(tmp_path: Path) -> None:
    """It ran to its end where that came before the signal, and told so."""
    status, host = performed(command("mkdir", str(tmp_path / "made")), 15)
    assert status == 15
    assert host.system.gate.ended == [128 + 9]
    assert not (tmp_path / "made").exists()


def test_a_signal_waits_until_the_command_that_is_started_can_get_it() -> None:
    stand_in = StandIn(FIRST_NUMBER)
    assert stand_in.starting()
    sender = threading.Thread(target=stand_in.send, args=(15,))
    sender.start()
    process = subprocess.Popen(["/bin/sleep", "100"], start_new_session=True)
    stand_in.started(process.pid)
    sender.join()
    assert process.wait() == -15
    stand_in.left()
    stand_in.end(-15)
    assert stand_in.child.status == 15
    stand_in.child.close()


def test_a_signal_waits_no_longer_for_a_command_that_could_not_be_started() -> None:
    status, host = performed(Answer("perform", argv=("x",), executable="/no/such", environment={}))
    assert (status, host.system.gate.ended) == (127 << 8, [127])
    stand_in = StandIn(FIRST_NUMBER)
    assert stand_in.starting()
    stand_in.end(127)
    stand_in.send(15)
    assert stand_in.child.status == 127 << 8
    stand_in.child.close()


def test_one_that_a_signal_does_not_end_runs(tmp_path: Path) -> None:
    status, host = performed(command("mkdir", str(tmp_path / "made")), 28)  # SIGWINCH
    assert status == 0
    assert host.system.gate.ended == [0]
    assert (tmp_path / "made").exists()


class Process:
    """A stand-in that is a pipe: its end is that of the process that stands in."""

    def __init__(self) -> None:
        self.pidfd, self._killing = os.pipe()
        self.runs = threading.Event()
        self.ended = threading.Event()
        self.status = 0

    def die(self) -> None:
        os.close(self._killing)

    def starting(self) -> bool:
        return True

    def started(self, _group: int) -> None:
        self.runs.set()

    def left(self) -> None:
        pass

    def end(self, status: int) -> None:
        self.status = status
        os.close(self.pidfd)
        self.ended.set()


def under_way(answer: Answer, dead: bool = False) -> tuple[Performer, Process]:
    performer, stand_in = Performer(Host()), Process()  # type: ignore[arg-type]
    if dead:
        stand_in.die()
    null = os.open("/dev/null", os.O_RDWR)
    performer.perform(stand_in, answer, [os.dup(null) for _ in range(3)], 0o022)
    os.close(null)
    return performer, stand_in


def test_one_that_the_script_killed_ends_though_the_script_ends_at_once() -> None:
    """It went on, where the script's end was noticed before that of what stood in for it."""
    performer, stand_in = under_way(command("sleep", "100"))
    assert stand_in.runs.wait(20)
    stand_in.die()
    performer.let_end()
    assert stand_in.ended.wait(20)
    assert stand_in.status == -9


def test_one_that_was_killed_on_its_way_never_runs(tmp_path: Path) -> None:
    """It ran to its end where the script ended while it was being started."""
    for patient in (False, True):
        performer, stand_in = under_way(command("mkdir", str(tmp_path / "made")), dead=True)
        if patient:
            performer.let_end()
        assert stand_in.ended.wait(20)
        assert stand_in.status == -9
    assert not (tmp_path / "made").exists()


def test_one_that_the_script_left_behind_goes_on_whatever_becomes_of_its_stand_in() -> None:
    performer, stand_in = under_way(command("sleep", "0.3"))
    assert stand_in.runs.wait(20)
    performer.let_end()
    stand_in.die()  # everything in the sandbox is killed at the end
    assert stand_in.ended.wait(20)
    assert stand_in.status == 0


def test_after_a_limit_nothing_runs_any_more_and_nothing_starts(tmp_path: Path) -> None:
    performer, stand_in = under_way(command("sleep", "100"))
    assert stand_in.runs.wait(20)
    performer.stop()
    assert stand_in.ended.wait(20)
    assert stand_in.status == -9
    stand_in.die()
    late, null = Process(), os.open("/dev/null", os.O_RDWR)
    made = command("mkdir", str(tmp_path / "made"))
    performer.perform(late, made, [os.dup(null) for _ in range(3)], 0o022)
    os.close(null)
    assert late.ended.wait(20)
    late.die()
    assert not (tmp_path / "made").exists()
