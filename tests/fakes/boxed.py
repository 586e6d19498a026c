"""Runs one script in the sandbox without the command line: `python -m tests.fakes.boxed SCRIPT`.

Its gate confines every command, but answers by argv[0]: HOST performs the last argument as a
shell line, ASSUME only records it, REFUSE refuses it. What is piped into a recorded command is
told on stderr, and how the run ended on the last line of `boxed.log` in the current directory.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING

from shannot.sandbox import supervise
from shannot.sandbox.spec import Answer, CommandRequest, Limits, Spec
from shannot.sandbox.streams import Streams

if TYPE_CHECKING:
    from shannot.sandbox.spec import Changes


class Blobs:
    """Keeps nothing."""

    def put_descriptor(self, host_fd: int) -> tuple[str, int]:
        data = os.pread(host_fd, 1 << 24, 0)
        return self.put_bytes(data), len(data)

    def link_file(self, directory_fd: int, name: bytes, sha256: str) -> bool:
        return False

    def put_bytes(self, data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()


class Gate:
    """Answers by argv[0]."""

    def attach(self, changes: Changes) -> None:
        """Nothing is cut."""

    def command(self, request: CommandRequest) -> Answer:
        match request.argv[0]:
            case b"HOST":
                return Answer(
                    "perform",
                    executable="/bin/sh",
                    argv=("sh", "-c", os.fsdecode(request.argv[-1])),
                    environment={"PATH": "/usr/bin:/bin"},
                )
            case b"ASSUME":
                return Answer("assume", status=int(request.argv[-1]))
            case b"REFUSE":
                return Answer("refuse", errno=1)
            case b"OWN":
                return Answer("assume", status=int(request.own))
            case b"LAYER":
                return Answer("assume", status=int(request.in_overlay))
            case _:
                return Answer("confine")

    def received(self, ticket: object, stdin: bytes) -> None:
        os.write(2, b"received %d bytes\n" % len(stdin))

    def finished(self, ticket: object, exit_status: int) -> None:
        os.write(2, b"finished with %d\n" % exit_status)


def main() -> None:
    private = tempfile.mkdtemp()
    interpreter = os.fsencode(sys.executable)
    environment = {b"PATH": b"/usr/bin:/bin", b"HOME": b"/root", b"LANG": b"C.UTF-8"}
    spec = Spec(
        interpreter=interpreter,
        argv=[interpreter, b"-I", *map(os.fsencode, sys.argv[1:])],
        directory=os.getcwdb(),
        environment=environment,
        home=b"/root",
        user=b"root",
        view="project",
        state=b"/nonexistent/state",
        private=os.fsencode(private),
        limits=Limits(timeout=60),
        blobs=Blobs,
    )
    try:
        streams = Streams()
        outcome = supervise.run(spec, Gate(), streams)
        streams.finish()
    finally:
        shutil.rmtree(private, ignore_errors=True)
    with open("boxed.log", "w") as log:
        print(outcome.limit, dict(outcome.sockets_refused), list(outcome.faults), file=log)
    sys.stdout.flush()
    os._exit(outcome.status)


if __name__ == "__main__":
    main()
