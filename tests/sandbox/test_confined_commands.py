"""Commands of a script that cannot fork, without that script: confined over its layer, performed on
the host, assumed; their pipes, statuses, signals, and that none of them outlives the run.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shannot.sandbox.kernel import children, command_device, files, metadata
from shannot.sandbox.kernel.descriptors import DescriptorTable
from shannot.sandbox.kernel.proc import Proc
from shannot.sandbox.kernel.task import System, Task
from shannot.sandbox.mediation.pypy_commands import PypyCommands
from shannot.sandbox.spec import Answer, CommandRequest, Limits
from shannot.sandbox.supervise_confined import Confiner
from shannot.sandbox.syscalls.numbers import of_machine
from shannot.sandbox.vfs.node import Directory
from shannot.sandbox.vfs.rights import Identity
from shannot.sandbox.vfs.tree import build
from tests.fakes.world import NoMemory, spec

WORDS = {b"PATH": b"/usr/bin:/bin"}


class Gate:
    """Confines all but what is called HOST (a shell line), ASSUME or REFUSE."""

    def __init__(self) -> None:
        self.finished_with: list[int] = []
        self.read: list[bytes] = []

    def command(self, request: CommandRequest) -> Answer:
        line = os.fsdecode(request.argv[-1])
        match request.argv[0]:
            case b"HOST":
                environment = {"PATH": "/usr/bin:/bin"}
                return Answer(
                    "perform",
                    executable="/bin/sh",
                    argv=("sh", "-c", line),
                    environment=environment,
                )
            case b"ASSUME":
                return Answer("assume", status=int(line))
            case b"REFUSE":
                return Answer("refuse", errno=1)
        return Answer("confine")

    def received(self, _ticket: object, stdin: bytes) -> None:
        self.read.append(stdin)

    def finished(self, _ticket: object, status: int) -> None:
        self.finished_with.append(status)


class Script:
    """What a script has: a project, descriptors, commands."""

    def __init__(self, root: Path, **limits: float) -> None:
        root.chmod(0o755)
        self.private = root / "private"
        self.private.mkdir(mode=0o711)
        self.project = root / "project"
        self.project.mkdir()
        (self.project / "hello.txt").write_text("hello\n")
        self.faults: list[str] = []
        self.limits_hit: list[str] = []
        asked = spec(
            self.private,
            directory=os.fsencode(self.project),
            limits=Limits(**limits),  # type: ignore[arg-type]
        )
        identity = Identity(os.geteuid(), os.getegid(), frozenset(os.getgroups()))
        self.tree = build(asked, identity, ())
        self.gate = Gate()
        gate: object = self.gate
        self.system = System(
            identity, self.tree.overlay, self.tree.lookup, asked.limits, gate  # type: ignore[arg-type]
        )  # fmt: skip
        Proc(self.system, others=False).install(self.tree)
        self.known = self.system.children = children.Children()
        self.device = command_device.put(self.tree, self.system)
        self.table = DescriptorTable()
        for number in range(3):
            self.table.put(number, os.open("/dev/null", os.O_RDWR))
        found = self.tree.lookup.find(self.tree.root, os.fsencode(self.project), 0).node
        assert isinstance(found, Directory)
        self.task = Task(self.system, os.getpid(), 1, found, 0o022, NoMemory(), self.table)  # type: ignore[arg-type]
        own = os.getpid()
        self.system.is_member = lambda pid: pid == own
        self.system.processes = lambda: [own]
        self.system.process = lambda _pid: self.task
        confiner = Confiner(
            asked, self.system, self.tree, of_machine(os.uname().machine), self.known.turn,
            self.limits_hit.append, self.faults,
        )  # fmt: skip
        self.commands = PypyCommands(self.system, self.faults, confiner)

    def start(
        self, *argv: str, stdin: int = 0, stdout: int = 1, stderr: int = 2, restore: int = 1
    ) -> int:
        """As the guest does: by the device. Errors: execve(2)'s."""
        name = argv[0] if argv[0] not in ("HOST", "ASSUME", "REFUSE") else "true"
        paths = [name] if "/" in name else [f"{place}/{name}" for place in ("/usr/bin", "/bin")]
        fields = ["start", "", stdin, stdout, stderr, restore, len(paths), *paths, len(argv), *argv]
        fields += [1, "PATH=/usr/bin:/bin"]
        body = "".join(f"{field}\0" for field in fields).encode()
        with self.known.turn:
            request = files.openat(self.task, -100, command_device.PATH, os.O_WRONLY, 0)
            os.write(request, b"%d\0%s" % (len(body), body))
            os.close(request)
            answer = files.openat(self.task, -100, command_device.PATH, os.O_RDONLY, 0)
        try:
            return int(os.read(answer, 100).rstrip(b"\0"))
        finally:
            os.close(answer)

    def wait(self, pid: int = -1, options: int = 0) -> int:
        with self.known.turn:
            return children.wait(self.task, pid, options)[1]

    def status(self, *argv: str, **streams: int) -> int:
        return os.waitstatus_to_exitcode(self.wait(self.start(*argv, **streams)))

    def output(self, *argv: str, given: bytes = b"") -> bytes:
        """Its stdout, with a pipe at each end."""
        stdin, feed = os.pipe()
        reader, stdout = os.pipe()
        numbers = self.table.give(stdin), self.table.give(stdout)
        pid = self.start(*argv, stdin=numbers[0], stdout=numbers[1])
        for number in numbers:
            self.table.close(number)
        os.write(feed, given)
        os.close(feed)
        with open(reader, "rb") as pipe:
            data = pipe.read()
        self.wait(pid)
        return data

    def content(self, name: str) -> bytes:
        with self.known.turn:
            path = os.fsencode(self.project / name)
            host_fd = files.openat(self.task, -100, path, os.O_RDONLY, 0)
        with open(host_fd, "rb") as file:
            return file.read()

    def close(self) -> None:
        self.commands.let_end(patient=False)
        self.commands.close()
        self.known.close()
        self.device.close()
        self.table.close_all()
        self.tree.close()


