from __future__ import annotations

import pytest

from shannot.errors import UsageError
from shannot.policy.budget import Budget
from shannot.policy.entries import Fixed
from shannot.policy.matching import Subject, holds
from shannot.policy.paths import Paths, tidy
from shannot.policy.profile import build_profile, profile_of
from shannot.policy.rules import parse_rule, starts_with
from shannot.policy.verdict import Command, decide


def test_a_rule_is_compared_word_by_word() -> None:
    rule = parse_rule("systemctl status")
    assert starts_with(rule, ("systemctl", "status", "nginx"))
    assert not starts_with(rule, ("systemctl", "status-all"))
    assert not starts_with(rule, ("systemctl",))


@pytest.mark.parametrize("text", ["", " ", "FOO=1 ls", "ls; id", "./ls", "ls\u200b", "x" * 2_000])
def test_a_rule_that_names_no_plain_command_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rule(text)


def test_a_wrong_rule_is_an_error_that_says_where_it_stands() -> None:
    with pytest.raises(UsageError, match=r"config\.toml:3: auto_approve: a rule begins"):
        build_profile(auto_approve=[Fixed("A=1 ls", "config.toml:3")])
    with pytest.raises(UsageError, match="would allow everything"):
        profile_of(auto_approve=["*"])


@pytest.mark.parametrize(
    ("rule", "argv", "expected"),
    [
        ("rm -rf /", "rm -r -f /", True),
        ("rm -rf /", "rm / --recursive --force", True),
        ("rm -rf /", "rm -rf a // b", True),
        ("rm -rf /", "rm -r /", False),
        ("rm -rf /data", "rm -rf /data/sub", False),
        ("dd if=/dev/zero", "dd of=x if=/dev/zero", True),
        ("git push", "git -C x push", True),
        ("git push", "git commit push", False),
        ("find -delete", "find . -delete", True),
        ("chmod 777", "chmod 0777 f", True),
        ("chmod 777", "chmod -R a+rwx f", True),
        ("chmod 777", "chmod u=rwx,go=rwx f", True),
        ("chmod 777", "chmod 1777 f", True),
        ("chmod 777", "chmod 755 f", False),
        ("chmod 777", "chmod 755 777", False),
        ("chmod u+x", "chmod 0100 f", True),
        ("dd if=/dev/zero", "dd if=//dev/./zero of=x", True),
        ("systemctl stop sshd", "systemctl stop nginx sshd.service", True),
        ("systemctl stop sshd", "systemctl status sshd", False),
        ("pip install --user", "pip install --user x", True),
    ],
)
def test_a_denial_matches_in_any_order_and_spelling(rule: str, argv: str, expected: bool) -> None:
    words = argv.split()
    subject = Subject(words[0], words[1:], "/", Paths(Budget()))
    assert holds(subject, parse_rule(rule).wanted) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("//", "/"), ("/.", "/"), ("/a/..", "/"), ("/*", "/"), ("/etc/*", "/etc"), ("a/./b", "a/b")],
)
def test_paths_are_compared_by_what_they_name(path: str, expected: str) -> None:
    assert tidy(path) == expected


def test_time_is_a_program_and_other_words_of_the_shell_are_named_as_such() -> None:
    assert parse_rule("time ls", exact=True).words == ("time", "ls")
    assert parse_rule("time -p").words == ("time", "-p")
    for word in ("if", "while", "coproc"):
        with pytest.raises(ValueError, match=f"`{word}` is a word of the shell, not a program"):
            parse_rule(f"{word} x", exact=True)


@pytest.mark.parametrize("line", ["time ls", "time -p ls", "time { ls; }", "coproc x ls"])
def test_what_is_denied_is_found_behind_a_word_of_the_shell(line: str) -> None:
    for rule in ("ls", line.split(maxsplit=1)[0]) if line[0] == "t" else ("ls",):
        profile = profile_of(always_deny=[rule])
        assert decide(Command(("bash", "-c", line)), profile).decision == "deny"
