"""The two answers of a handler that are not values."""

from __future__ import annotations

CONTINUE = -(1 << 40)
"""Let the host kernel do the call: only where the decision rests on register values."""

DEFERRED = CONTINUE - 1
"""The answer comes later, from whoever keeps the call's id."""
