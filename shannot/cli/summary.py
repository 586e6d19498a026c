"""What `shannot run` says on stderr when the script has ended: one line a fact, then what to do.

Values of the environment and contents of files never stand here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    Effect,
    MakeDirectory,
    MakeLink,
    MovePath,
    RunCommand,
    WriteFile,
)
from shannot.effects.wording import command_line
from shannot.escape import escape, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shannot.workflows.run import Report

_PREFIX = "shannot: "
_LIMITS = {
    "timeout": "time (--timeout)",
    "cpu": "processor time (--cpu)",
    "memory": "memory (--memory)",
    "processes": "processes (--processes)",
    "output": "output (--output)",
    "files": "new files (--files)",
    "locks": "locks (it locked a file of this machine)",
    "overlay": "bytes written (`overlay` in the configuration)",
}
_SYSTEM_PLACES = ("/proc/", "/sys/", "/run/")
"""What no --map shows: synthetic in the project view, the machine's own in the system view."""
_MANY = 5
"""Missing paths beyond which the view that shows them all is worth a line."""
_HIDDEN = "keys, tokens, histories and what a map hides are not shown to scripts"
_LISTED = 100
"""Effects that get a line each; beyond, the summary counts them, and `show` lists them all."""


def lines(report: Report, where: str = "") -> list[str]:
    """Every fact worth a line, in the order in which a reader needs them.

    where: the option that leads the next command to its machine, with a blank before it.
    """
    return [*facts(report), *(_PREFIX + line for line in _next(report, where))]


def facts(report: Report) -> list[str]:
    """Those of `lines` that say what the script did, and name no session."""
    found = [
        *_ended(report),
        *map(escape, report.notes),
        *map(escape, report.output.failures),
        *(_effects(report.effects) if len(report.effects) <= _LISTED else _counts(report)),
        *_denied(report),
        *_refused(report.outcome.sockets_refused, "socket call", "sockets do not exist here"),
        *_refused(report.outcome.calls_refused, "system call", "not among those that are mediated"),
        *_missing(report),
        *_hidden(report),
        *_faults(report),
        *_left_out(report),
    ]
    return [_PREFIX + line for line in found]


def _ended(report: Report) -> Iterator[str]:
    limit = report.outcome.limit
    if limit is not None:
        yield f"ended: the script reached its limit of {_LIMITS.get(limit, escape(limit))}"
    if not report.outcome.complete and report.effects:
        if limit is None and report.outcome.left_out:
            yield "incomplete: it did more than a plan can hold, which is named below"
        else:
            yield "incomplete: what follows is only what it did until then"


def _effects(effects: Iterable[Effect]) -> Iterator[str]:
    for effect in effects:
        match effect:
            case WriteFile(path=path, before=None):
                yield f"creates {escape(path)}"
            case WriteFile(path=path):
                yield f"writes {escape(path)}"
            case DeletePath(path=path, entries=entries):
                more = f" and the {len(entries)} paths below it" if entries else ""
                yield f"deletes {escape(path)}{more}"
            case MakeDirectory(path=path):
                yield f"makes the directory {escape(path)}"
            case MakeLink(path=path, target=target):
                yield f"links {escape(path)} -> {escape(target)}"
            case MovePath(source=source, path=path):
                yield f"moves {escape(source)} -> {escape(path)}"
            case ChangeMode(path=path, after=mode):
                yield f"sets the mode of {escape(path)} to {mode:04o}"
            case ChangeOwner(path=path, after=(user, group)):
                yield f"gives {escape(path)} to {user}:{group}"
            case ChangeTimes(path=path):
                yield f"sets the modification time of {escape(path)}"
            case RunCommand():
                yield _command(effect)


def _counts(report: Report) -> Iterator[str]:
    """Too many to read here: how many of each kind, and the deletions and commands whole."""
    kinds: dict[str, int] = {}
    whole: list[Effect] = []
    for effect in report.effects:
        if isinstance(effect, DeletePath | RunCommand):
            whole.append(effect)
        else:
            verb = next(_effects([effect])).split(" ", 1)[0]
            kinds[verb] = kinds.get(verb, 0) + 1
    for verb, times in kinds.items():
        yield f"{verb} {times} path{'' if times == 1 else 's'} (`shannot show` names them)"
    yield from _effects(whole)


def _command(command: RunCommand) -> str:
    line = command_line(command)
    match command.state:
        case "assumed":
            return f"asks to run {line} (assumed to succeed)"
        case "queued":
            return f"asks to run {line} (the script was told that it failed)"
        case "asked":
            return f"asks to run {line} (the script ended before that was decided)"
        case "refused" | "barred":
            return f"did not run {line}: refused by a person"
        case "done":
            unseen = ", without the changes before it" if command.after_unseen_changes else ""
            return f"ran {line} on this machine{unseen} (exit status {command.exit_status})"


def _denied(report: Report) -> Iterator[str]:
    # A search along PATH meets the same refusal in /usr/bin and in /bin.
    for argv, reason in dict.fromkeys((tuple(argv), reason) for argv, _, reason in report.denied):
        yield f"denied {' '.join(quote(word) for word in argv)}: {escape(reason)}"


def _refused(counts: Mapping[str, int], what: str, why: str) -> Iterator[str]:
    for name, times in sorted(counts.items()):
        yield f"refused {what} {escape(name)}, {times} time{'s' if times > 1 else ''}: {why}"


def _missing(report: Report) -> Iterator[str]:
    paths = [os.fsdecode(path) for path in report.outcome.missing]
    of_system = [path for path in paths if f"{path}/".startswith(_SYSTEM_PLACES)]
    for path in paths:
        option = "" if path in of_system else f" (`--map {quote(path)}` shows it)"
        yield f"not mapped: {escape(path)}{option}"
    if of_system or len(paths) > _MANY:
        yield "`shannot run --view system` shows the whole machine read-only"


def _hidden(report: Report) -> Iterator[str]:
    for path in map(os.fsdecode, report.outcome.hidden):
        yield f"hidden: {escape(path)} ({_HIDDEN})"


def _faults(report: Report) -> Iterator[str]:
    for fault in report.outcome.faults:
        yield f"a mistake in shannot, please report it: {escape(fault)}"


def _left_out(report: Report) -> Iterator[str]:
    for path, reason in report.outcome.left_out.items():
        yield f"not in the plan: {escape(os.fsdecode(path))}: {reason}"


def _next(report: Report, where: str) -> Iterator[str]:
    if report.session is None:
        return
    if report.waiting:
        word = "effect waits" if report.waiting == 1 else "effects wait"
        yield f"{report.waiting} {word} for approval in session {report.session}"
        yield f"next: shannot show{where} {report.session}"
        yield f"then: shannot approve{where} {report.session} --execute"
    else:
        yield f"nothing waits; kept as session {report.session}"
