"""One script in the sandbox that does a bit of everything, for `doctor.py`.

Not by way of `run.py`: nothing of it is to be kept, recorded or decided by a profile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from shannot.effects.model import WriteFile
from shannot.errors import REFUSED, ShannotError
from shannot.sandbox.spec import Answer, CommandRequest, Limits, Outcome, Spec
from shannot.sandbox.streams import Streams
from shannot.workflows.configuration import load_settings
from shannot.workflows.program import PATH, find_interpreter
from shannot.workflows.request import Caller

if TYPE_CHECKING:
    from shannot.sandbox.spec import Changes, WaitingProcess

PARTS_ALONE = ("child start", "overlay write", "refused socket")
PARTS = (*PARTS_ALONE, "confined command", "host command")
_FILE = "written"
_LOOK = f"import os; print(os.path.exists({_FILE!r}))"
_ALONE = f"""
import os, sys
def say(part, problem=""):
    print(part, problem, sep="\\t", flush=True)
say("child start")
try:
    with open({_FILE!r}, "x") as file:
        file.write("text")
    with open({_FILE!r}) as file:
        say("overlay write", "" if file.read() == "text" else "it reads back something else")
except OSError as error:
    say("overlay write", str(error))
try:
    import socket
    socket.socket(socket.AF_INET).close()
    say("refused socket", "the script could make a socket")
except OSError:
    say("refused socket")
"""
_WITH_COMMANDS = f"""{_ALONE}
import subprocess
for part, there in (("confined command", "True"), ("host command", "False")):
    command = [sys.executable, "-I", "-c", {_LOOK!r}, part]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        say(part, str(error))
        continue
    told = (done.stdout.strip() or done.stderr.strip()[-200:]).replace("\\n", " ")
    problem = "" if told == there else "exit %d, %r instead of %r" % (done.returncode, told, there)
    say(part, problem)
"""
"""What it writes exists in the layer alone: a confined command sees it, one on the host not."""
_LIMITS = Limits(timeout=30.0, processes=64)
_OUTPUT_MAX = 1 << 16  # bytes looked at


class Gate:
    """Confines every command but the one for the host."""

    def __init__(self, python: str, directory: str) -> None:
        self._python = python
        self._directory = directory

    def attach(self, changes: Changes) -> None:
        """Nothing is cut before a command: all effects come at the end."""

    def command(self, request: CommandRequest) -> Answer:
        """Told apart by the last word."""
        if request.argv[-1:] != (b"host command",):
            return Answer("confine")
        return Answer(
            "perform",
            executable=self._python,
            argv=(self._python, "-I", "-c", _LOOK),
            directory=self._directory,
            environment={"PATH": PATH},
        )

    def received(self, ticket: object, stdin: bytes) -> None:
        """No command is only recorded."""

    def finished(self, ticket: object, exit_status: int) -> None:
        """The script sees it."""

    def decide(self, ticket: object, waiting: WaitingProcess) -> int:
        """No command waits for a person: one that did would be refused."""
        del ticket, waiting
        return REFUSED


Sandbox = Callable[[Spec, Gate, Streams], Outcome]


class _Blobs:
    """Keeps nothing."""

    def put_descriptor(self, host_fd: int) -> tuple[str, int]:
        data = os.pread(host_fd, 1 << 20, 0)
        return self.put_bytes(data), len(data)

    def put_bytes(self, data: bytes) -> str:
        return sha256(data).hexdigest()

    def link_file(self, directory_fd: int, name: bytes, sha256: str) -> bool:
        del directory_fd, name, sha256
        return False


def run(caller: Caller, sandbox: Sandbox, private: str, pypy: str = "") -> dict[str, str]:
    """What is wrong with each part that was tried, "" for nothing.

    private: an empty directory for the run, `runtime/…` below a state directory; pypy: the
    interpreter of the other runtime, which starts no commands here. A part that is missing was
    not come to.
    """
    try:
        state = os.path.dirname(os.path.dirname(private))  # as `Host.private` found one
        chosen = _chosen_python(caller)
        python = pypy or find_interpreter("cpython", state, chosen, caller.python)
        with TemporaryDirectory(prefix="shannot-doctor-") as project:
            place = os.path.realpath(project)
            spec = _spec(caller, python, place, private, "pypy" if pypy else "cpython")
            return _run(sandbox, spec, Gate(python, place), place)
    except ShannotError as error:
        return {"child start": str(error)}
    except OSError as error:
        return {"child start": f"{error.strerror or error}"}


def _run(sandbox: Sandbox, spec: Spec, gate: Gate, project: str) -> dict[str, str]:
    stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        streams = Streams(stdin, None, None)
        outcome = sandbox(spec, gate, streams)
        output = streams.finish(2.0)
    finally:
        os.close(stdin)
    told = bytes(output.stdout.head)[:_OUTPUT_MAX].decode("utf-8", "replace")
    found: dict[str, str] = {}
    for line in told.splitlines():
        part, tab, problem = line.partition("\t")
        if tab and part in PARTS:
            found[part] = problem
    if "child start" not in found:
        return {"child start": _complaint(bytes(output.stderr.head), outcome)}
    if outcome.faults:
        found["child start"] = "; ".join(outcome.faults)[:300]
    if found.get("overlay write") == "":
        found["overlay write"] = _kept_apart(project, outcome)
    return found


def _complaint(stderr: bytes, outcome: Outcome) -> str:
    """Why nothing was heard: a python that cannot start says so in one line among others."""
    lines = stderr[-4096:].decode("utf-8", "replace").split("\n")
    errors = [line.strip() for line in lines if "rror: " in line]
    return [*outcome.faults, *errors, f"it ended with {outcome.status}"][0][:300]


def _kept_apart(project: str, outcome: Outcome) -> str:
    """What was written must be an effect, and must not be on the host."""
    path = f"{project}/{_FILE}"
    if os.path.lexists(path):
        return "what the script wrote is on the host"
    if not any(isinstance(effect, WriteFile) and effect.path == path for effect in outcome.effects):
        return "what the script wrote is in no plan"
    return ""


def _spec(
    caller: Caller, python: str, project: str, private: str, runtime: Literal["cpython", "pypy"]
) -> Spec:
    script = _WITH_COMMANDS if runtime == "cpython" else _ALONE
    argv: Sequence[str] = (python, "-I", "-B", "-c", script)
    return Spec(
        interpreter=os.fsencode(python),
        argv=[os.fsencode(word) for word in argv],
        directory=os.fsencode(project),
        environment={b"PATH": PATH.encode(), b"HOME": os.fsencode(caller.home)},
        home=os.fsencode(caller.home),
        user=os.fsencode(caller.user),
        view="project",
        state=os.fsencode(os.path.dirname(os.path.dirname(private))),
        private=os.fsencode(private),
        limits=_LIMITS,
        blobs=_Blobs,
        runtime=runtime,
    )


def _chosen_python(caller: Caller) -> str | None:
    """The configuration's, where that can be read."""
    try:
        settings = load_settings(caller)
    except ShannotError:
        return None
    return None if settings is None else settings.python
