"""Where no effect may happen, whoever approved it: shannot's own state and configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shannot.config.paths import user_config

if TYPE_CHECKING:
    from shannot.sessions.store import Store
    from shannot.workflows.request import Caller


def protected_places(store: Store, caller: Caller) -> list[str]:
    """The directories that no effect may touch."""
    places = [os.path.dirname(store.root), os.path.dirname(caller.machine_config)]
    own = user_config(caller.environment)
    return places if own is None else [*places, os.path.dirname(own)]
