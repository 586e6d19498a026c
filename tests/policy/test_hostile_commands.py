"""However a command is made, judging it ends soon, and a command that is too much is not allowed.

Work is counted, not timed: every call that is made while one command is judged. A quadratic step
makes millions of them out of the 60,000 characters that are tried here.
"""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from shannot.policy.budget import CHARACTER_LIMIT, STEP_LIMIT
from shannot.policy.danger import dangers
from shannot.policy.profile import profile_of
from shannot.policy.reading import read_command
from shannot.policy.verdict import Command, decide
from tests.policy.hostile_commands import hostile_commands

RULES = profile_of(
    auto_approve=[
        *("sh", "env", "sudo -n", *(f"tool{number} x" for number in range(200))),
        *({"command": "git log", "without": [f"--no{n}*" for n in range(50)]} for _ in range(50)),
    ],
    always_deny=[
        *(f"rm -rf /srv/{number}/*" for number in range(200)),
        *(f"chmod -R 777 /srv/{number}" for number in range(200)),
        *(f"git push o{number}" for number in range(200)),
        *("a;b", "x|y", "tool --force /*"),
    ],
    ask=["git push", "systemctl", *(f"rm --interactive /srv/{number}" for number in range(200))],
)
CALL_LIMIT = 10 * (CHARACTER_LIMIT + STEP_LIMIT)
SHARE = 48
"""One of so many is tried"""


def calls_of(argv: tuple[str, ...]) -> tuple[int, str]:
    """How many calls judging it makes, and the decision."""
    count = 0

    def observe(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    sys.setprofile(observe)
    try:
        verdict = decide(Command(argv, "/home/u/p"), RULES)
    finally:
        sys.setprofile(None)
    return count, verdict.decision


@pytest.mark.parametrize("share", range(4), ids=str)
def test_no_command_takes_more_calls_than_its_limits_allow(share: int) -> None:
    for number, argv in enumerate(hostile_commands(60_000)):
        if number % SHARE == share * 11:
            calls, decision = calls_of(argv)
            assert calls < CALL_LIMIT, ascii(argv)[:100]
            assert decision != "allow", ascii(argv)[:100]


@pytest.mark.parametrize(
    "argv",
    [
        ("env", *["rm", "-rf", "/x"] * 9_000),
        ("sh", "-c", "a|sh|" * 3_000),
        ("sh", "-c", "cd a;rm -rf x;" * 1_100),
        ("sh", "-c", "A=1;$(a);" * 1_700),
        ("chmod", "u+x,g+x," * 7_000, "/x"),
        ("rm", "-r", "/*" * 8_000),
        ("rm", "-r", "/x/.." * 3_000),
        ("python3", "-c", '\\"' * 30_000),
        ("env", *["{a,b}" * 12] * 100),
        ("sh", "-c", "a" * 60_000),
        ("sh", "-c", "(){" * 20_000),
        ("find", "/x", "-exec", *["dd"] * 20_000),
    ],
    ids=range(12),
)
def test_what_once_took_long_is_judged_within_the_limits(argv: tuple[str, ...]) -> None:
    calls, decision = calls_of(argv)
    assert calls < CALL_LIMIT
    assert decision != "allow"


def test_many_rules_with_many_patterns_are_compared_within_the_limits() -> None:
    calls, _ = calls_of(("git", "log", *(f"--n{number}" for number in range(4_000))))
    assert calls < CALL_LIMIT


def test_the_walks_of_the_review_and_of_explain_end_at_the_same_limits() -> None:
    for argv in (("env", *["rm", "-rf", "/x"] * 9_000), ("sh", "-c", "a|sh|" * 9_000)):
        assert any(danger.kind == "unreadable" for danger in dangers(argv))
        assert read_command(argv).fault


def test_a_long_list_of_files_stays_readable() -> None:
    files = [f"src/module_{number}.py" for number in range(3_000)]
    assert decide(Command(("rm", "-f", *files), "/home/u/p"), profile_of()).decision == "confine"
    assert decide(Command(("rm", "-rf", *files, "/"), "/home/u/p"), RULES).decision == "deny"
    argv = ("sh", "-c", "true; " * 1_500 + "rm -rf /")
    assert decide(Command(argv, "/home/u/p"), RULES).decision == "deny"


def test_the_name_that_a_pattern_stands_for_is_the_worst_one_and_always_the_same() -> None:
    argv = ("sh", "-c", "/bin/r* -rf /")
    assert decide(Command(argv, "/home/u/p"), profile_of()).decision == "deny"


@pytest.mark.parametrize(
    "line",
    [
        *("rm -rf /{etc,usr}{,}", "rm -rf {a,{b,/}}", "{rm,-rf,/} x", 'rm -rf {"a b",/}'),
        *("cd ~; rm -rf .", "cd; rm -rf ../~", "cd $HOME && rm -rf *"),
    ],
)
def test_braces_within_braces_and_a_home_gone_into_are_seen(line: str) -> None:
    assert decide(Command(("bash", "-c", line), "/srv/x"), profile_of()).decision == "deny"


@pytest.mark.parametrize(
    "line",
    [
        *("S=/; rm -rf ${S:-x}", "S=/; rm -rf ${S%x}", "S=x; rm -rf ${S:+/}", "rm -rf ${S:=/}"),
        *("S=/; eval 'rm -rf $S'", "R=rm; eval \"\\$R -rf /\"", "S=; rm -rf ${S:-/}"),
        *("S=/; echo 'rm -rf $S' | sh", "S=/; bash -c 'rm -rf $S'", "S=/; (eval 'rm -rf ${S?}')"),
    ],
)  # fmt: skip
def test_variables_are_followed_into_expansions_and_lines_within_lines(line: str) -> None:
    assert decide(Command(("bash", "-c", line), "/srv/x"), profile_of()).decision == "deny"


def test_a_program_with_many_braces_is_no_list_of_words() -> None:
    argv = ("awk", '{ printf "%s,%s", $1, $2 } ' * 20, "f")
    assert decide(Command(argv, "/srv/x"), profile_of()).decision == "confine"
