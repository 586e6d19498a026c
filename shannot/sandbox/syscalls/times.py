"""Two times, accessed and modified, in the four forms that calls have them in."""

from __future__ import annotations

import struct
from errno import EINVAL

from . import layouts
from .table import reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sandbox.kernel.metadata import Times
    from shannot.sandbox.kernel.task import Task

_SECONDS = struct.Struct("=qq")
_read = reading(layouts.TIMES.size)


def nanoseconds(task: Task, raw: int) -> Times | None:
    """Two timespec; None for NULL."""
    data = _read(task, raw)
    return layouts.TIMES.unpack(data) if data else None  # type: ignore[arg-type]  # bytes


def microseconds(task: Task, raw: int) -> Times | None:
    """Two timeval. Errors: EINVAL, EFAULT."""
    if not raw:
        return None
    values = layouts.TIMES.unpack(task.memory.read(raw, layouts.TIMES.size))
    if not (0 <= values[1] < 1_000_000 and 0 <= values[3] < 1_000_000):
        raise OSError(EINVAL, "microseconds out of range")
    return values[0], values[1] * 1000, values[2], values[3] * 1000


def whole_seconds(task: Task, raw: int) -> Times | None:
    """struct utimbuf."""
    if not raw:
        return None
    accessed, modified = _SECONDS.unpack(task.memory.read(raw, _SECONDS.size))
    return accessed, 0, modified, 0


for _kind in (nanoseconds, microseconds, whole_seconds):
    _kind.reads_memory = True  # type: ignore[attr-defined]  # a mark for `Row`
