"""Executing an approved session for `execute` and `approve --execute`: progress, then results."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.json_descriptor import write_document
from shannot.cli.parser import checked
from shannot.cli.progress import Waiting
from shannot.cli.render import style_for
from shannot.cli.render_session import next_step, result_lines
from shannot.cli.review_document import session_document
from shannot.cli.say import say
from shannot.cli.values import duration
from shannot.effects.model import RunCommand
from shannot.effects.wording import describe
from shannot.errors import DONE, UNSUCCESSFUL
from shannot.escape import Sanitiser, escape
from shannot.sessions.command import Sinks
from shannot.sessions.live import is_live
from shannot.sessions.work import Options
from shannot.workflows.answers import answer
from shannot.workflows.approve import check_decision
from shannot.workflows.configuration import operators_queue
from shannot.workflows.execute import execute
from shannot.workflows.person import person, terminal_name
from shannot.workflows.profiles import present_profile
from shannot.workflows.protected import protected_places

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from shannot.cli.parser import Parser
    from shannot.effects.model import Effect
    from shannot.sessions.batch import Observer
    from shannot.sessions.decision import Decision
    from shannot.sessions.model import Session
    from shannot.sessions.store import Store
    from shannot.workflows.execute import ExecuteResult
    from shannot.workflows.request import Caller

_FLUSH = 0.05  # seconds between two flushes of what is told


class TerminalSink:
    """A command's output on its way to one of our descriptors; sanitised for a terminal."""

    __slots__ = ("_host_fd", "_sanitiser")

    def __init__(self, host_fd: int) -> None:
        self._host_fd = host_fd
        self._sanitiser = Sanitiser() if os.isatty(host_fd) else None

    def write(self, data: bytes, /) -> None:
        """Pass all of data on. Raises OSError."""
        self._pass_on(data if self._sanitiser is None else self._sanitiser.feed(data))

    def close(self) -> None:
        """End a colour or a line that a command left open."""
        if self._sanitiser is not None:
            self._pass_on(self._sanitiser.close())
            if not self._sanitiser.at_line_start:
                self._pass_on(b"\n")

    def _pass_on(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._host_fd, view) :]


class NoSink:
    """For --json: a command's output is kept in the session only."""

    __slots__ = ()

    def write(self, data: bytes, /) -> None:
        """Nothing."""


def add_execution(parser: Parser) -> None:
    """The options that say how to execute."""
    parser.set_defaults(json_fd=None)  # only `execute` has that option
    group = parser.add_argument_group("execution")
    for flag, meaning in (
        ("--incomplete", "also where the script did not come to its end"),
        ("--keep-going", "a failed effect does not stop those after it"),
        ("--skip-conflicts", "leave out what has changed on the machine since, do the rest"),
    ):
        group.add_argument(flag, action="store_true", help=meaning)
    either = group.add_mutually_exclusive_group()
    for flag, meaning in (
        ("--redo", "start a command again that was interrupted or has failed"),
        ("--skip", "leave such a command as it is and go on after it"),
    ):
        either.add_argument(flag, action="store_true", help=meaning)
    group.add_argument(
        "--timeout",
        type=checked(duration),
        default=Options().timeout,
        metavar="TIME",
        help="for each command (default: 10m)",
    )
    group.add_argument(
        "--profile",
        metavar="NAME|FILE",
        help="a command that it denies is refused (default: the configuration's choice)",
    )


def execution_options(options: Namespace) -> Options:
    """What was asked for."""
    return Options(
        incomplete=options.incomplete,
        keep_going=options.keep_going,
        skip_conflicts=options.skip_conflicts,
        redo=options.redo,
        skip=options.skip,
        timeout=options.timeout,
    )


