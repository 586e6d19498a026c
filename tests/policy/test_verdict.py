from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shannot.policy.profile import Profile, profile_of
from shannot.policy.verdict import Command, confinable, decide


def decision(argv: tuple[str, ...], profile: Profile, **more: str) -> str:
    return decide(Command(argv, **more), profile).decision


def test_strictest_wins_whatever_the_order() -> None:
    words = ["tool"]
    everything = {"auto_approve": words, "confine": words, "ask": words, "always_deny": words}
    for key, expected in (
        ("always_deny", "deny"),
        ("ask", "ask"),
        ("confine", "confine"),
        ("auto_approve", "allow"),
    ):
        assert decision(("tool",), profile_of(**everything)) == expected
        del everything[key]
    assert decision(("tool",), profile_of(**everything)) == "ask"


def test_an_allow_rule_of_the_profile_outweighs_the_built_in_list() -> None:
    assert decision(("ls",), profile_of(auto_approve=["ls"])) == "allow"
    assert decision(("ls",), profile_of()) == "confine"
    assert decision(("ls",), profile_of(auto_approve=["ls"], confine=["ls"])) == "confine"


def test_a_star_confines_what_nothing_stricter_names() -> None:
    profile = profile_of(confine=["*"], ask=["systemctl"], always_deny=["curl"])
    assert decision(("anything",), profile) == "confine"
    assert decision(("systemctl", "stop", "x"), profile) == "ask"
    assert decision(("curl", "x"), profile) == "deny"


def test_a_program_of_the_overlay_is_never_allowed() -> None:
    profile = profile_of(auto_approve=["ls", "tool"])
    assert decide(Command(("ls",), in_overlay=True), profile).decision == "confine"
    assert decide(Command(("tool",), in_overlay=True), profile).decision == "ask"


def test_a_name_that_lies_about_the_program_is_found_out() -> None:
    command = Command(("echo", "-rf", "/"), executable="/usr/bin/rm")
    assert decide(command, Profile()).decision == "deny"
    command = Command(("echo", "-c", "rm -rf /"), executable="/usr/bin/dash")
    assert decide(command, Profile()).decision == "deny"


def test_a_shell_is_confined_though_what_it_starts_would_be_asked() -> None:
    assert decision(("sh", "-c", "systemctl restart x"), Profile()) == "confine"


def test_a_shell_that_a_rule_asks_about_is_asked_even_for_an_allowed_line() -> None:
    assert decision(("sh", "-c", "ls"), profile_of(ask=["sh"], auto_approve=["ls"])) == "ask"


def test_a_shell_of_an_untrusted_place_is_not_taken_for_the_system_s() -> None:
    profile = profile_of(auto_approve=["ls"])
    assert decision(("/tmp/evil/sh", "-c", "ls"), profile) == "confine"


def test_denials_of_the_profile_are_found_in_wrappers_and_other_spellings() -> None:
    profile = profile_of(always_deny=["systemctl stop", "curl", "git push --force"])
    for argv in (
        ("systemctl", "--no-block", "stop", "x"),
        ("systemctl", "-H", "host", "stop", "x"),
        ("sudo", "systemctl", "stop", "x"),
        ("sh", "-c", "true; /usr/bin/curl x"),
        ("env", "curl", "x"),
        ("git", "push", "origin", "--force"),
    ):
        assert decision(argv, profile) == "deny", argv
    for argv in (("systemctl", "status", "stop"), ("git", "push"), ("git", "commit", "-m", "curl")):
        assert decision(argv, profile) != "deny", argv


def test_denied_shell_syntax_is_compared_without_blanks() -> None:
    profile = profile_of(always_deny=["while true; do x & done"])
    assert decision(("sh", "-c", "while true;  do x& done"), profile) == "deny"


def test_an_allowed_wrapper_does_not_start_what_is_asked_about() -> None:
    profile = profile_of(auto_approve=["sudo -n git push", "sudo -n id"], ask=["git push"])
    assert decision(("sudo", "-n", "git", "push"), profile) == "ask"
    assert decision(("sudo", "-n", "id"), profile) == "allow"


