"""The command line: finds the subcommand, and turns every way it can end into an exit code.

The console script `shannot` and `python3 -m shannot` start in `program`. One subcommand is one
module of `commands/`, imported only when it is named.
"""

from __future__ import annotations

import gc
import os
import sys
from errno import EAGAIN, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC
from io import TextIOWrapper

from shannot.errors import DONE, FAULT, USAGE, ShannotError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

    from shannot.cli.parser import Command

# name: (what it does, as `shannot --help` prints it)
COMMANDS = {
    "run": "run a script in the sandbox and record what it would change",
    "list": "the sessions, and where each stands",
    "show": "one session: its plan, effect by effect, with warnings and diffs",
    "diff": "what a session would change in files, as unified diffs",
    "approve": "approve all or some effects of a session",
    "reject": "reject a session",
    "execute": "do what was approved, in order, as recorded",
    "resume": "run a script again, with the results of its commands that were executed",
    "rollback": "put back what an execution has changed",
    "audit": "what was run, decided and executed, and whether that record is whole",
    "prune": "remove sessions that are over, and what killed runs left",
    "explain": "what the policy says about a command, and why",
    "setup": "install the pypy runtime, or tell an agent's client about shannot",
    "status": "what is installed, and what waits",
    "doctor": "try every part on this machine, and say what to do about what fails",
    "mcp": "serve agents by the Model Context Protocol: they propose, and never approve",
    "profile": "the profiles that there are: list, show, check, suggest",
}
INTERRUPTED = 130  # 128 + SIGINT
_EXHAUSTED = {
    ENOSPC: "cannot write: no space left on the device",
    EDQUOT: "cannot write: the disk quota is used up",
    EIO: "cannot read or write: input/output error",
    EMFILE: "too many open files: `ulimit -n` of this process is too low",
    ENFILE: "too many open files on this machine",
    ENOMEM: "not enough memory",
    EAGAIN: "no more processes can be started: `ulimit -u`, or the service's limit, is too low",
}
"""What the machine may run out of at any moment: the user's to mend, wherever it was noticed."""


def program() -> NoReturn:
    """The process `shannot`, from its command line to its end.

    It leaves without taking the interpreter apart, which is a tenth of a short run's time: what
    has to be put back or removed is done by whoever made it, never by a finaliser.
    """
    # Most commands are short-lived, with up to millions of small values and hardly a cycle: a
    # quarter of the time of `show` with 10,000 effects was the collector's. `run` turns it on.
    gc.disable()
    status = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            pass  # nobody reads it any more; `main` has told what could be told
    os._exit(status)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand. Returns the exit code; every error is one line on stderr."""
    _open_missing_descriptors()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _dispatch(words)
        sys.stdout.flush()
        return status
    except ShannotError as error:
        return _report(error)
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        _forget_stdout()
        return DONE
    except OSError as error:
        if error.errno not in _EXHAUSTED:
            return _fault()
        if error.errno == ENOSPC:
            _forget_stdout()
        return _report(ShannotError(_EXHAUSTED[error.errno]))
    except Exception as error:  # noqa: BLE001 - the boundary: our own fault
        if "can't start new thread" in str(error):  # RuntimeError: all that Python says
            return _report(ShannotError(_EXHAUSTED[EAGAIN]))
        return _fault()


def _dispatch(words: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal of another encoding
    if not words or words[0] in ("-h", "--help", "help"):
        return _help(words)
    name = words[0]
    if name in ("-V", "--version"):
        from shannot import __version__

        print(f"shannot {__version__}")
        return DONE
    if name not in COMMANDS:
        kind = "option" if name.startswith("-") else "command"
        raise UsageError(f"unknown {kind}: {name} (`shannot --help` lists the commands)")
    if name == "run":
        # Named here, and not found by name: the path that is taken most, without argparse.
        from shannot.cli.commands.run import start
        from shannot.cli.run_options import read_plain

        values = read_plain(words[1:])
        if values is not None:
            return _reported(name, bool(values["json"]), lambda: start(values))
    command = _command(name)
    return _reported(name, _asks_for_json(words), lambda: command.run(command.parse(words[1:])))


def _asks_for_json(words: list[str]) -> bool:
    """Also of a command line that is wrong: who asked for a document gets one."""
    if words[0] == "run":
        from shannot.cli import run_options

        return run_options.asks_for_json(words[1:])
    from shannot.cli import parser

    return parser.asks_for_json(words[1:])


def _reported(name: str, json: bool, work: Callable[[], int]) -> int:
    """Do the work; with --json an error is a document in place of the line on stderr."""
    try:
        return work()
    except ShannotError as error:
        if not json:
            raise
        from shannot.cli.envelope import failure

        print(failure(name, error))
        return error.exit_code


def _command(name: str) -> Command:
    """The subcommand's module, and with it only what that subcommand needs."""
    from importlib import import_module

    from shannot.cli.parser import Command

    module = import_module(f"shannot.cli.commands.{name}")
    return Command(name, COMMANDS[name], module.configure, module.run)


