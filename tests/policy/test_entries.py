from __future__ import annotations

import pytest

from shannot.errors import UsageError
from shannot.policy.builtin import PROFILES
from shannot.policy.entries import Fixed, read_entry
from shannot.policy.profile import Profile, profile_of
from shannot.policy.self_check import check_examples
from shannot.policy.verdict import Command, decide
from shannot.workflows.profiles import built_in

FULL = {
    "command": "journalctl",
    "without": ["--vacuum*", "-f"],
    "env": ["SYSTEMD_COLORS"],
    "cwd": "/srv/*",
    "match": ["journalctl -u x"],
    "not_match": ["journalctl --vacuum-time=1s", "systemctl"],
    "reason": "Reading the log is fine",
}


def decision(profile: Profile, line: str, directory: str = "/srv/app") -> str:
    return decide(Command(tuple(line.split()), directory), profile).decision


def test_a_table_says_what_a_rule_covers() -> None:
    profile = profile_of(auto_approve=[FULL], confine=[])
    check_examples(profile)
    verdict = decide(Command(("journalctl", "-u", "x"), "/srv/app"), profile)
    assert (verdict.decision, verdict.rule) == ("allow", "journalctl")
    assert verdict.reason == "Reading the log is fine."
    assert verdict.environment == ("SYSTEMD_COLORS",)
    for line in ("journalctl --vacuum-time=1s", "journalctl --vac", "journalctl -u x -f"):
        assert decision(profile, line) == "ask"
    assert decision(profile, "journalctl", "/etc") == "ask"
    assert decision(profile, "journalctl", "/srv") == "allow"
    assert decision(profile, "journalctl", "/srvx") == "ask"


def test_a_later_rule_may_allow_what_an_earlier_one_does_not_cover() -> None:
    profile = profile_of(auto_approve=[{"command": "tool", "without": ["-x"]}, "tool -x"])
    assert decision(profile, "tool -x y") == "allow"
    assert decision(profile, "tool -y -x") == "ask"


def test_what_narrows_a_rule_narrows_what_is_confined_too() -> None:
    profile = profile_of(confine=[{"command": "tool", "without": ["--force"], "cwd": "/srv"}])
    assert decision(profile, "tool a", "/srv") == "confine"
    assert decision(profile, "tool --force", "/srv") == "ask"
    assert decision(profile, "tool a", "/srv/app") == "ask"


def test_an_empty_list_means_none() -> None:
    nothing = profile_of(auto_approve=[], always_deny=[], ask=[], confine=[])
    assert decision(nothing, "ls") == "ask"
    assert decision(Profile(), "ls") == "confine"
    assert decision(nothing, "rm -rf /") == "deny"


def test_a_denial_gives_its_author_s_reason_and_place() -> None:
    entry = Fixed({"command": "git push", "reason": "Not from here"}, "f.toml:3")
    rule = read_entry(entry, "always_deny")
    profile = Profile(always_deny={rule.name: (rule,)})
    verdict = decide(Command(("sudo", "git", "-C", "x", "push")), profile)
    assert (verdict.decision, verdict.rule, verdict.where) == ("deny", "git push", "f.toml:3")
    assert verdict.reason == "Not from here."


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("auto_approve", {"comand": "ls"}, 'unknown key "comand"'),
        ("auto_approve", {}, 'a rule needs a "command"'),
        ("auto_approve", {"command": 3}, "command must be a string"),
        ("auto_approve", {"command": "*"}, "would allow everything"),
        ("auto_approve", {"command": "ls", "without": "-x"}, "without must be a list of strings"),
        ("auto_approve", {"command": "ls", "without": ["a*b"]}, "without: a pattern is"),
        ("auto_approve", {"command": "ls", "without": ["--"]}, "without: a pattern names"),
        ("auto_approve", {"command": "ls", "env": ["LD_PRELOAD"]}, "no name that a script may set"),
        ("auto_approve", {"command": "ls", "env": ["GIT_DIR"]}, "no name that a script may set"),
        ("auto_approve", {"command": "ls", "cwd": "src"}, "expected an absolute directory"),
        ("auto_approve", {"command": "ls", "cwd": "/a/../b"}, "expected an absolute directory"),
        ("auto_approve", {"command": "ls", "reason": "x" * 500}, "reason: expected one line"),
        ("auto_approve", {"command": "ls", "match": [3]}, "match must be a list of strings"),
        ("auto_approve", 3, "a string or a table"),
        ("auto_approve", "l*", "no ~, $, or pattern"),
        ("auto_approve", "cat *.log", "a pattern in a rule"),
        ("auto_approve", "cat ~/x", "no ~, $, or pattern"),
        ("always_deny", "mkfs*", "not a pattern"),
        ("always_deny", "cat a*b", "a pattern in a rule"),
        # What narrows a denial would be a way around it.
        ("always_deny", {"command": "ls", "without": ["-x"]}, "does not belong to"),
        ("always_deny", {"command": "ls", "cwd": "/"}, "does not belong to"),
        ("ask", {"command": "ls", "env": ["A"]}, "does not belong to"),
        ("confine", {"command": "ls", "env": ["A"]}, "does not belong to"),
    ],
)
def test_a_wrong_entry_is_an_error_that_says_where(key: str, value: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_entry(Fixed(value, "file:7"), key)
    assert str(caught.value).startswith("file:7: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_star_after_a_command_is_what_its_author_meant() -> None:
    profile = profile_of(always_deny=["curl *"], auto_approve=["ls *"])
    assert decision(profile, "curl x") == "deny"
    assert decision(profile, "curl") == "deny"
    assert decision(profile, "ls -l") == "allow"


@pytest.mark.parametrize(
    ("key", "table", "message"),
    [
        ("auto_approve", {"command": "ls", "match": ["ls; id"]}, "match: it is ask"),
        ("auto_approve", {"command": "ls", "not_match": ["ls -l"]}, "not_match: it is allow"),
        ("auto_approve", {"command": "sort", "match": ["sort -o f"]}, "match: it is ask"),
        ("always_deny", {"command": "git push", "match": ["git log"]}, "match: it is"),
        ("always_deny", {"command": "git push", "not_match": ["x; git push"]}, "not_match: it is"),
        ("confine", {"command": "tool", "match": ["other"]}, "match: it is ask"),
        ("ask", {"command": "tool", "not_match": ["tool x"]}, "not_match: it is ask"),
    ],
)
def test_an_example_that_is_not_as_its_rule_says_is_an_error(
    key: str, table: dict[str, object], message: str
) -> None:
    profile = profile_of(where="file:7", **{key: [table]})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=f"^file:7: {key}: {message}"):
        check_examples(profile)


@pytest.mark.parametrize("name", PROFILES)
def test_the_built_in_profiles_hold_their_own_examples(name: str) -> None:
    check_examples(built_in(name))


@pytest.mark.parametrize("name", PROFILES)
def test_no_built_in_profile_lets_the_host_read_a_file_that_a_script_names(name: str) -> None:
    secret = "/root/.ssh/id_rsa"
    for line in (
        *("cat", "head", "tail", "grep x", "strings", "od", "base64", "diff /dev/null", "sort"),
        *("date -f", "last -f", "findmnt -F", "journalctl -D", "dmesg -F", "ss -F", "who", "w"),
        *("sh", "python3", "find", "git log", "git diff --no-index", "sysctl -f", "hostname -F"),
    ):
        words = (*line.split(), secret)
        assert decide(Command(words), built_in(name)).decision != "allow", words
