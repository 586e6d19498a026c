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

from shannot.cli.catalog import COMMANDS, find
from shannot.errors import DONE, FAULT, USAGE, ShannotError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

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
    if not words or words[0] in ("-h", "--help"):
        from shannot.cli.help import overview

        print(overview(), file=sys.stdout if words else sys.stderr)
        return DONE if words else USAGE
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
    if words == ["serve"]:
        # What a machine that is reached does every time, without argparse.
        from shannot.cli.commands.serve import serve

        return serve()
    command = find(name)
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
