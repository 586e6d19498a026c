from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.errors import NotFoundError, UsageError
from shannot.sessions.ids import MAX_ID, is_id, new_id, resolve, slug, slug_of

SECONDS = 1795529703  # 2026-11-24 14:15:03 UTC
IDS = ["20261124-141503-fix-nginx-7f3a", "20261124-141503-fix-nginx-7f3b", "20261125-000000-x-0000"]


def test_an_id_tells_time_and_script() -> None:
    assert new_id(SECONDS, "/srv/Fix Nginx.py", b"\x7f\x3a") == IDS[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("-c", "c"), ("-", "script"), ("", "script"), ("é.py", "script"), ("a" * 90, "a" * 30),
     ("x/../y_z.sh", "y-z-sh"), ("../", "script"), (".py", "script")],
)  # fmt: skip
def test_a_slug_is_letters_digits_and_hyphens(name: str, expected: str) -> None:
    assert slug(name) == expected


@given(st.integers(0, 253_402_300_799), st.text(), st.binary(min_size=2, max_size=2))
def test_whatever_the_script_is_called_the_id_is_one(seconds: int, name: str, rest: bytes) -> None:
    made = new_id(seconds, name, rest)
    assert is_id(made)
    assert len(made) <= MAX_ID


@pytest.mark.parametrize(
    "text",
    ["", "..", "20261124-141503-x-7f3a/", "../20261124-141503-x-7f3a", "20261124-141503-x-7f3a\n",
     "20261124-141503--7f3a", "20261124-141503-X-7f3a", "٢0261124-141503-x-7f3a", "-rf",
     "20261124-141503-" + "x" * 60 + "-7f3a"],
)  # fmt: skip
def test_nothing_else_is_an_id(text: str) -> None:
    assert not is_id(text)


def test_a_unique_prefix_is_enough() -> None:
    assert resolve("20261125", IDS) == IDS[2]
    assert resolve(IDS[0], [*IDS, IDS[0] + "0"]) == IDS[0]


def test_an_ambiguous_prefix_names_the_candidates() -> None:
    with pytest.raises(UsageError, match=r"2 sessions begin with 20261124.*7f3a.*7f3b"):
        resolve("20261124", IDS)
    many = [f"20261124-141503-x-{n:04x}" for n in range(9)]
    with pytest.raises(UsageError, match="and 4 more"):
        resolve("2026", many)


def test_a_prefix_of_none_says_so() -> None:
    with pytest.raises(NotFoundError, match="no session 2027"):
        resolve("2027", IDS)


@pytest.mark.parametrize("prefix", ["", "../x", "$(id)", "A", "\n", "-" * 100])
def test_what_can_be_no_prefix_is_a_wrong_use(prefix: str) -> None:
    with pytest.raises(UsageError):
        resolve(prefix, IDS)


@given(st.text(), st.binary(min_size=2, max_size=2))
def test_the_readable_part_of_an_id_makes_an_id_alike(name: str, rest: bytes) -> None:
    made = new_id(SECONDS, name, rest)
    assert new_id(SECONDS, slug_of(made), rest) == made
