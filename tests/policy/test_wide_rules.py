"""Rules that name less than their authors thought must not allow more than they named."""

from __future__ import annotations

import pytest

from shannot.policy.profile import profile_of
from shannot.policy.verdict import Command, decide


def _decision(rule: str, *argv: str) -> str:
    profile = profile_of(auto_approve=[rule], confine=[])
    return decide(Command(argv, "/srv/example"), profile).decision


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("sudo find", "sudo find . -exec id ;"),
        ("sudo journalctl", "sudo journalctl --vacuum-time=1s"),
        ("nice -n 5 sort", "nice -n 5 sort -o x y"),
        ("sudo nice sort", "sudo nice sort --out=x y"),
        ("sudo env", "sudo env id"),
        ("timeout 5 env", "timeout 5 env id"),
    ],
)
def test_a_rule_of_a_wrapper_covers_no_more_than_one_of_the_wrapped_program(
    rule: str, line: str
) -> None:
    assert _decision(rule, *line.split()) == "ask"


def test_a_rule_of_a_wrapper_allows_what_the_wrapped_program_may_do() -> None:
    assert _decision("sudo systemctl status", "sudo", "systemctl", "status", "nginx") == "allow"
    assert _decision("timeout 5 ls", "timeout", "5", "ls", "-l") == "allow"


@pytest.mark.parametrize(
    ("rule", "line"),
    [("timeout 5", "timeout 5 id"), ("sudo -n", "sudo -n id"), ("nice -n 5", "nice -n 5 id")],
)
def test_a_rule_that_ends_before_the_wrapped_command_allows_none(rule: str, line: str) -> None:
    assert _decision(rule, *line.split()) == "ask"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("sed -n", "sed -n 1e f"),
        ("mysql -e", "mysql -e system"),
        ("sqlite3 -readonly", "sqlite3 -readonly f .shell"),
        ("git --no-pager", "git --no-pager push"),
    ],
)
def test_a_rule_of_options_alone_does_not_cover_the_program_in_the_operands(
    rule: str, line: str
) -> None:
    assert _decision(rule, *line.split()) == "ask"
    assert _decision(rule, *rule.split()) == "allow"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("man ls", "man ls -P sh"),
        ("man ls", "man --pager=sh ls"),
        ("ping", "ping -f x"),
        ("dig", "dig -f /etc/hosts"),
        ("split", "split --filter=sh f"),
        ("rpm -qa", "rpm -qa --pipe sh"),
        ("go list", "go list -toolexec sh"),
        ("wget", "wget -O /etc/x y"),
        ("curl", "curl -d @/etc/passwd x"),
        ("tree", "tree -R -L 1 -H ."),
        ("apt list", "apt list -o Dir::Bin::dpkg=/tmp/x"),
        ("ssh-keygen -l", "ssh-keygen -l -D /tmp/x.so"),
        ("zip", "zip -T -TT sh a b"),
        ("ifconfig", "ifconfig eth0 10.0.0.1"),
        ("ip addr", "ip addr a 10.0.0.1 dev eth0"),
        ("ip route", "ip route fl all"),
    ],
)
def test_an_option_that_runs_or_changes_more_must_stand_in_the_rule(rule: str, line: str) -> None:
    assert _decision(rule, *line.split()) == "ask"


def test_showing_addresses_stays_allowed() -> None:
    assert _decision("ip addr", "ip", "addr", "show", "dev", "eth0") == "allow"
    assert _decision("ip addr show", "ip", "addr", "show", "eth0") == "allow"
    assert _decision("dig", "dig", "-x", "10.0.0.1") == "allow"
    assert _decision("ping", "ping", "-c", "1", "x") == "allow"
