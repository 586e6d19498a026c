"""`shannot run`: a script in the sandbox, and a session of what it wanted to change.

Values in, a `Report` out; the faces print it. Counterparts: `sandbox/supervise.py`, which runs,
and `workflows/approve.py`, which goes on with the session.
"""

from __future__ import annotations

import os
from _thread import allocate_lock

from shannot.config.paths import state_directory, user_config
from shannot.errors import DONE, FAULT, TIME_LIMIT, UsageError
from shannot.sandbox.channel import guardian
from shannot.sandbox.spec import Spec
from shannot.sandbox.streams import Streams
from shannot.workflows.choices import choose
from shannot.workflows.late_gate import LateGate
from shannot.workflows.maps import other_places
from shannot.workflows.program import check_script, find_interpreter, read_script, read_stdin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.effects.model import Effect
    from shannot.effects.plan import Plan
    from shannot.sandbox.spec import Blobs, Outcome
    from shannot.sandbox.streams import Output
    from shannot.sessions.gate import RecordingGate
    from shannot.workflows.choices import Choices
    from shannot.workflows.record import Recorder
    from shannot.workflows.request import Caller, Request

    Sandbox = Callable[[Spec, LateGate, Streams], Outcome]

_LINGER = 2.0  # seconds


class Report:
    """What a run came to."""

    __slots__ = ("denied", "effects", "notes", "outcome", "output", "session", "status", "waiting")

    def __init__(
        self,
        outcome: Outcome,
        output: Output,
        effects: Sequence[Effect],
        denied: Sequence[tuple[tuple[str, ...], str, str]],
        notes: Sequence[str],
        session: str | None,
        waiting: int,
    ) -> None:
        self.status = exit_status(outcome)
        if output.failures and self.status == DONE:
            self.status = FAULT  # output that is lost is no success
        self.outcome = outcome
        self.output = output
        self.effects = effects
        self.denied = denied  # (argv, rule, reason) of each refused command
        self.notes = notes  # what else the caller must know, one line each
        self.session = session  # None where nothing waits and none was to be kept
        self.waiting = waiting  # effects that are for `execute`

    def is_silent(self) -> bool:
        """Is there nothing at all to say about this run?"""
        outcome = self.outcome
        return not (
            self.effects
            or self.denied
            or self.notes
            or self.session
            or outcome.limit
            or outcome.sockets_refused
            or outcome.calls_refused
            or outcome.missing
            or outcome.hidden
            or outcome.faults
            or outcome.left_out
            or self.output.failures
        )


def exit_status(outcome: Outcome) -> int:
    """The script's own status; 124 or 125 where a limit ended it."""
    if outcome.limit is None:
        return outcome.status
    return TIME_LIMIT if outcome.limit in ("timeout", "cpu") else FAULT


def run_script(request: Request, caller: Caller, sandbox: Sandbox) -> Report:
    """Run it in the sandbox (`supervise.run`); keep a session where an effect waits.

    Raises UsageError and NotFoundError before anything runs, ShannotError where the state
    directory cannot hold the session.
    """
    program = request.program
    choices = choose(request, caller)
    script = None
    if program.kind == "script":
        script = os.path.join(caller.directory, program.text)
        check_script(script)
    state = state_directory(caller.environment, caller.uid)
    python = find_interpreter(choices.runtime, state, choices.python, caller.python)
    stdin, stdout, stderr = request.streams
    copy = read_stdin(stdin) if program.kind == "stdin" else None
    source = read_script(program, script, copy)
    keeper = _Keeper(state, request, caller, choices, source)
    notes = list(choices.notes)
    private = make_private(state, caller.uid)
    try:
        streams = Streams(stdin if copy is None else copy, stdout, stderr)
        spec = _spec(request, caller, choices, python, script, state, private, keeper.blobs)
        gate = LateGate(lambda: keeper.gate(notes.append))
        outcome = sandbox(spec, gate, streams)
        effects = [*gate.effects(), *outcome.effects]
        outcome.complete = outcome.complete and gate.complete
        notes += request.recall.rest() if request.recall else ()
        # A reader that does not read must not hold up what a limit has ended.
        output = streams.finish(-1 if outcome.limit is None else _LINGER)
        if not effects and not request.keep:
            report = Report(outcome, output, (), gate.denied(), notes, None, 0)
        else:
            session, plan, waiting = keeper.record(outcome, effects, notes, output)
            report = Report(outcome, output, plan.effects, gate.denied(), notes, session, waiting)
        notes += keeper.audit(report)
        return report
    except BaseException as error:
        keeper.audit(error)
        raise
    finally:
        keeper.discard()
        remove_private(private)


