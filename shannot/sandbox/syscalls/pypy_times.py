"""Rows of the `pypy` table: clocks, sleeping, and the C library's calendar.

Some builds send `localtime` and its family to us, others do it themselves. The zone is the
script's TZ where it has one, else the machine's.
"""

from __future__ import annotations

import os
import resource
import time
from errno import EINVAL, EOVERFLOW, EPERM

from shannot.sandbox.kernel import files, processor_time

from .pypy import keep
from .pypy_layouts import DOUBLE, LONG, RUSAGE, TIMEB, TIMEBASE, TIMEVAL, TM, TMS
from .table import Row, Skip, integer, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from shannot.sandbox.kernel.piped import PipedTask
    from shannot.sandbox.kernel.task import Task

    T = TypeVar("T")

SKIP = Skip()
_SECOND = 1_000_000_000
_CLOCKS = frozenset((0, 1, 4, 5, 6, 7, 11))  # of linux/time.h; 2 and 3 are the process's own
_FORMAT_MAX, _TEXT_MAX = 4096, 65536  # bytes
_SLEEP_MAX = 1 << 31  # seconds


def rows() -> list[Row]:
    return [
        Row("clock()i", clock, ()),
        Row("clock_gettime(ip)i", clock_gettime, (integer, size)),
        Row("clock_getres(ip)i", clock_getres, (integer, size)),
        Row("clock_settime(ip)i", files.not_permitted, ()),
        Row("mach_absolute_time()i", mach_absolute_time, ()),
        Row("mach_timebase_info(p)i", mach_timebase_info, (size,)),
        Row("ftime(p)v", ftime, (size,)),
        Row("ftime(p)i", ftime, (size,)),
        Row("times(p)i", times, (size,)),
        Row("getrusage(ip)i", getrusage, (integer, size)),
        Row("getloadavg(pi)i", getloadavg, (size, integer)),
        Row("select(ipppp)i", sleep, (integer, size, size, size, size)),
        Row("tzset()v", _nothing, ()),
        Row("localtime(p)p", localtime, (size,)),
        Row("gmtime(p)p", gmtime, (size,)),
        Row("mktime(p)i", mktime, (size,)),
        Row("strftime(pipp)i", strftime, (size, size, size, size)),
    ]


# -- clocks --------------------------------------------------------------------------------------


def clock(task: Task) -> int:
    """clock(3), in millionths of a second."""
    return processor_time.of(task.pid) // 1000


