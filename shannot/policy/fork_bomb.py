"""`:(){ :|:& };:` under any name. Called by `deny.py` with a line without its blanks."""

from __future__ import annotations

import re

BODY_LIMIT = 512
"""Characters of a function's body that are looked at."""
_BODY = re.compile(r"[^{}]*")
_CALLS = re.compile(r"[|&]([\w:.]{1,64})")


def is_fork_bomb(squeezed: str) -> bool:
    """Does a function start itself twice, one beside the other? Linear in the line's length."""
    opened = squeezed.find("(){")
    while opened >= 0:
        start = opened + 3
        found = _BODY.match(squeezed, start, start + BODY_LIMIT)
        body = found[0] if found else ""
        for call in _CALLS.finditer(body):
            before = body[max(0, call.start() - 64) : call.start()]
            name = call[1]
            # Blanks are gone: the name may be glued to `function`, `do` or `then`.
            for size in range(len(name), 0, -1):
                own = name[:size]
                if before.endswith(own) and squeezed.endswith(own, 0, opened):
                    return True
        opened = squeezed.find("(){", start)
    return False