@contextmanager
def script(root: Path, **limits: float) -> Iterator[Script]:
    made = Script(root, **limits)
    try:
        yield made
    finally:
        made.close()
        assert made.faults == []


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Script]:
    with script(tmp_path) as made:
        yield made


def test_a_confined_program_has_its_own_status_and_its_own_output(here: Script) -> None:
    assert here.status("true") == 0
    assert here.status("sh", "-c", "exit 42") == 42
    assert here.status("sh", "-c", "kill -9 $$") == -9
    assert here.output("cat", given=b"through\n") == b"through\n"
    assert here.output("cat", "hello.txt") == b"hello\n"


def test_a_confined_program_works_on_the_layer_of_the_script(here: Script) -> None:
    with here.known.turn:
        path = os.fsencode(here.project / "new")
        made = files.openat(here.task, -100, path, os.O_WRONLY | os.O_CREAT, 0o644)
    os.write(made, b"c\na\nb\n")
    os.close(made)
    assert here.output("sort", "new") == b"a\nb\nc\n"
    assert here.status("sed", "-i", "s/hello/bye/", "hello.txt") == 0
    assert here.content("hello.txt") == b"bye\n"
    assert (here.project / "hello.txt").read_text() == "hello\n"
    assert not (here.project / "new").exists()


def test_a_script_of_the_layer_runs_with_its_interpreter(here: Script) -> None:
    lines = "printf '#!/bin/sh\\necho mine $0 $1\\n' > mine; chmod 755 mine"
    assert here.status("sh", "-c", lines) == 0
    assert here.output("./mine", "x") == b"mine ./mine x\n"


def test_what_a_confined_program_starts_passes_the_gate(here: Script) -> None:
    mark = here.project.parent / "mark"
    assert here.status("sh", "-c", "exec true") == 0
    link = "ln -s /bin/true REFUSE; PATH=.:$PATH; REFUSE x; echo $?"
    assert here.output("sh", "-c", link + " 2>/dev/null") == b"126\n"
    link = f"ln -s /bin/true HOST; PATH=.:$PATH; HOST 'echo out; touch {mark}'"
    assert here.output("sh", "-c", link) == b"out\n"
    assert mark.exists()
    assert here.gate.finished_with == [0]


def test_a_performed_command_has_the_streams_of_the_script(here: Script) -> None:
    assert here.output("HOST", "tr a-z A-Z; exit 3", given=b"loud") == b"LOUD"
    assert here.status("HOST", "exit 3") == 3
    assert here.status("HOST", "kill -15 $$") == -15
    assert here.gate.finished_with == [3, 3, 143]