class _Keeper:
    """What is kept of a run, made at the first thing to keep: it brings json and hashlib."""

    __slots__ = ("_caller", "_choices", "_lock", "_recorder", "_request", "_source", "_state")

    def __init__(
        self, state: str, request: Request, caller: Caller, choices: Choices, source: bytes
    ) -> None:
        self._state = state
        self._request = request
        self._caller = caller
        self._choices = choices
        self._source = source
        self._lock = allocate_lock()
        self._recorder: Recorder | None = None

    def blobs(self) -> Blobs:
        """On any thread: what a command is given to read is kept by the one that reads it."""
        with self._lock:
            return self._made().blobs()

    def record(
        self,
        outcome: Outcome,
        effects: Sequence[Effect],
        notes: list[str],
        output: Output,
    ) -> tuple[str | None, Plan, int]:
        """(the session's id or None, the plan, how many effects wait)."""
        notes += other_places(self._choices.maps, effects)
        # To start faster.
        from shannot.workflows.record import Circumstances, record

        request, caller, choices = self._request, self._caller, self._choices
        circumstances = Circumstances(
            request, self._source, caller.directory, choices.view, caller.user, choices.runtime
        )
        return record(
            self._made(), circumstances, outcome, effects, notes, output, keep=request.keep
        )

    def gate(self, tell: Callable[[str], None]) -> RecordingGate:
        """Of this run; tell: takes a line for the user."""
        # To start faster: the policy is loaded when the first command comes.
        from shannot.workflows.run_gate import make_gate

        return make_gate(
            self._request, self._caller, self._choices, self.blobs, tell, self._state,
            self._source, self.recorder,
        )  # fmt: skip

    def audit(self, end: Report | BaseException) -> list[str]:
        """Record how the run ended; what the user must be told about that."""
        # Only when the child has ended, so that no start waits for it.
        from shannot.workflows.run_audit import run_ended

        return run_ended(self._state, self._request, self._caller, self._choices, self._source, end)

    def recorder(self) -> Recorder:
        """On any thread."""
        with self._lock:
            return self._made()

    def discard(self) -> None:
        """Drop what was begun and not kept."""
        with self._lock:
            if self._recorder is not None:
                self._recorder.discard()

    def _made(self) -> Recorder:
        if self._recorder is None:
            # To start faster.
            from shannot.workflows.record import Recorder

            self._recorder = Recorder(self._state)
        return self._recorder


def _spec(
    request: Request,
    caller: Caller,
    choices: Choices,
    python: str,
    script: str | None,
    state: str,
    private: str,
    blobs: Callable[[], Blobs],
) -> Spec:
    configuration = user_config(caller.environment)
    return Spec(
        interpreter=os.fsencode(python),
        argv=[os.fsencode(word) for word in request.program.argv(python)],
        directory=os.fsencode(caller.directory),
        environment=choices.environment,
        home=os.fsencode(caller.home),
        user=os.fsencode(caller.user),
        view=choices.view,
        state=os.fsencode(state),
        private=os.fsencode(private),
        maps=choices.maps,
        script=None if script is None else os.fsencode(os.path.normpath(script)),
        limits=choices.limits,
        blobs=blobs,
        no_commands=request.dry_run,
        hidden=[os.fsencode(os.path.dirname(configuration))] if configuration else [],
        runtime=choices.runtime,
        collecting=request.collecting,
        compiling=request.compiling,
    )


def make_private(state: str, uid: int) -> str:
    """A directory of this run's own below the state directory. Raises UsageError."""
    place = f"{state}/runtime"
    path = f"{place}/{os.getpid()}-{os.urandom(4).hex()}"
    try:
        os.makedirs(os.path.dirname(state), exist_ok=True)
        for directory in (state, place):
            try:
                os.mkdir(directory, 0o700)
            except FileExistsError:
                _check_own(directory, uid)
        sweep_private(place)
        os.mkdir(path, 0o700)
    except OSError as error:
        raise UsageError(
            f"cannot write the state directory {state}: {error.strerror}"
            " (XDG_STATE_HOME names another place for it)"
        )
    return path


def sweep_private(place: str) -> None:
    """Remove the directories of runs that were killed: each is named after its process."""
    for name in os.listdir(place):
        pid = name.partition("-")[0]
        if pid.isdigit() and len(pid) < 10:
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                remove_private(f"{place}/{name}")
            except OSError:
                continue  # another user's process has the number now


def _check_own(directory: str, uid: int) -> None:
    """What others can change is no place to keep what will be executed. Raises UsageError."""
    found = os.stat(directory)
    if found.st_uid != uid or found.st_mode & 0o022:
        raise UsageError(
            f"the state directory {directory} is not this user's alone:"
            " it must belong to you, and nobody else may write to it"
        )


def remove_private(path: str) -> None:
    """Remove the directory with everything in it; what cannot be removed stays for `prune`."""
    try:
        guardian.remove(os.fsencode(path))
    except OSError:
        pass
