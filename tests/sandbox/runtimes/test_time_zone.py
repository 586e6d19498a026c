from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from shannot.sandbox.runtimes.time_zone import rule_of

DATABASE = "/usr/share/zoneinfo/"
NEEDS = pytest.mark.skipif(
    not os.path.exists(DATABASE + "Europe/Berlin"), reason="no time zones on this machine"
)


@pytest.fixture
def zone() -> Iterator[None]:
    before = os.environ.get("TZ")
    yield
    if before is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = before
    time.tzset()


@NEEDS
@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe"]
)
def test_the_rule_is_the_zone_for_this_year_and_the_next(name: str, zone: None) -> None:
    rule = rule_of(name.encode())
    assert rule is not None
    assert rule_of(b":" + name.encode()) == rule
    for month in range(24):
        moment = 1_800_000_000 + month * 2_600_000
        shown = []
        for form in (name, rule.decode()):
            os.environ["TZ"] = form
            time.tzset()
            found = time.localtime(moment)
            shown.append((tuple(found), found.tm_zone))
        assert shown[0] == shown[1]


def test_a_rule_is_left_as_it_is() -> None:
    assert rule_of(b"CET-1CEST,M3.5.0,M10.5.0/3") == b"CET-1CEST,M3.5.0,M10.5.0/3"
    assert rule_of(b"") == b"UTC0"


@pytest.mark.parametrize(
    "zone",
    [b"/etc/passwd", b":/etc/passwd", b"../../../etc/passwd", b"No/Such", b"X" * 500, b"\xff1"],
)
def test_no_other_file_is_read(zone: bytes) -> None:
    assert rule_of(zone) is None
