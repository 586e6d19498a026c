"""A request to another machine that takes its time: output as it comes, Ctrl-C passed on.

For `run`, `resume` and `execute` with --target.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from shannot.cli.executing import NoSink, TerminalSink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.machines.client import Answer
    from shannot.machines.frames import Json
    from shannot.workflows.far import There


class FarWork:
    """The request on a thread of its own: Ctrl-C may not fall into the middle of a frame."""

    def __init__(
        self, there: There, verb: str, fields: Mapping[str, Json], *, silent: bool
    ) -> None:
        """silent: what it writes there is not passed on (it stands in the document)."""
        self._there = there
        self._verb = verb
        self._fields = fields
        self._sinks = {
            name: NoSink() if silent else TerminalSink(host_fd)
            for name, host_fd in (("stdout", 1), ("stderr", 2))
        }
        self._unread: OSError | None = None  # nobody reads our own output any more
        self._answer: Answer | None = None
        self._error: BaseException | None = None
        self._over = threading.Event()

    def wait(self) -> tuple[Answer, bool]:
        """The answer, and whether Ctrl-C came. A second one ends the connection.

        Raises what the request raised; OSError where nobody reads our own output.
        """
        threading.Thread(target=self._do, daemon=True).start()
        interrupted = False
        while not self._over.is_set():
            try:
                self._over.wait()
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._there.connection.cancel()
        for sink in self._sinks.values():
            if isinstance(sink, TerminalSink):
                sink.close()
        if self._unread is not None:
            raise self._unread
        if self._answer is None:
            raise self._error or RuntimeError("no answer")
        return self._answer, interrupted

    def _pass_on(self, name: str, data: bytes) -> None:
        """An error of ours is none of the connection's, which ends the work in order."""
        if self._unread is not None:
            return
        try:
            self._sinks[name].write(data)
        except OSError as error:
            self._unread = error
            self._there.connection.cancel()

    def _do(self) -> None:
        try:
            self._answer = self._there.connection.ask(
                self._verb,
                self._fields,
                output=self._pass_on,
                stdin=lambda count: os.read(0, count),
            )
        except BaseException as error:  # noqa: BLE001 - raised again by `wait`
            self._error = error
        finally:
            self._over.set()
