"""What `shannot serve` starts itself for: one request, or the single file that was put.

Counterpart: `cli/commands/serve.py`, whose hidden options lead here.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING

from shannot.cli.envelope import failure, success
from shannot.cli.place import current_caller
from shannot.config.paths import state_directory
from shannot.errors import DONE, RefusedError, ShannotError
from shannot.machines.receive import receive
from shannot.machines.ssh import own_directory
from shannot.machines.verbs import PROGRAM_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def work_for(words: Sequence[str]) -> int:
    """`PID PLACE WORDS…`: the command line WORDS, asked to end when that server dies.

    Even by SIGKILL, when it cannot remove the directory with the script any more: PLACE.
    """
    import ctypes  # of no use to the server, which has started this process

    # Loaded by whoever started this process.
    from shannot.cli.main import main

    # Wherever it comes, also before and after the work takes care of it: what is below is done.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if len(words) < 2 or not words[0].isdigit() or os.getppid() != int(words[0]):
        raise RefusedError("--work is for `shannot serve` itself")
    try:
        return main(list(words[2:]))
    finally:
        if os.getppid() != int(words[0]):
            shutil.rmtree(words[1], ignore_errors=True)


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
