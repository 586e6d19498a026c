"""What the commands of a plan are given on stdin: a reviewer must see it, `sh` may be the command.

The counterpart of `contents.diff` for commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.effects.diff import MAX_CONTENTS
from shannot.effects.model import RunCommand

if TYPE_CHECKING:
    from shannot.sessions.model import Session
    from shannot.sessions.store import Store


def inputs(store: Store, session: Session) -> dict[int, bytes | None]:
    """Effect number: the bytes, None where they are more than 16 MiB.

    MalformedError where they are not what was recorded.
    """
    wanted = {
        number: effect.stdin_sha256
        for number, effect in enumerate(session.plan.effects, 1)
        if isinstance(effect, RunCommand) and effect.stdin_sha256 is not None
    }
    if not wanted:
        return {}
    with store.blobs(session.id) as blobs:
        return {number: blobs.read(sha256, MAX_CONTENTS) for number, sha256 in wanted.items()}
