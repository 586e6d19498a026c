"""Processes outside the sandbox: how a command that the gate let through starts, and is ended.

Called by `performer.py`, on the threads of the commands.
"""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import Popen

    from shannot.sandbox.spec import Answer

_KILL = 9


def start_command(answer: Answer, stdio: list[int], umask: int) -> Popen[bytes] | None:
    """Start a command on the host; None where that fails. Closes `stdio`."""
    import subprocess  # only a run that performs a command pays its 12 ms

    try:
        return subprocess.Popen(  # argv that the policy allowed, no shell
            answer.argv,
            executable=answer.executable or None,
            cwd=answer.directory,
            env=answer.environment,
            stdin=stdio[0],
            stdout=stdio[1],
            stderr=stdio[2],
            start_new_session=True,
            umask=umask,
        )
    except (OSError, ValueError):
        return None
    finally:
        close_all(stdio)


def close_all(host_fds: list[int]) -> None:
    for host_fd in host_fds:
        os.close(host_fd)


def kill_group(group: int) -> None:
    """Kill a process group, if there is anybody left in it."""
    try:
        os.killpg(group, _KILL)
    except ProcessLookupError:
        pass


def is_ready(host_fd: int) -> bool:
    """Of a pidfd: has its process ended? Of a pipe: is there something to read, or its end?"""
    poll = select.poll()
    poll.register(host_fd, select.POLLIN)
    return bool(poll.poll(0))
