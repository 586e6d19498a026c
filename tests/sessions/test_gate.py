from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from shannot.effects.model import (
    ChangeMode,
    Effect,
    Fingerprint,
    MakeDirectory,
    RunCommand,
    WriteFile,
)
from shannot.policy.environment import base_environment
from shannot.policy.profile import Profile, profile_of
from shannot.sandbox.spec import Answer, CommandRequest
from shannot.sessions import gate as gates
from shannot.sessions.gate import RecordingGate

BASE = base_environment({}, "/home/u")
TRUE = os.path.realpath("/bin/true")
LS = os.path.realpath("/bin/ls")
# A system program that no list names, whichever this system has.
OTHER = next(
    os.path.realpath(path)
    for path in ("/usr/bin/getent", "/usr/bin/ldd", "/bin/mount", "/usr/bin/passwd", "/bin/sh")
    if os.path.exists(path)
)


class MemoryBlobs:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put_descriptor(self, host_fd: int) -> tuple[str, int]:
        data = os.pread(host_fd, 1 << 20, 0)
        return self.put_bytes(data), len(data)

    def link_file(self, directory_fd: int, name: bytes, sha256: str) -> bool:
        return False

    def put_bytes(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        self.kept[name] = data
        return name


class ListedChanges:
    """An overlay whose changes the test puts in."""

    def __init__(self) -> None:
        self.waiting: list[Effect] = []

    def pending(self) -> bool:
        return bool(self.waiting)

    def cut(self) -> Sequence[Effect]:
        effects, self.waiting = self.waiting, []
        return effects


class BrokenChanges(ListedChanges):
    def cut(self) -> Sequence[Effect]:
        raise OSError(errno.ENOSPC, "no space")


class Run:
    """A gate with what stands around it."""

    def __init__(self, profile: Profile, changes: ListedChanges | None = None, **more: object):
        self.blobs = MemoryBlobs()
        self.changes = changes or ListedChanges()
        self.told: list[str] = []
        self.gate = RecordingGate(
            profile,
            lambda: self.blobs,
            base=BASE,
            given={b"HOME": b"/home/u"},
            tell=self.told.append,
            **more,  # type: ignore[arg-type]
        )
        self.gate.attach(self.changes)

    def start(
        self,
        *argv: str,
        executable: str = "",
        in_overlay: bool = False,
        own: bool = False,
        confinable: bool = True,
        in_private: bool = False,
    ) -> Answer:
        return self.gate.command(
            CommandRequest(
                tuple(map(os.fsencode, argv)),
                b"/",
                {b"HOME": b"/home/u", b"LD_PRELOAD": b"/tmp/e.so"},
                os.fsencode(executable),
                in_overlay,
                own,
                confinable,
                in_private,
            )
        )

    def commands(self) -> list[RunCommand]:
        return [effect for effect in self.gate.effects() if isinstance(effect, RunCommand)]


def change(path: str) -> MakeDirectory:
    return MakeDirectory(path, 0o755)


def test_a_denied_command_is_refused_and_remembered() -> None:
    run = Run(Profile())
    answer = run.start("rm", "-rf", "/", executable="/usr/bin/rm")
    assert (answer.kind, answer.errno) == ("refuse", errno.EPERM)
    ((argv, rule, reason),) = run.gate.denied()
    assert argv == ("rm", "-rf", "/")
    assert (rule, reason) == ("built-in", "It would remove / with everything below it.")
    assert run.gate.effects() == ()


def test_a_confined_command_is_counted_and_leaves_no_effect() -> None:
    run = Run(Profile())
    assert run.start("ls").kind == "confine"
    assert run.gate.confined_count == 1
    assert run.gate.effects() == ()


def test_what_cannot_be_confined_is_asked_about() -> None:
    run = Run(Profile())
    answer = run.start("ls", confinable=False)
    (effect,) = run.commands()
    assert (answer.kind, answer.status, effect.state) == ("assume", 0, "assumed")
    assert "this host cannot run it in the sandbox" in effect.reason
    assert run.start("mine", own=True, confinable=False).kind == "assume"
    assert run.gate.confined_count == 0


def test_an_allowed_command_that_cannot_be_confined_runs_beside_the_changes() -> None:
    kinds = []
    for confinable in (True, False):
        run = Run(profile_of(auto_approve=["ls"]))
        run.changes.waiting = [change("/a")]
        kinds.append(run.start("ls", executable=LS, confinable=confinable).kind)
    assert kinds == ["confine", "perform"]


def test_an_asked_command_stands_after_the_changes_before_it() -> None:
    run = Run(Profile())
    run.changes.waiting = [change("/a")]
    answer = run.start("true-tool", "x", executable=OTHER)
    assert (answer.kind, answer.status) == ("assume", 0)
    run.changes.waiting = [change("/b")]
    first, command, last = run.gate.effects()
    assert (first, last) == (change("/a"), change("/b"))
    assert isinstance(command, RunCommand)
    assert command.state == "assumed"
    assert command.executable == OTHER
    with open(OTHER, "rb") as file:
        assert command.executable_sha256 == hashlib.sha256(file.read()).hexdigest()
    assert command.environment == tuple(sorted(BASE.items()))


def test_a_script_can_be_told_that_an_asked_command_failed() -> None:
    run = Run(Profile(), on_ask="fail")
    assert run.start("some-tool", executable=OTHER).status == 126
    assert run.commands()[0].state == "queued"


@pytest.mark.parametrize(
    ("executable", "in_overlay", "clause"),
    [("/new/tool", True, "only in the sandbox"), ("/no/such/tool", False, "not on this host")],
)
def test_a_program_that_the_host_lacks_is_recorded_with_a_reason(
    executable: str, in_overlay: bool, clause: str
) -> None:
    run = Run(profile_of(auto_approve=["tool"]))
    run.start("tool", executable=executable, in_overlay=in_overlay)
    (command,) = run.commands()
    assert (command.executable, command.executable_sha256) == (executable, "")
    assert clause in command.reason


def test_a_program_that_the_script_wrote_is_named_by_what_it_wrote_until_then() -> None:
    run = Run(Profile())
    for data in (b"one", b"two"):
        written = Fingerprint("file", 0o755, hashlib.sha256(data).hexdigest(), 3)
        run.changes.waiting = [WriteFile("/new/tool", None, written)]
        run.start("/new/tool", executable="/new/tool", in_overlay=True)
    assert [command.executable_sha256 for command in run.commands()] == [
        hashlib.sha256(data).hexdigest() for data in (b"one", b"two")
    ]


def test_a_program_of_the_host_that_became_executable_is_named_by_its_contents(
    tmp_path: Path,
) -> None:
    tool = tmp_path / "tool"
    tool.write_bytes(b"#!/bin/sh\n")
    run = Run(Profile())
    run.changes.waiting = [ChangeMode(str(tool), 0o644, 0o755)]
    run.start(str(tool), executable=str(tool), in_overlay=True)
    (command,) = run.commands()
    assert command.executable_sha256 == hashlib.sha256(tool.read_bytes()).hexdigest()


def test_threads_of_commands_lose_nothing_of_each_other() -> None:
    run = Run(profile_of(auto_approve=["true"]))
    tickets = [run.start("true", str(number), executable=TRUE).ticket for number in range(200)]
    started = threading.Barrier(9)

    def end(part: int) -> None:
        started.wait()
        for number in range(part, 200, 8):
            run.gate.finished(tickets[number], number % 256)

    threads = [threading.Thread(target=end, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    started.wait()
    for number in range(200):
        run.start("some-tool", str(number), executable=OTHER)
    for thread in threads:
        thread.join()
    commands = run.commands()
    assert [command.exit_status for command in commands[:200]] == list(range(200))
    assert [command.argv[1] for command in commands] == [str(n % 200) for n in range(400)]


def test_what_was_piped_into_an_asked_command_is_kept() -> None:
    run = Run(Profile())
    answer = run.start("some-tool", executable=OTHER)
    run.gate.received(answer.ticket, b"yes\n")
    (command,) = run.commands()
    assert command.stdin_sha256 is not None
    assert run.blobs.kept[command.stdin_sha256] == b"yes\n"


def test_an_allowed_command_runs_with_a_clean_environment_and_its_end_is_recorded() -> None:
    run = Run(profile_of(auto_approve=["true"]))
    answer = run.start("true", "x", executable=TRUE)
    assert (answer.kind, answer.executable, answer.argv) == ("perform", TRUE, ("true", "x"))
    assert dict(answer.environment) == BASE
    run.gate.finished(answer.ticket, 3)
    (command,) = run.commands()
    assert (command.state, command.verdict, command.exit_status) == ("done", "allow", 3)
    assert not command.after_unseen_changes
    assert run.told == []


def test_an_allowed_shell_line_runs_without_its_shell() -> None:
    run = Run(profile_of(auto_approve=["true"]))
    answer = run.start("sh", "-c", "true 'a b'", executable=os.path.realpath("/bin/sh"))
    assert (answer.kind, answer.argv) == ("perform", ("true", "a b"))


def test_an_allowed_command_is_confined_where_it_would_miss_changes() -> None:
    run = Run(profile_of(auto_approve=["true"]))
    run.changes.waiting = [change("/a")]
    assert run.start("true", executable=TRUE).kind == "confine"
    run.start("some-tool", executable=OTHER)  # cuts: nothing is pending, the host is as it was
    assert run.start("true", executable=TRUE).kind == "confine"


def test_an_allowed_command_that_cannot_be_confined_runs_and_says_what_it_misses() -> None:
    run = Run(profile_of(auto_approve=[OTHER]))
    run.changes.waiting = [change("/a")]
    answer = run.start(OTHER, "x", executable=OTHER)
    assert answer.kind == "perform"
    first, command = run.gate.effects()
    assert first == change("/a")
    assert isinstance(command, RunCommand)
    assert command.after_unseen_changes
    assert len(run.told) == 1


def test_an_allowed_command_never_runs_in_what_the_host_has_for_the_script_s_own_tmp() -> None:
    """Another user of the machine may have made a directory of that name."""
    run = Run(profile_of(auto_approve=["true", OTHER]))
    assert run.start("true", executable=TRUE, in_private=True).kind == "confine"
    line = run.start("sh", "-c", "true x", executable=os.path.realpath("/bin/sh"), in_private=True)
    assert line.kind == "confine"
    assert run.start(OTHER, "x", executable=OTHER, in_private=True).kind == "assume"
    (command,) = run.commands()
    assert command.reason == ("It is in, or names, a file or directory of the sandbox's own /tmp.")


def test_a_recorded_command_says_that_its_directory_is_the_script_s_own() -> None:
    run = Run(profile_of())
    run.start("some-tool", executable=OTHER, in_private=True)
    (command,) = run.commands()
    assert "only the sandbox's own /tmp has" in command.reason


def test_an_allowed_program_that_is_another_than_the_script_s_is_asked() -> None:
    run = Run(profile_of(auto_approve=["true"]))
    answer = run.start("true", executable="/usr/lib/other/true")
    assert answer.kind == "assume"
    assert "/usr/lib/other/true" in run.commands()[0].reason


def test_an_allowed_program_that_others_could_replace_is_asked(tmp_path: object) -> None:
    tool = os.path.join(str(tmp_path), "tool")
    with open(tool, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n")
    os.chmod(tool, 0o777)
    run = Run(profile_of(auto_approve=[tool]))
    assert run.start(tool, executable=tool).kind == "assume"
    (command,) = run.commands()
    assert command.reason.startswith("The profile allows it; the program ")


def test_a_dry_run_starts_nothing_on_the_host() -> None:
    run = Run(profile_of(auto_approve=["true", OTHER]), dry_run=True)
    assert run.start("true", executable=TRUE).kind == "confine"
    assert run.start(OTHER, executable=OTHER).kind == "assume"
    assert "dry run" in run.commands()[0].reason


def test_a_full_plan_refuses_further_commands_and_is_incomplete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gates, "COMMAND_LIMIT", 2)
    run = Run(Profile())
    kinds = [run.start("some-tool", executable=OTHER).kind for _ in range(4)]
    assert kinds == ["assume", "assume", "refuse", "refuse"]
    assert not run.gate.complete
    assert len(run.commands()) == 2
    assert len(run.told) == 1


def test_too_many_bytes_of_arguments_fill_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "BYTES_LIMIT", 1_000)
    run = Run(Profile())
    answer = run.start("some-tool", "x" * 2_000, executable=OTHER)
    assert (answer.kind, answer.errno) == ("refuse", errno.EAGAIN)


def test_a_command_whose_changes_cannot_be_saved_is_refused() -> None:
    changes = BrokenChanges()
    changes.waiting = [change("/a")]
    run = Run(Profile(), changes)
    assert run.start("some-tool", executable=OTHER).kind == "refuse"
    assert not run.gate.complete


def test_names_that_are_no_text_survive() -> None:
    run = Run(Profile())
    run.start("tool", os.fsdecode(b"\xff"), executable=OTHER)
    assert os.fsencode(run.commands()[0].argv[1]) == b"\xff"


def test_the_runtime_s_own_interpreter_is_confined_unless_a_rule_asks() -> None:
    run = Run(profile_of(ask=["named"]))
    assert run.start("anything", executable=OTHER, own=True).kind == "confine"
    assert run.start("named", executable=OTHER, own=True).kind == "assume"