def test_an_assumed_command_reads_what_is_piped_into_it(here: Script) -> None:
    assert here.status("ASSUME", "7") == 7
    assert here.output("ASSUME", "0", given=b"body") == b""
    assert here.gate.read == [b"body"]


def test_a_refused_command_is_an_errno(here: Script) -> None:
    with pytest.raises(PermissionError):
        here.start("REFUSE", "x")
    with pytest.raises(FileNotFoundError):
        here.start("no-such-program")


def test_commands_run_side_by_side(here: Script) -> None:
    reader, writer = os.pipe()
    numbers = here.table.give(reader), here.table.give(writer)
    first = here.start("sh", "-c", "echo one; cat hello.txt", stdout=numbers[1])
    here.table.close(numbers[1])
    pids = {first: 0, here.start("HOST", "sleep 0.05; exit 4"): 4}
    pids[here.start("sh", "-c", "ls -l > listed; exit 5")] = 5
    counted = here.output("sh", "-c", "wc -l", given=b"x\ny\n")
    last = here.start("sort", stdin=numbers[0])
    here.table.close(numbers[0])
    pids[last] = 0
    assert {pid: here.wait(pid) >> 8 for pid in reversed(pids)} == pids
    assert counted.strip() == b"2"


def test_a_command_that_has_ended_leaves_no_descriptor(here: Script) -> None:
    """Three a command stayed: the run ended with EMFILE after some three hundred."""
    counts = []
    for _ in range(8):
        assert here.status("true") == 0
        while here.system.processes() != [os.getpid()]:
            time.sleep(0.001)
        with here.known.turn:  # its end is dealt with by another thread, which has the turn
            counts.append(len(os.listdir("/proc/self/fd")))
    assert counts[-1] <= counts[1] + 3, counts


def test_signals_reach_a_command_wherever_it_runs(here: Script) -> None:
    pids = [here.start("sleep", "30"), here.start("HOST", "exec sleep 30")]
    for pid in pids:
        assert here.wait(pid, os.WNOHANG) == 0
        with here.known.turn:
            assert children.kill(here.task, pid, 15)
        assert os.waitstatus_to_exitcode(here.wait(pid)) == -15


def test_an_assumed_command_dies_of_a_signal(here: Script) -> None:
    reader, writer = os.pipe()
    pid = here.start("ASSUME", "0", stdin=here.table.give(reader))
    with here.known.turn:
        assert children.kill(here.task, pid, 17)
        assert children.kill(here.task, pid, 9)
    os.close(writer)
    assert os.waitstatus_to_exitcode(here.wait(pid)) == -9


def test_nothing_of_a_command_outlives_the_run(tmp_path: Path) -> None:
    nap = f"sleep 300.{os.getpid()}"  # no other test's
    with script(tmp_path) as here:
        here.start("sh", "-c", f"{nap}1 & {nap}2 & wait")
        done = here.start("sh", "-c", f"{nap}3 & exit 0")
        here.start("HOST", f"{nap}4 & {nap}5; exit 0")
        here.wait(done)
        time.sleep(0.1)
        assert running(nap)
    assert running(nap) == []


def running(line: str) -> list[str]:
    pattern = "^" + line.replace(".", "[.]")
    found = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True)
    return found.stdout.split()


def test_a_killed_process_of_the_group_leaves_the_rest(here: Script) -> None:
    assert here.output("sh", "-c", "sh -c 'kill -9 $$' ; echo went on") == b"went on\n"


def test_a_command_sees_itself_in_proc_and_not_the_device(here: Script) -> None:
    assert here.output("sh", "-c", "cat /proc/self/comm; [ -d /proc/$$ ] && echo there") == (
        b"cat\nthere\n"
    )
    assert here.output("sh", "-c", "cat < /dev/shannot || echo refused") == b"refused\n"


def test_processes_are_bounded(tmp_path: Path) -> None:
    with script(tmp_path, processes=8) as here:
        here.start("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; wait")
        deadline = time.monotonic() + 20
        while not here.limits_hit and time.monotonic() < deadline:
            time.sleep(0.01)
        assert here.limits_hit[0] == "processes"


def test_the_umask_of_the_script_is_that_of_its_commands(here: Script) -> None:
    with here.known.turn:
        metadata.umask(here.task, 0o077)
    assert here.output("sh", "-c", "umask; touch t; stat -c %a t") == b"0077\n600\n"