def test_a_rule_with_the_option_covers_what_the_bare_name_does_not() -> None:
    assert decision(("date", "-s", "x"), profile_of(auto_approve=["date"])) == "confine"
    assert decision(("date", "-s", "x"), profile_of(auto_approve=["date -s"])) == "allow"
    assert decision(("sort", "-ro", "f"), profile_of(auto_approve=["sort"])) == "confine"
    assert decision(("sort", "--out=f"), profile_of(auto_approve=["sort"])) == "confine"
    assert decision(("sort", "-r", "f"), profile_of(auto_approve=["sort"])) == "allow"


def test_an_exact_path_in_a_rule_is_that_path_only() -> None:
    profile = profile_of(auto_approve=["/opt/tool/run"])
    assert decision(("/opt/tool/run", "x"), profile) == "allow"
    assert decision(("run", "x"), profile) == "ask"
    assert decision(("/opt/other/run",), profile) == "ask"


def test_nothing_without_a_name_runs() -> None:
    for argv in ((), ("",), ("ls", "a\0b")):
        assert decision(argv, profile_of(auto_approve=["ls"], confine=["*"])) == "deny"


@pytest.mark.parametrize(
    "word", ["python3", "python3.11", "pypy3", "perl5.36.0", "lua5.4", "gcc-12"]
)
def test_a_denial_or_question_may_name_a_program_with_its_version(word: str) -> None:
    denying, asking = profile_of(always_deny=[f"{word} -c"]), profile_of(ask=[f"{word} -c"])
    for argv in ((word, "-c", "x"), (f"/usr/bin/{word}", "-c", "x")):
        assert decide(Command(argv), denying).decision == "deny"
        assert decide(Command(argv), asking).decision == "ask"
    assert decide(Command(("sh", "-c", f"sudo {word} -c x")), denying).decision == "deny"
    allowing = profile_of(auto_approve=[f"sudo {word}"], ask=[f"{word} -c"])
    assert decide(Command(("sudo", word, "-c", "x")), allowing).decision == "ask"


def test_what_denies_one_version_denies_every_spelling_of_the_program() -> None:
    profile = profile_of(always_deny=["python3"])
    for word in ("python", "python3", "python3.11", "/usr/local/bin/python3.13"):
        assert decide(Command((word, "x.py")), profile).decision == "deny"
    linked = Command(("/x/run", "x.py"), executable="/usr/bin/python3.11")
    assert decide(linked, profile).decision == "deny"


@pytest.mark.parametrize(
    "word",
    ["perl5.36.0", "ruby3.1", "lua5.4", "php8.2", "tclsh8.6", "node18", "bash-static", "vim-9"],
)
def test_no_interpreter_is_allowed_by_its_name_with_a_version(word: str) -> None:
    verdict = decide(Command((word, "-c", "x")), profile_of(auto_approve=[word], confine=()))
    assert verdict.decision == "ask"


def test_python_by_any_version_is_python() -> None:
    assert confinable(Command(("/x/bin/python3.11", "s.py")), Profile()) != ""


def test_every_reason_is_one_sentence() -> None:
    profile = profile_of(auto_approve=["ls"], confine=["c"], ask=["a"], always_deny=["d"])
    commands = [("ls",), ("c",), ("a",), ("d",), ("x",), ("rm", "-rf", "/"), ("sh", "-c", "'")]
    for argv in commands:
        reason = decide(Command(argv), profile).reason
        assert reason.endswith(".")
        assert "\n" not in reason
        assert reason.isprintable()


words = st.text(alphabet="lscat -'\"\\;&|<>$`(){}*?[]~#!=\n\r\t/.\u00a0\u200ba1", max_size=40)


@given(words)
@settings(max_examples=300, deadline=None)
def test_a_line_that_is_allowed_means_the_same_words_to_a_shell(line: str) -> None:
    import shlex

    verdict = decide(Command(("sh", "-c", line)), profile_of(auto_approve=["ls", "cat"]))
    if verdict.decision == "allow":
        assert tuple(shlex.split(line)) == verdict.argv
        assert verdict.argv[0] in ("ls", "cat")


@given(st.lists(words, max_size=6))
@settings(max_examples=300, deadline=None)
def test_any_words_get_a_verdict(argv: list[str]) -> None:
    decide(Command(tuple(argv)), profile_of(auto_approve=["ls"], confine=["*"]))
    decide(Command(("sh", "-c", " ".join(argv))), Profile())
