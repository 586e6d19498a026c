"""`shannot run`: a script in the sandbox; its output is its own, what shannot says is on stderr."""

from __future__ import annotations

import os
import sys
from argparse import REMAINDER

from shannot.cli.parser import add_json, count, duration, say, seconds, size
from shannot.errors import UsageError
from shannot.workflows.program import Program
from shannot.workflows.run import Caller, Request, run_script

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from shannot.cli.parser import Parser
    from shannot.workflows.run import Report

_USAGE = """\
shannot run [OPTIONS] SCRIPT [ARGS…]
       shannot run [OPTIONS] -c CODE [ARGS…]
       shannot run [OPTIONS] -m MODULE [ARGS…]
       shannot run [OPTIONS] - [ARGS…] < SCRIPT"""

_EPILOG = """\
Everything after SCRIPT, CODE, MODULE or - is the script's. Its stdin, stdout, stderr and exit
status are its own. Nothing on this machine changes, but by commands that the policy allows to
run; what the script wanted to change waits as a session (`shannot list`).

SIZE is bytes, or a number with K, M, G; TIME is seconds, or a number with ms, s, m, h, d.
Exit codes: the script's own (a signal is 128+N); 2 usage or configuration, 124 time limit,
125 another limit or shannot itself failed, 126 refused, 127 no such script."""

_LIMITS = (
    ("--timeout", "TIME", duration, "wall clock"),
    ("--cpu", "TIME", seconds, "processor time of each process"),
    ("--memory", "SIZE", size, "memory of all processes together"),
    ("--processes", "N", count, "processes and threads alive at once"),
    ("--output", "SIZE", size, "stdout and stderr together"),
    ("--files", "N", count, "files and directories created"),
)


def configure(parser: Parser) -> None:
    """The options of `run`."""
    parser.usage = _USAGE
    parser.epilog = _EPILOG
    # Everything from here on is the script's, options included: REMAINDER takes it unread.
    parser.add_argument("words", nargs=REMAINDER, metavar="SCRIPT [ARGS…]", help="the script")
    parser.add_argument("-c", dest="code", nargs=REMAINDER, metavar="CODE", help="run CODE")
    parser.add_argument("-m", dest="module", nargs=REMAINDER, metavar="MODULE", help="run MODULE")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on stderr")
    add_json(parser)
    parser.add_argument(
        "--view",
        choices=("project", "system"),
        help="what it sees: this directory, or the whole machine (default: project)",
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="HOST[:GUEST][:ro|cow|hide]",
        help="show (or hide) one more file or directory; may be repeated",
    )
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="add to its environment, from yours without VALUE; may be repeated",
    )
    parser.add_argument("--python", metavar="PATH", help="the interpreter, a venv's for example")
    parser.add_argument("--runtime", choices=("cpython",), help="how it is confined")
    parser.add_argument("--dry-run", action="store_true", help="run no command on this machine")
    parser.add_argument(
        "--on-ask",
        choices=("assume", "fail"),
        help="what the script is told of a command that waits for approval:"
        " success with no output (default), or exit status 126",
    )
    parser.add_argument("--keep", action="store_true", help="keep a session if nothing waits too")
    limits = parser.add_argument_group("limits")
    for option, metavar, kind, meaning in _LIMITS:
        limits.add_argument(option, metavar=metavar, type=kind, help=meaning)


def run(options: Namespace) -> int:
    """Run the script, then say what it wanted. Returns the script's status."""
    request = _request(options)
    report = run_script(request, _caller())
    if options.json:
        # Modules that only the document needs.
        from shannot.cli.commands.run_json import document

        print(document(report))
    elif not options.quiet:
        for line in _summary(report):
            say(line)
    return report.status


def _request(options: Namespace) -> Request:
    limits = {name: getattr(options, name) for name in (o[0][2:] for o in _LIMITS)}
    captured = bool(options.json)
    return Request(
        program=_program(options.words, options.code, options.module),
        view=options.view,
        maps=options.map,
        environment=options.env,
        python=options.python,
        dry_run=options.dry_run,
        on_ask=options.on_ask,
        keep=options.keep,
        limits={name: value for name, value in limits.items() if value is not None},
        streams=(0, None, None) if captured else (0, 1, 2),
    )


def _program(
    words: Sequence[str], code: Sequence[str] | None, module: Sequence[str] | None
) -> Program:
    if code is not None:
        if not code:
            raise UsageError("-c: the code is missing")
        return Program("code", code[0], [*code[1:], *words])
    if module is not None:
        if not module:
            raise UsageError("-m: the module is missing")
        return Program("module", module[0], [*module[1:], *words])
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        raise UsageError("no script: `shannot run SCRIPT`, `-c CODE`, `-m MODULE` or `-`")
    return Program("stdin" if words[0] == "-" else "script", words[0], words[1:])


def _caller() -> Caller:
    try:
        directory = os.getcwd()
    except FileNotFoundError:
        raise UsageError("the current directory does not exist any more: change to another")
    return Caller(environment=os.environ, directory=directory, python=sys.executable)


def _summary(report: Report) -> list[str]:
    # Loaded only where there is something to say: most runs in a pipeline are silent.
    if report.is_silent():
        return []
    from shannot.cli.summary import lines

    return lines(report)
