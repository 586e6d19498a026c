"""Where a command stands: this process as the caller, and its store of sessions."""

from __future__ import annotations

import os
import sys

from shannot.errors import UsageError
from shannot.workflows.request import Caller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sessions.store import Store


def current_caller() -> Caller:
    """This process. UsageError where its directory is gone."""
    try:
        directory = os.getcwd()
    except FileNotFoundError:
        raise UsageError("the current directory does not exist any more: change to another")
    return Caller(os.environ, directory, own_python(), os.getuid())


def own_python() -> str:
    """The Python that scripts run on unless told otherwise: this one. The native executable is
    none, and takes the machine's; "" where there is none."""
    if not getattr(sys, "frozen", False):
        return sys.executable
    from shannot.workflows.program import host_python  # for the native executable only

    return host_python()


def state_path(caller: Caller) -> str:
    """The state directory. UsageError where there is no place for one."""
    from shannot.config.paths import state_directory

    return state_directory(caller.environment, caller.uid)


def open_store(caller: Caller, *, collecting: bool = True) -> Store:
    """The sessions of this user. Those that others have proposed are taken over first."""
    # `run` needs no store before there is something to keep.
    from shannot.sessions.store import Store

    store = Store(state_path(caller), caller.uid)
    if collecting:
        _collect(store, caller)
    return store


def _collect(store: Store, caller: Caller) -> None:
    from shannot.workflows.configuration import operators_queue

    if operators_queue(caller) is None:
        return
    # Only where two users are configured.
    from shannot.cli.say import say
    from shannot.escape import escape
    from shannot.workflows.queue import collect

    for line in collect(store, caller):
        say(f"shannot: {escape(line)}")
