"""The gate: where every command of a running script gets its verdict and its place in the plan.

Implements `Gate` of `sandbox/spec.py`. Made by `workflows/run.py`, called by the sandbox for
each execve; nothing but this file decides that a command touches the host.
"""

from __future__ import annotations

import errno
import os
from dataclasses import replace

from shannot.effects.model import RunCommand
from shannot.errors import REFUSED, ShannotError
from shannot.policy.command_line import shown
from shannot.policy.environment import added, clean_environment
from shannot.policy.identity import ROOT_ONLY, Identity, find_program, identify
from shannot.policy.verdict import Command, Verdict, confinable, decide
from shannot.sandbox.spec import Answer
from shannot.sessions.objections import joined, objection, with_program
from shannot.sessions.recorded import Recorded, with_decision, with_input, with_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Literal

    from shannot.effects.model import Effect
    from shannot.policy.profile import Profile
    from shannot.sandbox.spec import Blobs, Changes, CommandRequest, Decider, WaitingProcess
    from shannot.sessions.recall import Recall

COMMAND_LIMIT = 10_000
"""Commands recorded in one plan, and denials remembered."""
BYTES_LIMIT = 64 << 20
"""Bytes of all recorded words and environments together."""


class RecordingGate:
    """Decides, records, and answers; its state is one run's.

    All is called by the mediator, on its thread, but `received` and `finished`: they are called on
    the threads of commands under way, at any moment. What they share with it is `_recorded`, which
    locks itself, `complete`, which only ever becomes False, and `tell`, which appends a line.
    """

    __slots__ = (
        "_applied", "_base", "_blobs", "_bytes", "_changes", "_commands", "_cut_at", "_decider",
        "_denied", "_dry_run", "_given", "_hashes", "_on_ask", "_owners",
        "_performing", "_profile", "_recall", "_recorded", "_tell",
        "complete", "confined_count", "denied_count",
    )  # fmt: skip

    def __init__(
        self,
        profile: Profile,
        blobs: Callable[[], Blobs],
        *,
        base: Mapping[str, str],
        given: Mapping[bytes, bytes],
        on_ask: Literal["assume", "fail", "decide"] = "assume",
        dry_run: bool = False,
        tell: Callable[[str], None],
        performing: Callable[[RunCommand], None] | None = None,
        decider: Decider | None = None,
        owners: Collection[int] = ROOT_ONLY,
        recall: Recall | None = None,
    ) -> None:
        """base: what host commands run with (`base_environment`); given: the script's own
        environment, which is not an addition of the script's; owners: users besides root whose
        programs are trusted; performing: told of a command before it runs on the host; it does not
        where that raises; decider: asks a person, for `on_ask="decide"`; recall: the commands that
        were executed before, when the script is run again."""
        self._profile = profile
        self._blobs = blobs
        self._base = base
        self._given = given
        self._on_ask = on_ask
        self._dry_run = dry_run
        self._tell = tell
        self._performing = performing
        self._recall = recall
        self._decider = decider
        self._owners = frozenset({0, *owners})
        self._changes: Changes | None = None
        self._recorded = Recorded()
        self._denied: list[tuple[tuple[str, ...], str, str]] = []
        self._hashes: dict[str, str] = {}
        self._cut_at = self._applied = -1  # tickets: the last change, the last done by decision
        self._commands = 0
        self._bytes = 0
        self.complete = True  # False: something could not be recorded
        self.confined_count = 0
        self.denied_count = 0

    def attach(self, changes: Changes) -> None:
        """Name the overlay whose changes stand before each command."""
        self._changes = changes

    def command(self, request: CommandRequest) -> Answer:
        """Decide about one command, before it starts. Never raises: what fails is refused."""
        try:
            return self._decide(request)
        except (OSError, ShannotError) as error:
            self.complete = False
            self._tell(f"a command was refused because it could not be recorded: {error}")
            return Answer("refuse", errno=errno.EIO)

    def received(self, ticket: object, stdin: bytes) -> None:
        """What the script piped into a command that was only recorded."""
        if not stdin:
            return
        try:
            sha256 = self._blobs().put_bytes(stdin)
        except (OSError, ShannotError) as error:
            self.complete = False
            self._tell(f"what a command was given to read could not be kept: {error}")
            return
        self._recorded.amend(ticket, with_input(sha256))

    def finished(self, ticket: object, exit_status: int) -> None:
        """An allowed command ended on the host with this status (a signal is 128+N)."""
        self._recorded.amend(ticket, with_status(exit_status))

    def decide(self, ticket: object, waiting: WaitingProcess) -> int:
        """Have a person decide about a command; its exit status. On a thread of its own."""
        if self._decider is None or not isinstance(ticket, int):
            return REFUSED
        status = self._decider(self._recorded.effects()[: ticket + 1], waiting)
        self._recorded.amend(ticket, with_decision(status))
        if status is None or status < 0:
            return REFUSED
        self._applied = ticket  # with all the changes before it
        return status

    def effects(self) -> tuple[Effect, ...]:
        """Every effect so far, in order, the changes since the last command included."""
        if self._decider is not None:
            self._decider.settle()
        self._cut()
        return self._recorded.effects()

    def denied(self) -> tuple[tuple[tuple[str, ...], str, str], ...]:
        """(argv, rule, reason) of the first 10,000 denials; `denied_count` counts them all."""
        return tuple(self._denied)

    def _decide(self, request: CommandRequest) -> Answer:
        command = Command(
            tuple(map(os.fsdecode, request.argv)),
            os.fsdecode(request.directory),
            added(request.environment, self._given),
            os.fsdecode(request.executable),
            request.in_overlay,
            request.in_private,
        )
        verdict = decide(command, self._profile)
        match verdict.decision:
            case "deny":
                return self._deny(command, verdict)
            case "confine" if request.confinable:
                return self._confine()
            case "confine":
                reason = joined(verdict.reason, "this host cannot run it in the sandbox")
                return self._ask(command, replace(verdict, decision="ask", reason=reason))
            case "allow":
                return self._allow(command, verdict, request.confinable)
            case "ask":
                # The script's own interpreter can do nothing that the script cannot do already.
                if request.own and request.confinable and not verdict.rule:
                    return self._confine()
                return self._ask(command, verdict)

    def _deny(self, command: Command, verdict: Verdict) -> Answer:
        self.denied_count += 1
        size = sum(map(len, command.argv))
        if len(self._denied) < COMMAND_LIMIT and self._bytes + size <= BYTES_LIMIT:
            self._bytes += size
            self._denied.append((command.argv, verdict.rule, verdict.reason))
        return Answer("refuse", errno=errno.EPERM)

    def _confine(self) -> Answer:
        self.confined_count += 1
        return Answer("confine")

    def _ask(self, command: Command, verdict: Verdict) -> Answer:
        path = command.executable or find_program(command.argv[0]) or command.argv[0]
        identity = None if command.in_overlay else self._identify(path)
        sha256 = identity.sha256 if identity else ""
        if command.in_overlay:
            self._cut()  # what the script has written is in the plan, and so has a hash
            sha256 = self._recorded.hash_program(path)
        reason = with_program(verdict.reason, command, identity)
        # What cannot be executed need not be asked about: it is recorded as failed.
        decide = self._on_ask == "decide" and bool(sha256)
        assumed = self._on_ask == "assume"
        effect = RunCommand(
            argv=command.argv,
            directory=command.directory,
            environment=self._environment(command, verdict),
            executable=identity.path if identity else path,
            executable_sha256=sha256,
            verdict="ask",
            rule=verdict.rule,
            reason=reason,
            state="asked" if decide else "assumed" if assumed else "queued",
        )
        if self._recall is not None:
            known = self._recall.answer(effect, self._tell, self._recorded.count())
            if known is not None:
                return known
        ticket = self._record(effect)
        if ticket is None:
            return Answer("refuse", errno=errno.EAGAIN)
        if decide:
            return Answer("decide", ticket=ticket)
        return Answer("assume", status=0 if assumed else REFUSED, ticket=ticket)

    def _allow(self, command: Command, verdict: Verdict, can_confine: bool) -> Answer:
        can_confine = can_confine and confinable(command, self._profile) != ""
        unseen = self._has_changes()
        if can_confine and (self._dry_run or unseen):
            return self._confine()
        if self._dry_run:
            reason = "The profile allows it; a dry run starts nothing on the host."
            return self._ask(command, replace(verdict, decision="ask", reason=reason))
        identity = self._identify(find_program(verdict.argv[0]) or "")
        hindrance = objection(command, verdict, identity)
        if identity is None or hindrance:
            reason = joined("The profile allows it", hindrance)
            return self._ask(command, replace(verdict, decision="ask", reason=reason))
        return self._perform(command, verdict, identity, unseen)

    def _perform(
        self, command: Command, verdict: Verdict, identity: Identity, unseen: bool
    ) -> Answer:
        environment = self._environment(command, verdict)
        effect = RunCommand(
            argv=verdict.argv,
            directory=command.directory,
            environment=environment,
            executable=identity.path,
            executable_sha256=identity.sha256,
            verdict="allow",
            rule=verdict.rule,
            reason=verdict.reason,
            state="done",
            after_unseen_changes=unseen,
        )
        if self._performing is not None:
            self._performing(effect)
        ticket = self._record(effect)
        if ticket is None:
            return Answer("refuse", errno=errno.EAGAIN)
        if unseen:
            self._tell(f"{shown(verdict.argv)} runs on the host, without the changes made so far")
        return Answer(
            "perform",
            executable=identity.path,
            argv=verdict.argv,
            directory=command.directory,
            environment=dict(environment),
            ticket=ticket,
        )

    def _identify(self, path: str) -> Identity | None:
        return identify(path, self._owners, self._hashes)

    def _environment(self, command: Command, verdict: Verdict) -> tuple[tuple[str, str], ...]:
        clean = clean_environment(self._base, command.environment, verdict.environment)
        return tuple(sorted(clean.items()))

    def _has_changes(self) -> bool:
        """Has the script changed any file so far that the host still has as it was?"""
        return self._cut_at > self._applied or (
            self._changes is not None and self._changes.pending()
        )

    def _cut(self) -> None:
        if self._changes is not None and self._changes.pending():
            effects = self._changes.cut()
            if effects:
                self._cut_at = self._recorded.extend(effects)

    def _record(self, effect: RunCommand) -> int | None:
        """The changes so far, then the command. None where the plan is full."""
        size = sum(map(len, effect.argv))
        size += sum(len(name) + len(value) for name, value in effect.environment)
        if self._commands >= COMMAND_LIMIT or self._bytes + size > BYTES_LIMIT:
            if self.complete:
                self._tell("the plan is full: further commands are refused and not recorded")
            self.complete = False
            return None
        self._cut()
        self._commands += 1
        self._bytes += size
        return self._recorded.append(effect)
