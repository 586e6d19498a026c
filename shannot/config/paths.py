"""Where shannot keeps its state and finds its configuration. Part of every start: imports little.

Called by `workflows/run.py` and all other verbs; the environment and the user are handed in.
"""

from __future__ import annotations

import os
import stat

from shannot.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MACHINE_CONFIG = "/etc/shannot/config.toml"
MACHINE_STATE = "/var/lib/shannot"
PROJECT_CONFIG = ".shannot/config.toml"
_DEPTH_LIMIT = 64
"""Directories above the current one that may hold the project's configuration."""


def state_directory(
    environment: Mapping[str, str], uid: int, machine_state: str = MACHINE_STATE
) -> str:
    """The absolute path of the state directory, which may not exist yet (product.md 7).

    `$XDG_STATE_HOME`, the home directory, `$STATE_DIRECTORY` (systemd.exec(5)), /var/lib/shannot.
    Raises UsageError where none of them is there.
    """
    # The XDG specification: a relative path is to be ignored.
    base = environment.get("XDG_STATE_HOME", "")
    if base.startswith("/") and "\0" not in base:
        return os.path.normpath(base) + "/shannot"
    home = home_directory(environment, uid)
    if home:
        return home.rstrip("/") + "/.local/state/shannot"
    given = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    if given.startswith("/") and "\0" not in given:
        return os.path.normpath(given)
    if os.access(machine_state, os.W_OK | os.X_OK) or (uid == 0 and machine_state == MACHINE_STATE):
        return machine_state
    raise UsageError(
        "there is no place for sessions: set XDG_STATE_HOME (or STATE_DIRECTORY) to a directory "
        f"that this user can write, or make {machine_state} writable for it"
    )


def home_directory(environment: Mapping[str, str], uid: int) -> str:
    """The home directory that `$HOME` names, where it is one that this user can keep things in.

    "" for a missing one, for `/`, and for another user's (`sudo -E`): files left there would be
    a trap for either of them.
    """
    home = environment.get("HOME", "")
    if not home.startswith("/") or "\0" in home or not home.strip("/"):
        return ""
    try:
        status = os.stat(home)
    except OSError:
        return ""
    owned = status.st_uid == uid or (status.st_uid == 0 and os.access(home, os.W_OK))
    return os.path.normpath(home) if owned and stat.S_ISDIR(status.st_mode) else ""


def user_config(environment: Mapping[str, str]) -> str | None:
    """The path of the user's configuration, which need not exist; None without any home."""
    base = environment.get("XDG_CONFIG_HOME", "")
    if base.startswith("/") and "\0" not in base:
        return os.path.normpath(base) + "/shannot/config.toml"
    home = environment.get("HOME", "")
    if home.startswith("/") and "\0" not in home:
        return os.path.normpath(home).rstrip("/") + "/.config/shannot/config.toml"
    return None


def project_config(directory: str, uid: int) -> str | None:
    """The configuration of the project that the directory belongs to; None where it has none.

    Looked for here and above, as far as the directories belong to this user: what somebody else
    puts into /tmp concerns nobody's project.
    """
    place = directory
    for _ in range(_DEPTH_LIMIT):
        path = f"{place.rstrip('/')}/{PROJECT_CONFIG}"
        if exists(path):
            return path
        place = os.path.dirname(place)
        try:
            if place == "/" or os.stat(place).st_uid != uid:
                return None
        except OSError:
            return None
    return None


def exists(path: str | None) -> bool:
    """Is anything there? True as well where that cannot be told: reading it then says why."""
    if path is None:
        return False
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
