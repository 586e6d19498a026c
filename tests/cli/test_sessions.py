from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.places import NEW, OLD, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def untouched(place: Place) -> bool:
    return (place.project / "app.conf").read_bytes() == OLD and (
        place.project / "left\u202eover"
    ).exists()


def executed(place: Place) -> bool:
    return (place.project / "app.conf").read_bytes() == NEW and not (
        place.project / "left\u202eover"
    ).exists()


def test_list_names_every_session(place: Place) -> None:
    first, second = place.session(), place.session()
    result = place.shannot("list")
    assert result.returncode == 0
    lines = result.stdout.decode().splitlines()
    assert {line.split()[0] for line in lines[1:]} == {first, second}
    assert "pending" in lines[1]


def test_an_empty_list_says_so(place: Place) -> None:
    result = place.shannot("list")
    assert (result.returncode, result.stdout) == (0, b"")
    assert b"no session" in result.stderr


def test_show_is_whole_and_escaped(place: Place) -> None:
    session = place.session()
    result = place.shannot("show", session[:17])
    text = result.stdout.decode()
    assert result.returncode == 0
    assert "write     " in text
    assert "delete    " in text
    assert "left\\u202eover" in text
    assert "-port = 80" in text
    assert "+port = 81\\x1b[31m" in text
    assert all(line.isprintable() for line in text.split("\n"))
    assert f"next: shannot approve {session}" in result.stderr.decode()


def test_show_tells_what_a_command_is_given_to_read(place: Place) -> None:
    session = place.session((("crontab", "-"),))
    assert "      | rm -rf \\x1b[8mx\n" in place.shannot("show", session).stdout.decode()
    document = json.loads(place.shannot("show", "--json", session).stdout)
    assert document["result"]["effects"][2]["stdin"] == {"text": "rm -rf \x1b[8mx\n"}


def test_show_prints_script_and_output_as_they_were(place: Place) -> None:
    session = place.session()
    assert place.shannot("show", session, "--script").stdout == b"print('out')"
    assert place.shannot("show", session, "--stdout").stdout == b"out\x1b[2J\n"


def test_diff_prints_the_diffs_alone(place: Place) -> None:
    text = place.shannot("diff", place.session()).stdout.decode()
    assert text.startswith(f"--- {place.project}/app.conf\n+++ ")
    assert "+port = 81\\x1b[31m\n" in text


def test_a_session_that_is_not_there_is_named(place: Place) -> None:
    place.session()
    for command in ("show", "diff", "approve", "reject", "execute"):
        result = place.shannot(command, "20990101")
        assert result.returncode == 127
        assert re.fullmatch(rb"shannot: there is no session 20990101.*\n", result.stderr)


def test_approving_without_a_terminal_is_refused(place: Place) -> None:
    session = place.session()
    result = place.shannot("approve", session, "--execute", stdin=b"y\n")
    assert result.returncode == 126
    assert b"needs a person at a terminal" in result.stderr
    assert untouched(place)


def test_a_person_sees_the_whole_plan_and_says_yes(place: Place) -> None:
    session = place.session()
    status, shown = place.at_terminal("approve", session, "--execute", keys=b"y\n")
    assert status == 0, shown
    assert "+port = 81\\x1b[31m" in shown
    assert "left\\u202eover" in shown
    assert executed(place)
    assert json.loads(place.shannot("show", "--json", session).stdout)["result"]["state"] == (
        "executed"
    )


def test_the_answer_comes_from_the_terminal_and_not_from_stdin(place: Place) -> None:
    session = place.session()
    status, shown = place.at_terminal("approve", session, keys=b"yes\n", stdin_is_null=True)
    assert status == 0, shown
    assert untouched(place)


@pytest.mark.parametrize("keys", [b"\n", b"n\n", b"yy\n", b"\x04"])
def test_anything_but_yes_is_a_no(place: Place, keys: bytes) -> None:
    session = place.session()
    status, shown = place.at_terminal("approve", session, "--execute", keys=keys)
    assert status == 1, shown
    assert "not approved" in shown
    assert untouched(place)