def clock_gettime(task: Task, clock: int, address: int) -> int:
    if clock in (2, 3):
        now = processor_time.of(task.pid)
    elif clock in _CLOCKS:
        now = time.clock_gettime_ns(clock)
    else:
        raise OSError(EINVAL, "no such clock")
    task.memory.write(address, TIMEVAL.pack(now // _SECOND, now % _SECOND))
    return 0


def clock_getres(task: Task, clock: int, address: int) -> int:
    if clock not in _CLOCKS and clock not in (2, 3):
        raise OSError(EINVAL, "no such clock")
    resolution = int(time.clock_getres(clock) * _SECOND)
    if address:
        task.memory.write(address, TIMEVAL.pack(resolution // _SECOND, resolution % _SECOND))
    return 0


def mach_absolute_time(_task: Task) -> int:
    return time.monotonic_ns()


def mach_timebase_info(task: Task, address: int) -> int:
    """A unit is a nanosecond."""
    task.memory.write(address, TIMEBASE.pack(1, 1))
    return 0


def ftime(task: Task, address: int) -> int:
    now = time.time_ns()
    task.memory.write(address, TIMEB.pack(now // _SECOND, now % _SECOND // 1_000_000, 0, 0))
    return 0


def times(task: Task, address: int) -> int:
    """times(2): the process's own time, in clock ticks; of its commands nothing is known."""
    user, system = processor_time.ticks(task.pid)
    if address:
        task.memory.write(address, TMS.pack(user, system, 0, 0))
    return time.monotonic_ns() * os.sysconf("SC_CLK_TCK") // _SECOND


def getrusage(task: Task, who: int, address: int) -> int:
    """getrusage(2): times, and the largest memory in kilobytes."""
    if who not in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN, 1):
        raise OSError(EINVAL, "whose")
    values = [0] * 18
    if who != resource.RUSAGE_CHILDREN:
        tick = 1_000_000 // os.sysconf("SC_CLK_TCK")
        for place, ticks in enumerate(processor_time.ticks(task.pid)):
            microseconds = ticks * tick
            values[2 * place] = microseconds // 1_000_000
            values[2 * place + 1] = microseconds % 1_000_000
        values[4] = processor_time.largest_memory(task.pid)
    task.memory.write(address, RUSAGE.pack(*values))
    return 0


def getloadavg(task: Task, address: int, count: int) -> int:
    found = os.getloadavg()[: max(0, count)]
    if found:
        task.memory.write(address, b"".join(DOUBLE.pack(load) for load in found))
    return len(found)


def sleep(
    task: PipedTask, count: int, readers: int, writers: int, others: int, timeout: int
) -> int:
    """select(2) without descriptors, which is how the interpreter sleeps. Errors: EPERM with."""
    if count or readers or writers or others:
        task.system.refuse_call("select")
        raise OSError(EPERM, "no descriptors can be waited for")
    if not timeout:
        task.wait(-1, 0, None)  # for ever
        return 0
    seconds, microseconds = TIMEVAL.unpack(task.memory.read(timeout, TIMEVAL.size))
    if seconds < 0 or not 0 <= microseconds < 1_000_000:
        raise OSError(EINVAL, "no such time")
    task.wait(-1, 0, min(seconds, _SLEEP_MAX) + microseconds / 1e6)
    return 0


# -- calendar ------------------------------------------------------------------------------------


def localtime(task: PipedTask, address: int) -> int:
    moment = LONG.unpack(task.memory.read(address, 8))[0]
    return _broken_down(task, in_zone(task, lambda: _converted(time.localtime, moment)))


def gmtime(task: PipedTask, address: int) -> int:
    moment = LONG.unpack(task.memory.read(address, 8))[0]
    return _broken_down(task, _converted(time.gmtime, moment))


def _converted(convert: Callable[[float], time.struct_time], moment: int) -> time.struct_time:
    try:
        return convert(moment)
    except (OverflowError, ValueError, OSError):
        raise OSError(EOVERFLOW, "no such year") from None


def _broken_down(task: PipedTask, found: time.struct_time) -> int:
    """A struct tm that stays valid until the next one, as the C library's own static one."""
    zone = keep(task, os.fsencode(found.tm_zone or ""))
    packed = TM.pack(
        found.tm_sec, found.tm_min, found.tm_hour, found.tm_mday, found.tm_mon - 1,
        found.tm_year - 1900, (found.tm_wday + 1) % 7, found.tm_yday - 1, found.tm_isdst,
        found.tm_gmtoff or 0, zone,
    )  # fmt: skip
    address = task.kept.get(_STRUCT_TM)
    if address is None:
        address = task.kept[_STRUCT_TM] = task.allocate(packed)
    else:
        task.memory.write(address, packed)
    return address


_STRUCT_TM = b"\0struct tm"  # no string that `keep` was given


def _fields(task: Task, address: int) -> tuple[int, ...]:
    """A struct tm of the child's as the nine numbers that Python's `time` takes."""
    raw = TM.unpack(task.memory.read(address, TM.size))
    second, minute, hour, day, month, year, weekday, yearday, summer = raw[:9]
    return (
        year + 1900, month + 1, day, hour, minute, second, (weekday - 1) % 7, yearday + 1, summer
    )  # fmt: skip


def mktime(task: PipedTask, address: int) -> int:
    fields = _fields(task, address)
    try:
        return int(in_zone(task, lambda: time.mktime(fields)))  # type: ignore[arg-type]  # nine
    except (OverflowError, ValueError):
        raise OSError(EOVERFLOW, "no such time") from None


def strftime(task: PipedTask, buffer: int, room: int, form: int, address: int) -> int:
    """strftime(3): bytes written without their NUL; 0 where there is no room."""
    text = os.fsdecode(task.memory.read_string(form, _FORMAT_MAX))
    fields = _fields(task, address)
    try:
        found = in_zone(task, lambda: time.strftime(text, fields))  # type: ignore[arg-type]  # nine
    except (OverflowError, ValueError):
        raise OSError(EINVAL, "no such time") from None
    data = os.fsencode(found) + b"\0"
    if len(data) > min(room, _TEXT_MAX):
        return 0
    task.memory.write(buffer, data)
    return len(data) - 1


def in_zone(task: PipedTask, act: Callable[[], T]) -> T:
    """With the script's TZ, where it is another than ours."""
    wanted, ours = task.environment.get(b"TZ"), os.environb.get(b"TZ")
    if wanted == ours:
        return act()
    _set_zone(wanted)
    try:
        return act()
    finally:
        _set_zone(ours)


def _set_zone(zone: bytes | None) -> None:
    if zone is None:
        os.environb.pop(b"TZ", None)
    else:
        os.environb[b"TZ"] = zone
    time.tzset()


def _nothing(_task: Task) -> int:
    return 0
