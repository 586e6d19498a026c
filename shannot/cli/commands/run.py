"""`shannot run`: a script in the sandbox; its output is its own, what shannot says is on stderr."""

from __future__ import annotations

import gc
import os

from shannot.cli.place import current_caller
from shannot.cli.run_options import LIMITS, configure
from shannot.cli.say import say
from shannot.errors import UsageError
from shannot.sandbox.supervise import run as supervise
from shannot.workflows.program import Program
from shannot.workflows.request import Request
from shannot.workflows.run import run_script

__all__ = ["configure", "run", "start"]

_ELSEWHERE = ("target", "directory", "parallel", "max_failures")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping

    from shannot.cli.progress import Waiting
    from shannot.cli.run_options import Value
    from shannot.sessions.recall import Recall
    from shannot.workflows.face import Face
    from shannot.workflows.request import Caller
    from shannot.workflows.run import Report


def run(options: Namespace) -> int:
    """Run the script, from what argparse read."""
    return start(vars(options))


def start(values: Mapping[str, Value]) -> int:
    """Run the script, then say what it wanted. Returns the script's status."""
    if any(values[name] is not None for name in _ELSEWHERE):
        return _elsewhere(values)
    if values["json_fd"] is not None:
        # Seldom asked for.
        from shannot.cli.json_descriptor import reported

        return reported("run", values["json_fd"], lambda: _start(values))
    return _start(values)


def _start(values: Mapping[str, Value]) -> int:
    if values["review"]:
        # Only where it is asked for; before the script runs, not after.
        from shannot.cli.commands.approve import check_screen

        check_screen()
    gc.freeze()  # what a start has loaded stays
    gc.enable()
    return carry_out(make_request(values), current_caller(), values)


def carry_out(
    request: Request, caller: Caller, values: Mapping[str, Value], command: str = "run"
) -> int:
    """Run it here, and say what it wanted. Returns the script's status."""
    patience = _Patience()
    if not values["quiet"]:
        request.collecting, request.compiling = patience.begin, patience.compiling
    try:
        report = run_script(request, caller, supervise)
    finally:
        patience.finish()
    return tell(report, values, command)


class _Patience:
    """Says on a terminal what takes longer than a second before the script or after it."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: Waiting | None = None

    def begin(self) -> None:
        """The script has ended, and left changes."""
        # The script may have left the cursor in the middle of a line.
        self._begin("saving what it has changed", "\n")

    def compiling(self) -> Callable[[], None]:
        """A sandboxed PyPy compiles its library, once. Returns what ends the line about that."""
        self._begin("compiling the library of PyPy, once", "")
        return self.finish

    def _begin(self, what: str, before: str) -> None:
        if os.isatty(2):
            from shannot.cli.progress import Waiting  # seldom needed

            self._waiting = Waiting(what, before)
            self._waiting.__enter__()

    def finish(self) -> None:
        """Before anything is said."""
        if self._waiting is not None:
            self._waiting.finish()


def _elsewhere(values: Mapping[str, Value]) -> int:
    target = values["target"]
    if not isinstance(target, str):
        raise UsageError("--directory, --parallel and --max-failures are for --target")
    # Only for other machines.
    from shannot.workflows.group import is_many

    if is_many(target):
        from shannot.cli.group_run import run_group

        return run_group(values)
    if values["parallel"] is not None or values["max_failures"] is not None:
        raise UsageError("--parallel and --max-failures are for several machines: @GROUP, or A,B")
    from shannot.cli.far_run import run_there

    return run_there(values)


def tell(report: Report, values: Mapping[str, Value], command: str = "run") -> int:
    """Say what the script wanted. Returns its status."""
    if values["json"]:
        # Modules that only the document needs.
        from shannot.cli.run_document import document

        print(document(report, command))
    elif values["json_fd"] is not None:
        from shannot.cli.json_descriptor import check_descriptor, write_document
        from shannot.cli.run_document import document

        write_document(document(report, command), check_descriptor(values["json_fd"]))
    elif not values["quiet"] and not report.is_silent():
        # Loaded only where there is something to say: most runs in a pipeline are silent.
        from shannot.cli.summary import lines

        if not report.output.at_line_start:
            say("")
        for line in lines(report):
            say(line)
    if values["review"] and report.session is not None and report.waiting:
        # Only where it is asked for.
        from shannot.cli.commands.approve import review_session

        review_session(report.session)
    return report.status


def make_request(
    values: Mapping[str, Value],
    program: Program | None = None,
    parent: str | None = None,
    recall: Recall | None = None,
) -> Request:
    """The request of a command line; program, parent, recall: of a session that is resumed."""
    limits = {option.name: values[option.name] for option in LIMITS}
    return Request(
        program=program or _program(values),
        view=_text(values["view"]),
        maps=_texts(values["map"]),
        environment=_texts(values["env"]),
        python=_text(values["python"]),
        runtime=_text(values["runtime"]),
        dry_run=bool(values["dry_run"]),
        on_ask=_on_ask(values),
        face=lambda: _face(bool(values["quiet"])),
        profile=_text(values["profile"]),
        keep=bool(values["keep"]),
        limits={name: value for name, value in limits.items() if isinstance(value, float | int)},
        streams=(0, None, None) if values["json"] else (0, 1, 2),
        parent=parent,
        recall=recall,
    )


def _on_ask(values: Mapping[str, Value]) -> str | None:
    wanted = _text(values["on_ask"])
    if not values["ask"]:
        return wanted
    if wanted not in (None, "prompt"):
        raise UsageError(f"--ask and --on-ask {wanted} contradict each other")
    return "prompt"


def _face(quiet: bool) -> Face:
    # Only for a run that asks.
    from shannot.cli.asking import TerminalFace

    return TerminalFace(quiet)


def _program(values: Mapping[str, Value]) -> Program:
    words = _texts(values["words"])
    if values["code"] is not None:
        code = _texts(values["code"])
        if not code:
            raise UsageError("-c: the code is missing")
        return Program("code", code[0], [*code[1:], *words])
    if values["module"] is not None:
        module = _texts(values["module"])
        if not module:
            raise UsageError("-m: the module is missing")
        return Program("module", module[0], [*module[1:], *words])
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        raise UsageError("no script: `shannot run SCRIPT`, `-c CODE`, `-m MODULE` or `-`")
    return Program("stdin" if words[0] == "-" else "script", words[0], words[1:])


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Value) -> list[str]:
    return value if isinstance(value, list) else []