def test_interrupting_the_question_is_no_approval(place: Place) -> None:
    session = place.session()
    status, shown = place.at_terminal("approve", session, "--execute", keys=b"\x03")
    assert status == 130
    assert "Traceback" not in shown
    assert untouched(place)


def test_yes_approves_and_execute_does_it(place: Place) -> None:
    session = place.session()
    approved = place.shannot("approve", session, "--yes")
    assert approved.returncode == 0
    assert "+port = 81\\x1b[31m" in approved.stdout.decode()
    assert untouched(place)
    done = place.shannot("execute", "--session-id", session)
    assert done.returncode == 0, done.stderr
    assert executed(place)
    again = place.shannot("execute", session)
    assert again.returncode == 1
    assert b"executed" in again.stderr


def test_several_sessions_are_approved_and_executed_one_after_the_other(place: Place) -> None:
    first, second = place.session(), place.session()
    status, shown = place.at_terminal("approve", first, second, keys=b"y\n")
    assert status == 0, shown
    states = [
        json.loads(place.shannot("show", "--json", i).stdout)["result"] for i in (first, second)
    ]
    assert [state["state"] for state in states] == ["approved", "approved"]
    assert states[0]["history"][0]["person"]["uid"] == os.getuid()
    assert (
        b"--effects chooses in one"
        in place.shannot("approve", first, second, "--effects", "1").stderr
    )
    assert b"named twice" in place.shannot("approve", first, first, "--yes").stderr


def test_an_approval_that_is_too_old_is_not_executed(place: Place) -> None:
    config = place.home / ".config" / "shannot"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("[sessions]\nexpire = 1\n")
    session = place.session()
    assert place.shannot("approve", session, "--yes").returncode == 0
    time.sleep(1.1)
    result = place.shannot("execute", session)
    assert result.returncode == 126
    assert b"has expired" in result.stderr
    assert untouched(place)


@pytest.mark.parametrize("verb", ["execute", "approve"])
def test_a_command_cannot_be_both_repeated_and_left_out(place: Place, verb: str) -> None:
    session = place.session()
    refused = place.shannot(verb, session, "--redo", "--skip")
    assert refused.returncode == 2
    assert b"not allowed with" in refused.stderr


def test_of_an_approval_that_is_too_old_the_next_step_is_another_one(place: Place) -> None:
    session = place.session()
    place.shannot("approve", session, "--yes")
    head = place.state / "shannot/sessions" / session / "session.json"
    document = json.loads(head.read_bytes())
    document["decision"]["expires"] = 1
    head.write_text(json.dumps(document))
    shown = place.shannot("show", session)
    assert b"\nexpired    1970" in shown.stdout
    assert f"next: shannot approve {session} --execute" in shown.stderr.decode()


def test_what_was_executed_is_put_back(place: Place) -> None:
    session = place.session((("mount", "--version"),))
    assert place.shannot("rollback", "list").stderr.startswith(b"shannot: nothing has been")
    assert place.shannot("rollback", session, "--yes").returncode == 1
    result = place.shannot("approve", session, "--yes", "--execute")
    assert result.returncode == 0, result.stderr
    assert session in place.shannot("rollback", "list").stdout.decode()
    looked = place.shannot("rollback", session, "--dry-run")
    assert (looked.returncode, executed(place)) == (0, True)
    assert "left\\u202eover" in looked.stdout.decode()
    assert b"not undone: what effect 3 did: run mount --version" in looked.stdout
    assert place.shannot("rollback", session).returncode == 126
    status, shown = place.at_terminal("rollback", session, keys=b"n\n")
    assert (status, executed(place)) == (1, True), shown
    status, shown = place.at_terminal("rollback", session, keys=b"y\n")
    assert (status, untouched(place)) == (0, True), shown
    assert "not undone: what effect 3 did: run mount --version" in shown
    document = json.loads(place.shannot("show", "--json", session).stdout)["result"]
    assert document["state"] == "rolled-back"
    assert document["history"][-1]["person"]["where"].startswith("/dev/pts/")


