"""Values of options, read from text. Used by argparse, and by `run` without it."""

from __future__ import annotations

_SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_DURATIONS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE_LIMIT = 1 << 60
_DURATION_LIMIT = 366 * 86400.0


def size(text: str) -> int:
    """Bytes of `512M`, `2G`, `65536`. Raises ValueError."""
    number = text.rstrip("KMGTkmgtiBb")
    unit = text[len(number) :].upper().removesuffix("B").removesuffix("I")
    if unit not in _SIZES or not _is_number(number):
        raise ValueError(f"{text!r} is not a size like 512M or 2G")
    value = int(float(number) * _SIZES[unit])
    if not 0 < value <= _SIZE_LIMIT:
        raise ValueError(f"{text!r} is out of range")
    return value


def duration(text: str) -> float:
    """Seconds of `30s`, `5m`, `1.5h`, `10`. Raises ValueError."""
    number = text.rstrip("mshd")
    unit = text[len(number) :]
    if unit not in _DURATIONS or not _is_number(number):
        raise ValueError(f"{text!r} is not a duration like 30s or 5m")
    value = float(number) * _DURATIONS[unit]
    if not 0 < value <= _DURATION_LIMIT:
        raise ValueError(f"{text!r} is out of range")
    return value


def seconds(text: str) -> int:
    """Whole seconds of a duration, at least one: what RLIMIT_CPU can hold."""
    return max(1, round(duration(text)))


def count(text: str) -> int:
    """A number of things, at least one."""
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0):
        raise ValueError(f"{text!r} is not a positive number")
    return int(text)


def amount(text: str) -> int:
    """A number of things, or none."""
    return 0 if text == "0" else count(text)


def _is_number(text: str) -> bool:
    whole, _, part = text.partition(".")
    digits = whole + part
    return bool(whole) and len(text) <= 20 and digits.isascii() and digits.isdigit()
