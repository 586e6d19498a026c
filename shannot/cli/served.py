"""What `shannot serve` does in a process of its own: one request, or keep the file that was put.

Counterpart: `cli/commands/serve.py`, which leads here.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from shannot.cli.envelope import failure, success
from shannot.cli.place import current_caller
from shannot.config.paths import state_directory
from shannot.errors import DONE, FAULT, RefusedError, ShannotError
from shannot.machines.directories import own_directory
from shannot.machines.receive import receive
from shannot.machines.verbs import PROGRAM_MAX
from shannot.machines.work import remove_place

if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def work_for(server: int, words: Sequence[str], place: str) -> int:
    """The command line WORDS in a process that was forked for it, asked to end when the server
    dies. Returns the exit status.

    Even by SIGKILL, when it cannot remove the directory with the script any more: PLACE, which
    nobody needs after this.
    """
    import ctypes  # of no use to the server

    from shannot.cli.main import main  # loaded by whoever started this process

    try:
        # Wherever it comes, also before and after the work takes care of it: what is below is done.
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # Anew: the server's objects remember what its own streams were, such as whether they seek.
        sys.stdin = open(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors, closefd=False)
        sys.stdout = open(1, "w", encoding=sys.stdout.encoding, closefd=False)
        sys.stderr = open(2, "w", 1, encoding=sys.stderr.encoding, closefd=False)
        if os.getppid() != server:
            return FAULT
        status = main(list(words))
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                pass  # nobody reads it any more
        return status
    finally:
        # Not only where the server is seen to be dead: its threads die one after the other.
        remove_place(place)


def keep_program(digest: str, size: int | None) -> int:
    """The single file, from stdin. One JSON document says where it stands."""
    try:
        if size is None or not 0 < size <= PROGRAM_MAX:
            raise RefusedError(f"--size: a single file has at most {PROGRAM_MAX} bytes")
        caller = current_caller()
        state = own_directory(state_directory(caller.environment, caller.uid))
        path, new = receive(own_directory(f"{state}/program"), digest, size, sys.stdin.buffer)
    except OSError as error:
        return _failed(ShannotError(f"cannot keep the program there: {error.strerror}"))
    except ShannotError as error:
        return _failed(error)
    print(success("serve", {"path": path, "sha256": digest, "sent": new}))
    return DONE


def _failed(error: ShannotError) -> int:
    print(failure("serve", error))
    return error.exit_code