NEEDS_OUTPUT = """
import subprocess
first = subprocess.run(["mount", "--version"], capture_output=True, text=True, input="x").stdout
print("first:", first.split()[:2])
if first:
    open("made", "w").write(first)
    print("second:", subprocess.run(["umount", "--version"], capture_output=True).returncode)
"""


def test_a_script_that_needs_real_output_goes_on_from_there(place: Place) -> None:
    script = place.project / "needs.py"
    script.write_text(NEEDS_OUTPUT)
    assert place.shannot("run", "--timeout", "30", "needs.py").stdout == b"first: []\n"
    (first,) = json.loads(place.shannot("list", "--json").stdout)["result"]["sessions"]
    assert place.shannot("resume", first["id"]).returncode == 1
    assert place.shannot("approve", first["id"], "--yes", "--execute").returncode == 0
    resumed = place.shannot("resume", first["id"], cwd=place.home)
    assert resumed.stdout == b"first: ['mount', 'from']\nsecond: 0\n", resumed.stderr
    assert b"answered from what was executed: mount --version" in resumed.stderr
    both = json.loads(place.shannot("list", "--json").stdout)["result"]["sessions"]
    (second,) = [item for item in both if item["id"] != first["id"]]  # of one second, maybe
    assert second["parent"] == first["id"]
    assert f"resumes    {first['id']}" in place.shannot("show", second["id"]).stdout.decode()


def test_a_conflict_of_a_rollback_is_told_and_can_be_forced(place: Place) -> None:
    session = place.session()
    assert place.shannot("approve", session, "--yes", "--execute").returncode == 0
    (place.project / "app.conf").write_bytes(b"mine")
    looked = place.shannot("rollback", session, "--dry-run", "--json")
    assert looked.returncode == 1
    (conflict,) = json.loads(looked.stdout)["result"]["conflicts"]
    assert "contents have changed" in conflict["message"]
    refused = place.shannot("rollback", session, "--yes")
    assert refused.returncode == 1
    assert b"nothing was changed" in refused.stderr
    assert (place.project / "app.conf").read_bytes() == b"mine"
    forced = place.shannot("rollback", session, "--yes", "--force", "--json")
    assert forced.returncode == 0, forced.stdout
    assert json.loads(forced.stdout)["result"]["succeeded"]
    assert untouched(place)


def test_yes_can_be_taken_away(place: Place) -> None:
    config = place.home / ".config" / "shannot"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("[approve]\nallow_yes = false\n")
    session = place.session()
    result = place.shannot("approve", session, "--yes", "--execute")
    assert result.returncode == 126
    assert b"allow_yes" in result.stderr
    assert b" refused " in place.shannot("audit", "list").stdout.splitlines()[-1]
    assert untouched(place)


def test_only_the_chosen_effects_are_done(place: Place) -> None:
    session = place.session()
    result = place.shannot("approve", session, "--effects", "2", "--yes", "--execute")
    assert result.returncode == 0, result.stderr
    assert (place.project / "app.conf").read_bytes() == OLD
    assert not (place.project / "left\u202eover").exists()


@pytest.mark.parametrize("effects", ["0", "3", "x", "2-1", ""])
def test_effects_that_are_not_there_are_a_usage_error(place: Place, effects: str) -> None:
    result = place.shannot("approve", place.session(), "--yes", f"--effects={effects}")
    assert result.returncode == 2, result.stderr
    assert b"Traceback" not in result.stderr


def test_a_conflict_is_named_and_nothing_is_done(place: Place) -> None:
    session = place.session()
    (place.project / "app.conf").write_text("edited\n")
    result = place.shannot("approve", session, "--yes", "--execute")
    assert result.returncode == 1
    assert b"app.conf" in result.stderr
    assert (place.project / "left\u202eover").exists()
    result = place.shannot("execute", session, "--skip-conflicts")
    assert b"left out 1: " in result.stderr
    assert (place.project / "app.conf").read_text() == "edited\n"
    assert not (place.project / "left\u202eover").exists()


