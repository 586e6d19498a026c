"""`--target` of a command about sessions: the way to one machine, and that to several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.cli import (
    far_deciding,
    far_sessions,
    group_deciding,
    group_rollback,
    group_sessions,
)
from shannot.cli.group_fetch import means_group

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping

    Way = Callable[[Namespace], int]

_WAYS: Mapping[str, tuple[Way, Way]] = {
    "approve": (far_deciding.approve_there, group_deciding.approve_group),
    "diff": (far_sessions.diff_there, group_sessions.diff_group),
    "execute": (far_deciding.execute_there, group_deciding.execute_group),
    "list": (far_sessions.list_there, group_sessions.list_group),
    "reject": (far_sessions.reject_there, group_deciding.reject_group),
    "rollback": (far_deciding.rollback_there, group_rollback.rollback_group),
    "show": (far_sessions.show_there, group_sessions.show_group),
}
"""By command: for one machine, and for several."""


def elsewhere(command: str, options: Namespace, prefix: str | None) -> int:
    """Do it there. prefix: the session that is meant, or the run on several machines, if any."""
    one, several = _WAYS[command]
    return several(options) if means_group(options, prefix) else one(options)
