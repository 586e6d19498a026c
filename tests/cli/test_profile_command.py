from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest

from shannot.policy.profile import profile_of
from shannot.policy.verdict import Command, decide
from tests.cli.places import Place

PROFILE = """\
{
  "profile": {
    "auto_approve": ["ls", "cat", "grep"],
    "always_deny": ["rm -rf /", "dd if=/dev/zero", "chmod 777"]
  }
}
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    tmp_path.chmod(0o700)
    return Place(tmp_path)


def write(place: Place, name: str, text: str) -> str:
    path = place.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def explained(place: Place, *words: str) -> dict[str, object]:
    result = place.shannot("explain", "--json", *words)
    assert result.returncode == 0, result.stderr
    found: dict[str, object] = json.loads(result.stdout)["result"]
    return found


@pytest.mark.parametrize(
    ("line", "decision"),
    [
        ("ls -la", "allow"),
        ("cat f", "allow"),
        ("catalog", "confine"),  # its shell is; the program itself is decided again
        ("rm --recursive --force /", "deny"),
        ("rm -rf build", "confine"),
        ("dd of=f if=//dev/zero", "deny"),
        ("dd if=f of=g", "confine"),
        ("chmod -R 0777 f", "deny"),
        ("chmod a=rwx f", "deny"),
        ("chmod 755 f", "confine"),
        ("ls; chmod 777 f", "deny"),
        ("ls; id", "confine"),
    ],
)
def test_a_json_profile_behaves_as_its_author_meant(place: Place, line: str, decision: str) -> None:
    profile = write(place, "p.json", PROFILE)
    found = explained(place, "--profile", profile, "--shell", "--", line)
    assert found["decision"] == decision


def test_an_explanation_says_rule_place_reading_and_what_would_change_it(place: Place) -> None:
    profile = write(
        place,
        "p.toml",
        'auto_approve = ["systemctl status"]\n'
        'always_deny = [\n  { command = "git push", reason = "Not from here" },\n]\n',
    )
    found = explained(place, "--profile", profile, "--", "timeout", "-k", "1", "5", "git", "push")
    assert (found["decision"], found["rule"]) == ("deny", "git push")
    assert (found["where"], found["reason"]) == (f"{profile}:3", "Not from here.")
    assert found["read"] == [
        {"words": ["timeout", "-k", "1", "5", "git", "push"], "wrapper": "", "depth": 0,
         "guess": False, "decision": None, "rule": None},
        {"words": ["git", "push"], "wrapper": "timeout", "depth": 0, "guess": False,
         "decision": None, "rule": None},
    ]  # fmt: skip
    (change,) = found["changes"]  # type: ignore[misc]
    assert (change["action"], change["list"], change["entry"]) == (
        *("remove", "always_deny", "git push"),
    )
    text = place.shannot("explain", "--profile", profile, "--shell", "--", "cat < f | sort -o g")
    assert b"decision   confine" in text.stdout
    assert b"sort -o g" in text.stdout
    assert b"no rule makes it allow" in text.stdout


def test_what_is_advised_does_what_it_says(place: Place) -> None:
    words = ["systemctl", "restart", "my app"]
    found = explained(place, "--", *words)
    for change in found["changes"]:  # type: ignore[attr-defined]
        assert change["action"] == "add"
        text = json.dumps({change["list"]: [change["entry"]]})
        changed = explained(place, "--profile", write(place, "q.json", text), "--", *words)
        assert changed["decision"] == change["decision"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{\n "auto_approve": ["ls"],\n "always_dney": []\n}', 3, 'unknown key "always_dney"'),
        ('{\n "auto_approve": [\n  "ls",\n  7\n ]\n}', 4, "a list of strings and tables"),
        ('{\n "auto_approve": [\n  "ls",\n  "*"\n ]\n}', 4, "would allow everything"),
        ('{\n "auto_approve": ["ls"],\n "auto_approve": []\n}', 3, "given twice"),
        (
            '{"ask": [{\n "command": "git push",\n "not_match": [\n  "ls",\n  "git push x"]}]}',
            *(5, "not_match: it is ask"),
        ),
        ('{"confine": [{\n "command": "ls",\n "env": ["A"]}]}', 3, "does not belong"),
    ],
)
def test_a_wrong_profile_is_named_with_file_and_line_and_nothing_runs(
    place: Place, text: str, line: int, message: str
) -> None:
    path = write(place, "p.json", text)
    for words in (("profile", "check", path), ("run", "--profile", path, "-c", "print(1)")):
        result = place.shannot(*words)
        assert (result.returncode, result.stdout) == (2, b"")
        assert result.stderr.decode().startswith(f"shannot: {path}:{line}: ")
        assert message in result.stderr.decode()


def test_a_profile_that_others_can_write_is_refused(place: Place) -> None:
    path = write(place, "p.json", PROFILE)
    Path(path).chmod(0o666)
    result = place.shannot("run", "--profile", path, "-c", "print(1)")
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"other users can write it" in result.stderr


def test_profiles_are_listed_with_the_one_that_holds(place: Place) -> None:
    write(place, ".config/shannot/config.toml", 'profile = "mine"\n[profiles.mine]\nask = ["x"]\n')
    listed = json.loads(place.shannot("profile", "list", "--json").stdout)["result"]["profiles"]
    assert [item["name"] for item in listed if item["chosen"]] == ["mine"]
    names = {item["name"] for item in listed}
    assert names >= {"default", "minimal", "readonly", "diagnostics", "project", "ops", "mine"}
    assert b"x  (" in place.shannot("profile", "show").stdout
    for name in names:
        assert place.shannot("profile", "show", name).returncode == 0
    assert place.shannot("profile", "show", "none").returncode == 2
    assert explained(place, "--", "ls")["profile"] == "mine"


def test_an_unknown_profile_is_named_with_the_line_that_chose_it(place: Place) -> None:
    path = write(place, ".config/shannot/config.toml", '\nprofile = "none"\n')
    result = place.shannot("explain", "--", "ls")
    assert result.returncode == 2
    assert result.stderr.decode().startswith(f"shannot: {path}:2: no profile named 'none'")


def test_what_is_suggested_allows_what_ran_and_nothing_more(place: Place) -> None:
    session = place.session(
        commands=(
            ("systemctl", "reload", "my app"),
            ("sudo", "id"),
            ("systemctl", "reload", "my app"),
        )
    )
    result = place.shannot("profile", "suggest", session)
    assert result.returncode == 0
    rules = tomllib.loads(result.stdout.decode())["auto_approve"]
    assert [rule["command"] for rule in rules] == ["systemctl reload 'my app'"]
    assert b"no rule for sudo id" in result.stderr
    profile = write(place, "s.toml", result.stdout.decode())
    where = rules[0]["cwd"]
    Path(where).mkdir(exist_ok=True, parents=True)
    assert place.shannot("profile", "check", profile).returncode == 0

    def decision(directory: str, *words: str) -> object:
        done = place.shannot("explain", "--json", "--profile", profile, "--", *words,
                             cwd=Path(directory))  # fmt: skip
        return json.loads(done.stdout)["result"]["decision"]

    assert decision(where, "systemctl", "reload", "my app") == "allow"
    assert decision(where, "systemctl", "reload", "my app", "other") == "ask"
    assert decision(where, "systemctl", "reload", "my app", "--now") == "ask"
    assert decision(str(place.home), "systemctl", "reload", "my app") == "ask"


def test_execute_refuses_what_became_denied(place: Place) -> None:
    session = place.session(commands=(("systemctl", "reload", "app"),))
    write(place, ".config/shannot/config.toml", '[profile]\nalways_deny = ["systemctl reload"]\n')
    result = place.shannot("approve", session, "--yes", "--execute")
    assert result.returncode == 126
    assert b"is denied by now" in result.stderr
    assert (place.project / "app.conf").read_bytes() == b"port = 80\n"


def test_the_list_says_how_much_attention_a_session_needs(place: Place) -> None:
    place.session()
    place.session(commands=(("systemctl", "reload", "app"),))
    place.session(commands=(("sudo", "id"),))
    listed = json.loads(place.shannot("list", "--json").stdout)["result"]["sessions"]
    assert sorted(item["danger"] for item in listed) == ["danger", "none", "notice"]


def test_what_a_confined_shell_starts_is_explained_as_it_will_be_decided(place: Place) -> None:
    profile = write(place, "p.toml", "auto_approve = ['id']\nconfine = ['sh', 'dash', 'cat']\n")
    found = explained(place, "--profile", profile, "--shell", "--", "id; cat f; wall x")
    assert found["decision"] == "confine"
    parts = [(part["words"][0], part["decision"]) for part in found["read"]]  # type: ignore[attr-defined]
    assert parts[1:] == [("id", "allow"), ("cat", "confine"), ("wall", "ask")]
    text = place.shannot("explain", "--profile", profile, "--shell", "--", "id; cat f").stdout
    assert b"id  (when it starts: allow, rule id)" in text


def test_the_script_s_own_interpreter_is_explained_as_the_run_takes_it(place: Place) -> None:
    profile = write(place, "none.toml", "confine = []\n")
    code = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'print(5)']))"
    run = place.shannot("run", "--profile", profile, "-c", code)
    assert b"5" in run.stdout.split()
    found = explained(place, "--profile", profile, "--", sys.executable, "-c", "print(5)")
    assert (found["decision"], found["rule"]) == ("confine", "")
    assert explained(place, "--profile", profile, "--", "perl", "x")["decision"] == "ask"


def test_rules_that_allow_nothing_are_named_when_a_file_is_checked(place: Place) -> None:
    rules = 'auto_approve = [\n"sudo",\n"git status",\n{command = "git log", cwd = "/x"},\n"df"]\n'
    path = write(place, "p.toml", rules)
    result = place.shannot("profile", "check", path)
    assert (result.returncode, result.stdout) == (
        0,
        f"{path}: 4 rules, all right\n".encode(),
    )
    first, second = result.stderr.decode().splitlines()
    assert f"{path}:2: sudo allows nothing: " in first
    assert f"{path}:3: git status allows nothing: " in second


def test_a_project_s_limit_above_the_one_that_holds_is_told_and_changes_nothing(
    place: Place,
) -> None:
    write(place, "project/.shannot/config.toml", "[limits]\ntimeout = 100000\n")
    result = place.shannot("run", "-c", "pass")
    assert result.returncode == 0
    assert b"limit of timeout is above the one that holds here" in result.stderr


def test_nothing_wider_than_what_ran_and_no_secret_is_suggested(place: Place) -> None:
    none = write(place, "none.toml", "confine = []\n")
    asked = [
        *(["expr", "a*b"], ["expr", "it's"], ["expr", 'q"x'], ["expr", "new\nline"], ["expr", "~"]),
        *(
            ["expr", "$HOME"],
            ["expr", "\x1b[2K"],
            ["expr", "\u202ey"],
            ["expr", ""],
            ["expr", "a;b"],
        ),
        *(["expr", "]\nauto_approve=['rm']"], ["expr", '"] }, "rm'], ["expr", "--", "x "]),
        *(["expr", "a'b\"c"], ["env", "PASSWORD=hunter2", "true"], ["expr", "--token", "hunter2"]),
        *(["expr"], ["expr", "a\\b"], ["sh", "-c", "expr 'x y'"], ["sh", "-c", "expr x | cat"]),
    ]
    code = f"import subprocess\nfor words in {asked!r}: subprocess.run(words)"
    run = json.loads(place.shannot("run", "--json", "--profile", none, "-c", code).stdout)
    result = place.shannot("profile", "suggest", run["result"]["session"])
    assert b"hunter2" not in result.stdout + result.stderr
    rules = tomllib.loads(result.stdout.decode())["auto_approve"]
    profile = profile_of(auto_approve=rules, confine=[])
    here = str(place.project)
    ran = [*map(tuple, asked), ("expr", "x y")]
    allowed = {words for words in ran if decide(Command(words, here), profile).decision == "allow"}
    assert {("expr", "it's"), ("expr", "~"), ("expr", "a*b"), ("expr", "x y")} <= allowed
    for words in allowed:
        wider = [(*words, "x"), (*words, "-x"), (*words, "--"), (*words, "")]
        wider += [(*words[:at], "other", *words[at + 1 :]) for at in range(1, len(words))]
        wider += [words[:-1], tuple(word.replace("*", "x") for word in words)]
        for other in wider:
            if other and other not in ran:
                assert decide(Command(other, here), profile).decision == "ask", other
        assert decide(Command(words, "/"), profile).decision == "ask"


def test_no_rule_is_suggested_for_a_program_that_was_started_by_another_s_name(
    place: Place,
) -> None:
    none = write(place, "none.toml", "confine = []\n")
    code = (
        "import subprocess\n"
        "subprocess.run(['touch', 'x'], executable='/usr/bin/env')\n"
        "subprocess.run(['touch', 'y'])"
    )
    run = json.loads(place.shannot("run", "--json", "--profile", none, "-c", code).stdout)
    result = place.shannot("profile", "suggest", run["result"]["session"])
    rules = tomllib.loads(result.stdout.decode())["auto_approve"]
    assert [rule["command"] for rule in rules] == ["touch y"]
    assert b"/env was started." in result.stderr