def test_a_rejected_session_cannot_be_approved(place: Place) -> None:
    session = place.session()
    assert place.shannot("reject", session, "--reason", "too\x1b risky").returncode == 0
    assert "too\\x1b risky" in place.shannot("show", session).stdout.decode()
    result = place.shannot("approve", session, "--yes")
    assert result.returncode == 1
    assert b"rejected" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["ID", "--skip-conflicts"],
        ["--redo", "ID"],
        ["ID", "ID"],
        ["2026"],
        ["../ID"],
        ["ID\n"],
    ],
)
def test_a_restricted_key_takes_exactly_one_session_id(place: Place, words: list[str]) -> None:
    session = place.session()
    assert place.shannot("approve", session, "--yes").returncode == 0
    given = [word.replace("ID", session) for word in words]
    result = place.shannot("execute", "--session-id", *given)
    assert result.returncode == 126, result.stderr
    assert b" refused " in place.shannot("audit", "list").stdout.splitlines()[-1]
    assert untouched(place)


def test_every_document_is_one_envelope(place: Place) -> None:
    session = place.session()
    for words in (
        ["list", "--json"],
        ["show", session, "--json"],
        ["diff", session, "--json"],
        ["explain", "--json", "--", "ls", "-l"],
        ["approve", session, "--yes", "--json"],
        ["execute", session, "--json"],
    ):
        result = place.shannot(*words)
        assert (result.returncode, result.stderr) == (0, b"")
        document = json.loads(result.stdout)
        assert (document["format"], document["command"], document["ok"]) == (1, words[0], True)
        assert result.stdout.isascii()
        assert result.stdout.count(b"\n") == 1


def test_an_error_is_a_document_too(place: Place) -> None:
    result = place.shannot("show", "--json", "2099")
    document = json.loads(result.stdout)
    assert (result.returncode, document["ok"], result.stderr) == (127, False, b"")
    assert document["error"]["exit_code"] == 127


def test_colour_needs_a_terminal_that_wants_it(place: Place) -> None:
    session = place.session()
    _, shown = place.at_terminal("show", session, keys=b"")
    assert "\x1b[31m" in shown
    place.environment["NO_COLOR"] = "1"
    _, shown = place.at_terminal("show", session, keys=b"")
    assert "\x1b" not in shown
    del place.environment["NO_COLOR"]
    place.environment["TERM"] = "dumb"
    _, shown = place.at_terminal("show", session, keys=b"")
    assert "\x1b" not in shown


def test_explain_says_what_decides(place: Place) -> None:
    result = place.shannot("explain", "--", "rm", "-rf", "/")
    assert result.returncode == 0
    assert b"decision   deny" in result.stdout


def test_an_interrupted_question_approves_nothing_and_is_quiet(place: Place) -> None:
    session = place.session()
    status, shown = place.at_terminal("approve", session, keys=b"\x03\x03")
    assert status == 130
    assert re.search(r"\[y/N\] (\^C)+$", shown.rstrip())
    assert place.shannot("list").stdout.split()[7] == b"pending"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_command_that_is_executed(
    place: Place, number: signal.Signals, status: int
) -> None:
    config = place.home / ".config" / "shannot"
    config.mkdir(parents=True, mode=0o700)
    (config / "config.toml").write_text('[profile]\nask = ["sleep"]\n')
    (config / "config.toml").chmod(0o600)
    place.shannot("run", "-c", "import subprocess; subprocess.run(['sleep', '300'])")
    place.shannot("approve", "2", "--yes")
    process = subprocess.Popen(
        [sys.executable, "-m", "shannot", "execute", "2"],
        env=place.environment,
        cwd=place.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"   1  run       sleep 300\n"
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert process.returncode == status
    assert told.startswith(b"shannot: stopped; `shannot execute 2")
    assert b"=> interrupted" in place.shannot("show", "2").stdout
