from __future__ import annotations

import pytest

from shannot.policy.without import parse_without


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        ("--vacuum*", "--vacuum --vacuum-time=1s --vac --v -vacuum", "--unit vacuum -v --xvacuum"),
        ("--rotate", "--rotate --rot --rotate=1 -rotate", "--rotates rotate -r -t"),
        ("-o", "-o -ro -ofile -xo", "--output o -r --o"),
        ("-exec*", "-exec -execdir --exec", "-e -name exec -ex"),
        ("-delete", "-delete --delete --del", "-d -name delete"),
        ("*", "x /etc", "-x --x -"[:7]),
        ("0*", "0 01010000", "1 -0 +0"),
        ("-*", "-x --long -1", "x"),
        ("up", "up", "upper -up"),
    ],
)
def test_a_pattern_finds_what_getopt_would_take_for_it(
    pattern: str, found: str, not_found: str
) -> None:
    without = parse_without([pattern])
    for word in found.split():
        assert without.find(["before", word] if pattern != "*" else [word]) == word
    for word in not_found.split():
        assert without.find([word]) == ""


def test_words_after_the_end_of_options_are_looked_at_too() -> None:
    assert parse_without(["-o"]).find(["--", "-o"]) == "-o"
    assert parse_without([]).find(["-o", "x"]) == ""


@pytest.mark.parametrize("pattern", ["", " ", "a*b", "*a", "?", "[a]", "--", "-"[:0]])
def test_what_is_no_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError):
        parse_without([pattern])
