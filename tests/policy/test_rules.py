from __future__ import annotations

import pytest

from shannot.errors import UsageError
from shannot.policy.budget import Budget
from shannot.policy.entries import Fixed
from shannot.policy.matching import Subject, holds
from shannot.policy.paths import Paths, tidy
from shannot.policy.profile import build_profile, profile_of
from shannot.policy.rules import parse_rule, starts_with


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