def execute_session(
    command: str,
    store: Store,
    caller: Caller,
    session_id: str,
    options: Namespace,
    approved: Decision | None = None,
) -> int:
    """Do it, telling each effect as it begins. Exit code: 1 where not all of it succeeded.

    options: what `add_execution` and `add_json` added. approved: the decision that it is done on,
    and no other.

    A signal that asks for the end stops the command that runs as well.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    try:
        return _execute(command, store, caller, session_id, options, approved)
    except (KeyboardInterrupt, SystemExit):
        if options.json_fd is None:  # else whoever has started this says so
            say(f"shannot: stopped; `shannot execute {session_id}` goes on")
        raise


def _execute(
    command: str,
    store: Store,
    caller: Caller,
    session_id: str,
    options: Namespace,
    approved: Decision | None,
) -> int:
    profile = present_profile(caller, options.profile)
    protected = protected_places(store, caller)
    who, now = person(caller, terminal_name()), int(time.time())

    effects: list[Effect] = []

    def do(sinks: Sinks, observe: Observer | None = None) -> ExecuteResult:
        done = execute(
            store,
            session_id,
            execution_options(options),
            sinks,
            protected,
            observe,
            person=who,
            now=now,
            profile=profile,
            queue=operators_queue(caller),
            loaded=_loaded(effects, approved),
        )
        answer(store, caller, done.session)
        return done

    with Waiting("executing" if options.json else "comparing files") as waiting:
        if options.json:
            result = do(Sinks(NoSink(), NoSink()))
        else:
            sinks = (TerminalSink(1), TerminalSink(2))
            result = do(Sinks(*sinks), _told(effects, sinks, waiting))
    if not options.json and options.json_fd is None:
        return _tell(store, result)
    return _tell_document(command, result, options.json_fd)


def _loaded(effects: list[Effect], approved: Decision | None) -> Callable[[Session], None]:
    """Notes the effects of what is executed, and sees to it that it is what was approved here."""

    def loaded(session: Session) -> None:
        effects.extend(session.plan.effects)
        if approved is not None:
            check_decision(session, approved)

    return loaded


def _tell_document(command: str, result: ExecuteResult, json_fd: int | None) -> int:
    text = success(command, session_document(result.session, succeeded=result.succeeded))
    if json_fd is None:
        print(text)
    else:
        write_document(text, json_fd)
    return DONE if result.succeeded else UNSUCCESSFUL


def _told(
    effects: Sequence[Effect], sinks: tuple[TerminalSink, TerminalSink], waiting: Waiting
) -> Observer:
    """Prints each effect as it begins. effects: filled when the first of them does."""
    shown = 0.0  # when a line was last flushed: a terminal is not faster than a person's eye

    def observe(event: str, number: int) -> None:
        nonlocal shown
        if event == "begin":
            waiting.finish()
            effect = effects[number - 1]
            verb, subject, _ = describe(effect)
            print(f"{number:4}  {verb:<9} {subject}")
            # A command's own output goes past this buffer, and comes after its name.
            now = time.monotonic()
            if now > shown + _FLUSH or isinstance(effect, RunCommand):
                sys.stdout.flush()
                shown = now
        elif event == "end" and isinstance(effects[number - 1], RunCommand):
            for sink in sinks:
                sink.close()

    return observe


def _tell(store: Store, result: ExecuteResult) -> int:
    style = style_for(2, os.environ)
    bad = [item for item in result.results if item.state != "done"]
    for line in result_lines(bad, style):
        say(line)
    for conflict in result.conflicts:
        say(f"shannot: left out {conflict.number}: {escape(conflict.message)}")
    session: Session = result.session
    done = len(result.results) - len(bad)
    say(f"shannot: {session.state} {session.id}: {done} done, {len(bad)} not")
    step = next_step(session)
    if session.asking is not None and is_live(store, session.id):
        # Its script was told how the command ended, and that is not done over again.
        say(f"shannot: the script waited for effect {session.asking}, and goes on")
    elif step:
        commands = any(item.exit_status is not None for item in bad)
        say(f"shannot: next: {step}" + (" --redo (or --skip)" if commands else ""))
    sys.stdout.flush()
    return DONE if result.succeeded else UNSUCCESSFUL
