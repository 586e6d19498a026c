"""Numbers as people write them: "2G", "90s". Used by the configuration and the command line."""

from __future__ import annotations

BIGGEST = 1 << 60
_BYTES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SECONDS = {"": 1, "S": 1, "M": 60, "H": 3600}
_LONG_SECONDS = {**_SECONDS, "D": 86400}
LIMIT_UNITS = {
    "timeout": _SECONDS,
    "cpu": _SECONDS,
    "memory": _BYTES,
    "output": _BYTES,
    "overlay": _BYTES,
    "processes": {"": 1},
    "files": {"": 1},
}
"""The limits by name, and what each one's units are worth (powers of 1024 for bytes)."""


def parse_limit(name: str, value: str | float) -> int:
    """A limit in bytes, seconds or pieces: "2G", "512MiB", "90s", "5m", 1000.

    Fractions are rounded up, so that "0.5s" is a second. Raises ValueError with what is expected.
    """
    return _parse(name, value, LIMIT_UNITS[name])


def parse_duration(name: str, value: str | float) -> int:
    """Whole seconds of "24h", "7d", 3600. Raises ValueError with what is expected."""
    return _parse(name, value, _LONG_SECONDS)


def _parse(name: str, value: str | float, units: dict[str, int]) -> int:
    if isinstance(value, str):
        number, scale = _split(value, units)
    else:
        number, scale = float(value), 1
    if not 0 < number * scale <= BIGGEST:
        raise ValueError(f"{name} must be more than nothing and at most {BIGGEST}")
    amount = number * scale
    return int(amount) + (amount > int(amount))


def _split(text: str, units: dict[str, int]) -> tuple[float, int]:
    text = text.strip()
    digits = text.rstrip("KMGTSHDBIkmgtshdbi").strip()
    unit = text[len(digits) :].strip().upper()
    if units is _BYTES:
        unit = unit.removesuffix("B").removesuffix("I")
    plain = digits.isascii() and digits.replace(".", "", 1).isdigit() and len(digits) <= 20
    if not plain or unit not in units:
        known = ", ".join(f"{name}" for name in units if name)
        raise ValueError(
            "expected a number" + (f", with or without one of {known}" if known else "")
        )
    return float(digits), units[unit]
