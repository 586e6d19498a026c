"""Processor time of all processes of a run together. Asked by `attendant.py`, and only once so much
time has passed that the run could have used up its limit: no single process may be near it.
"""

from __future__ import annotations

import os

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# proc_pid_stat(5): fields 14 to 17 and 22, of which the first after the name is field 3
_UTIME, _STIME, _CUTIME, _CSTIME, _STARTTIME = 11, 12, 13, 14, 19
_KNOWN_MAX = 10_000


class ProcessorTime:
    """What each process was last seen to have used, also of those that have ended."""

    __slots__ = ("_second", "_used")

    def __init__(self) -> None:
        self._second = os.sysconf("SC_CLK_TCK")
        self._used: dict[tuple[int, bytes], int] = {}  # by number and start: numbers are reused

    def of(self, pids: Iterable[int]) -> float:
        """Seconds that these processes, and those of earlier calls, have used.

        The larger of two counts, each of which misses something: what each was last seen with, and
        what those that live have used with the children that they have waited for.
        """
        alive = 0
        for pid in pids:
            try:
                line = procfs.read(b"/proc/%d/stat" % pid)
            except OSError:
                continue  # it has ended
            fields = line[line.rindex(b")") + 2 :].split()
            own = int(fields[_UTIME]) + int(fields[_STIME])
            alive += own + int(fields[_CUTIME]) + int(fields[_CSTIME])
            if len(self._used) < _KNOWN_MAX:
                self._used[pid, fields[_STARTTIME]] = own
        return max(alive, sum(self._used.values())) / self._second
