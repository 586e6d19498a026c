"""`shannot run --target`: the script runs there; its output, its status and its plan come here."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING

from shannot.cli.commands.run import make_request
from shannot.cli.executing import NoSink, TerminalSink
from shannot.cli.place import current_caller
from shannot.cli.reaching import reach
from shannot.cli.say import say
from shannot.cli.summary import lines
from shannot.errors import UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.workflows.far import result_of
from shannot.workflows.far_run import read_report, read_source, run_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shannot.cli.run_options import Value
    from shannot.machines.client import Answer
    from shannot.machines.frames import Json
    from shannot.workflows.far import There

_INTERRUPTED = 130  # 128 + SIGINT


def run_there(values: Mapping[str, Value]) -> int:
    """Run the script on another machine. Returns its status."""
    for name in ("review", "ask", "json_fd"):
        if values[name]:
            raise UsageError(f"--{name.replace('_', '-')} does not go with --target")
    caller = current_caller()
    request = make_request(values)
    target, directory = str(values["target"]), values["directory"]
    source = read_source(request.program, caller.directory, _read_stdin)
    with reach(caller, target) as there:
        given = directory if isinstance(directory, str) else there.remote.directory
        fields = run_fields(request, caller, source, given)
        if there.sent and not values["quiet"]:
            say(f"shannot: sent shannot to {target}, which did not have it")
        quiet = bool(values["json"])
        sinks = {"stdout": _sink(1, quiet), "stderr": _sink(2, quiet)}
        work = _Work(there, fields, lambda name, data: sinks[name].write(data))
        answer, interrupted = work.wait()
        for sink in sinks.values():
            if isinstance(sink, TerminalSink):
                sink.close()
    status = _INTERRUPTED if interrupted else answer.status
    if answer.document is None and values["json"]:
        raise UnsuccessfulError(f"{target}: the script did not run there")
    if answer.document is None:
        return status  # it never began; what it said stands on stderr
    if values["json"]:
        print(json.dumps(answer.document))
        return status
    report = read_report(result_of(answer.document, target), status)
    if not values["quiet"] and not report.is_silent():
        for line in lines(report, f" --target {target}"):
            say(line)
        if report.session is not None:
            say(f"shannot: on {escape(there.hello.user)}@{escape(there.hello.host)}")
    return status


def _sink(host_fd: int, is_silent: bool) -> TerminalSink | NoSink:
    return NoSink() if is_silent else TerminalSink(host_fd)


def _read_stdin(limit: int) -> bytes:
    """All of stdin, at most so many bytes."""
    return sys.stdin.buffer.read(limit)


class _Work:
    """The request on a thread of its own: Ctrl-C may not fall into the middle of a frame."""

    def __init__(
        self, there: There, fields: Mapping[str, Json], output: Callable[[str, bytes], None]
    ) -> None:
        self._there = there
        self._fields = fields
        self._output = output
        self._answer: Answer | None = None
        self._error: BaseException | None = None
        self._over = threading.Event()
        threading.Thread(target=self._do, daemon=True).start()

    def wait(self) -> tuple[Answer, bool]:
        """The answer, and whether Ctrl-C came. A second one ends the connection.

        Raises what the request raised.
        """
        interrupted = False
        while not self._over.is_set():
            try:
                self._over.wait()
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._there.connection.cancel()
        if self._answer is None:
            raise self._error or RuntimeError("no answer")
        return self._answer, interrupted

    def _do(self) -> None:
        try:
            self._answer = self._there.connection.ask(
                "run", self._fields, output=self._output, stdin=lambda count: os.read(0, count)
            )
        except BaseException as error:  # noqa: BLE001 - raised again by `wait`
            self._error = error
        finally:
            self._over.set()
