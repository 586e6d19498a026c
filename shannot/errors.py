"""Errors that a user can mend: one line that says what to do next, and the exit code.

Raised anywhere, caught in one place (`cli/main.py`), printed without a traceback.
"""

# Exit codes of the program itself; a script's own status passes through unchanged.
DONE = 0
UNSUCCESSFUL = 1
USAGE = 2
TIME_LIMIT = 124
FAULT = 125
REFUSED = 126
NOT_FOUND = 127


class ShannotError(Exception):
    """Something the user can mend. The message is one line and names the next step."""

    exit_code = FAULT


class UsageError(ShannotError):
    """The command line or a configuration file is wrong."""

    exit_code = USAGE


class UnsuccessfulError(ShannotError):
    """Something asked for was not done: a conflict, a failed effect, a session in another state."""

    exit_code = UNSUCCESSFUL


class RefusedError(ShannotError):
    """The policy, or the rules of approval, forbid it."""

    exit_code = REFUSED


class NotFoundError(ShannotError):
    """A script, a program or a session that does not exist."""

    exit_code = NOT_FOUND
