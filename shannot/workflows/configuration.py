"""What the configuration says, for the verbs: read where there is any, and only then.

Imports little, so that a verb which finds no configuration starts at once.
"""

from __future__ import annotations

from shannot.config.paths import exists, project_config, user_config
from shannot.errors import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.config.settings import Settings
    from shannot.workflows.request import Caller


def is_configured(caller: Caller) -> bool:
    """Is there any file of configuration, good or bad?"""
    user = user_config(caller.environment)
    if exists(user) or exists(caller.machine_config):
        return True
    return project_config(caller.directory, caller.uid) is not None


def load_settings(caller: Caller) -> Settings | None:
    """The configuration, None where there is not a single file of it. Raises UsageError."""
    if not is_configured(caller):
        return None
    # To start faster where there is none.
    from shannot.config.settings import load

    user = user_config(caller.environment)
    project = project_config(caller.directory, caller.uid)
    return load(user, caller.machine_config, project, caller.uid)


def own_settings(caller: Caller) -> Settings | None:
    """What the machine's and the user's own files say; None where there are none. UsageError."""
    user = user_config(caller.environment)
    if not (exists(user) or exists(caller.machine_config)):
        return None
    from shannot.config.settings import load  # to start faster where there is none

    return load(user, caller.machine_config, None, caller.uid)


def operators_queue(caller: Caller) -> str | None:
    """The queue that the operators share, where there is one."""
    settings = own_settings(caller)
    return None if settings is None else settings.queue


def allows_yes(caller: Caller) -> bool:
    """May `--yes` stand for a person? Only the machine's and the user's own files have a say."""
    from shannot.config.settings import load

    user = user_config(caller.environment)
    return load(user, caller.machine_config, None, caller.uid).allow_yes


def check_yes(caller: Caller, verb: str) -> None:
    """RefusedError where `--yes` may not stand for a person. verb: what may be done without it."""
    if not allows_yes(caller):
        raise RefusedError(
            f"`--yes` is taken away by `allow_yes = false`; {verb} at a terminal without it"
        )


def approval_lifetime(caller: Caller) -> int | None:
    """Seconds in which an approval must be begun; None where no configuration says it."""
    from shannot.config.settings import load

    user = user_config(caller.environment)
    return load(user, caller.machine_config, None, caller.uid).expire