def _help(words: list[str]) -> int:
    if len(words) > 1:
        if words[1] not in COMMANDS:
            raise UsageError(f"unknown command: {words[1]} (`shannot --help` lists the commands)")
        _command(words[1]).parse(["--help"])
    lines = [
        "usage: shannot COMMAND [OPTIONS] …",
        "",
        "Run a script that nobody trusts yet against the real machine, see exactly what it would",
        "change, approve it, and have exactly that happen.",
        "",
        "commands:",
        *(f"  {name:<10}{summary}" for name, summary in COMMANDS.items()),
        "",
        "options:",
        "  -h, --help     this text; `shannot COMMAND --help` for one command",
        "  -V, --version  the version",
        "",
        "exit codes of `run`: the script's own (a signal is 128+N); 2 usage or configuration,",
        "124 time limit, 125 another limit or shannot itself failed, 126 refused, 127 not found.",
        "Of the others: 0 done, 1 something asked for did not succeed, 2, 125, 126, 127 as above.",
    ]
    print("\n".join(lines), file=sys.stdout if words else sys.stderr)
    return DONE if words else USAGE


def _interrupted() -> int:
    """A second Ctrl-C, or one that `timeout` passes on as well, finds nobody to interrupt."""
    import _signal  # type: ignore[import-not-found]  # no stub; `signal` costs a start 4 ms

    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    if sys.stderr.isatty():
        print(file=sys.stderr)  # the line of a question, or of ^C, ends here
    return INTERRUPTED


def _report(error: ShannotError) -> int:
    # Only on the way out: messages hold paths and words from anywhere.
    lines = [_escaped(line) for line in str(error).splitlines()] or ["failed"]
    try:
        print("shannot: " + "\n  ".join(lines), file=sys.stderr, flush=True)
    except OSError:
        pass  # nobody reads stderr; the exit code still tells
    return error.exit_code


def _escaped(text: str) -> str:
    try:
        from shannot.escape import escape
    except OSError:  # no file can be opened any more
        return ascii(text)[1:-1]
    return escape(text)


def _fault() -> int:
    """Our own mistake: the traceback, and not python's exit code, which could be the script's."""
    try:
        import traceback

        from shannot.escape import escape

        text = escape(traceback.format_exc(), keep="\n")
        print(f"{text}shannot: this is a mistake in shannot; please report it", file=sys.stderr)
    except OSError:
        pass  # nobody reads stderr, or no file can be opened any more
    return FAULT


def _open_missing_descriptors() -> None:
    """Give closed standard descriptors to /dev/null, so that no pipe of ours lands on 0 to 2."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            if os.open("/dev/null", os.O_RDWR) != number:
                os._exit(FAULT)  # another thread opens files: not ours to mend
    # Python leaves None where a descriptor was closed.
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)


def _forget_stdout() -> None:
    """Keep the interpreter from failing again when it flushes a stdout that nobody reads."""
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
