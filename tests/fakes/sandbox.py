"""A sandbox that runs nothing: it does to gate and streams what a script would have done."""

from __future__ import annotations

import os
from collections.abc import Sequence

from shannot.effects.model import Effect
from shannot.sandbox.spec import Answer, CommandRequest, Outcome, Spec
from shannot.sandbox.streams import Streams
from shannot.workflows.late_gate import LateGate


class FakeChanges:
    """An overlay that holds these effects."""

    def __init__(self, effects: Sequence[Effect]) -> None:
        self._effects = list(effects)

    def pending(self) -> bool:
        return bool(self._effects)

    def cut(self) -> Sequence[Effect]:
        effects, self._effects = self._effects, []
        return effects


class FakeSandbox:
    """Called like `supervise.run`; remembers the spec it was given."""

    def __init__(
        self,
        *,
        before: Sequence[Effect] = (),
        commands: Sequence[Sequence[str]] = (),
        after: Sequence[Effect] = (),
        stdout: bytes = b"",
        blob: bytes | None = None,
        status: int = 0,
        limit: str | None = None,
        missing: Sequence[bytes] = (),
        given: bytes = b"",
    ) -> None:
        self.before = before
        self.commands = commands
        self.after = after
        self.stdout = stdout
        self.blob = blob
        self.given = given  # to each command's stdin
        self.outcome = Outcome(status, limit, {}, {}, missing)
        self.spec: Spec | None = None
        self.answers: list[Answer] = []
        self.private_mode = 0
        self.stdin = b""

    def __call__(self, spec: Spec, gate: LateGate, streams: Streams) -> Outcome:
        self.spec = spec
        self.private_mode = os.stat(spec.private).st_mode & 0o7777
        stdin, stdout, _ = streams.child_descriptors()
        os.write(stdout, self.stdout)
        if not os.isatty(stdin):
            self.stdin = os.read(stdin, 1000)
        streams.close_child_side()
        streams.start(spec.limits.output, lambda: None)
        gate.attach(FakeChanges(self.before))
        if self.blob is not None:
            spec.blobs().put_bytes(self.blob)
        for words in self.commands:
            argv = tuple(os.fsencode(word) for word in words)
            path = os.fsencode(f"/usr/bin/{words[0]}")
            request = CommandRequest(argv, spec.directory, spec.environment, path, False)
            answer = gate.command(request)
            self.answers.append(answer)
            if self.given:
                gate.received(answer.ticket, self.given)
        if self.after:
            gate.attach(FakeChanges(self.after))
        return self.outcome
