from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.places import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def segments(place: Place) -> list[Path]:
    return sorted((place.state / "shannot" / "audit").iterdir())


def test_the_list_has_a_line_for_each_record_and_hides_nothing(place: Place) -> None:
    session = place.session((("systemctl", "stop", "\x1b[8mx"),))
    assert place.shannot("approve", session, "--yes", "--effects", "1,2").returncode == 0
    result = place.shannot("audit", "list")
    lines = result.stdout.decode().splitlines()
    assert [line.split()[4] for line in lines] == ["command", "run", "approved"]
    assert all(session in line for line in lines)
    assert "verdict=ask argv=systemctl stop" in lines[0]
    assert all(line.isprintable() for line in lines)


def test_records_are_chosen_by_session_event_time_and_number(place: Place) -> None:
    first, second = place.session(), place.session()
    place.shannot("reject", first)

    def listed(*words: str) -> list[str]:
        lines = place.shannot("audit", "list", *words).stdout.decode().splitlines()
        return [line.split()[0] for line in lines]

    assert listed() == ["1", "2", "3"]
    assert listed("--session", first) == ["1", "3"]
    assert listed("--session", second) == ["2"]
    assert listed("--event", "rejected") == ["3"]
    assert listed("--last", "2") == ["2", "3"]
    assert listed("--since", "1h") == ["1", "2", "3"]


def test_one_record_is_shown_whole(place: Place) -> None:
    session = place.session()
    text = place.shannot("audit", "show", "1").stdout.decode()
    assert "event              run\n" in text
    assert f"session            {session}\n" in text
    document = json.loads(place.shannot("audit", "show", "1", "--json").stdout)
    assert document["result"]["event"] == "run"
    assert place.shannot("audit", "show", "2").returncode == 127


def test_an_export_is_the_log_byte_for_byte(place: Place) -> None:
    place.session()
    place.session()
    assert place.shannot("audit", "export").stdout == segments(place)[0].read_bytes()


def test_an_export_that_lacks_a_record_says_so_by_its_status(place: Place) -> None:
    place.session()
    path = segments(place)[0]
    whole = path.read_bytes()
    path.write_bytes(whole + b"\0\xff{\n")
    result = place.shannot("audit", "export")
    assert (result.returncode, result.stdout) == (1, whole)
    assert b"line 2 is not valid JSON" in result.stderr
    assert place.shannot("audit", "list").returncode == 0


def test_a_reason_that_names_a_secret_is_not_recorded_with_it(place: Place) -> None:
    session = place.session()
    reason = "not with password=hunter2hunter2 in it"
    assert place.shannot("reject", session, "--reason", reason).returncode == 0
    log = b"".join(path.read_bytes() for path in segments(place))
    assert b"hunter2" not in log
    assert b"in it" in log
    assert reason.encode() in place.shannot("show", session).stdout


def test_verify_prints_what_to_note_and_takes_it_back(place: Place) -> None:
    assert place.shannot("audit", "verify").stdout == b"nothing is recorded yet\n"
    place.session()
    result = place.shannot("audit", "verify")
    assert result.returncode == 0
    mark = result.stdout.decode().split()[-1]
    place.session()
    assert place.shannot("audit", "verify", "--expect", mark).returncode == 0
    assert place.shannot("audit", "verify", "--expect", f"2:{mark[2:]}").returncode == 1
    assert place.shannot("audit", "verify", "--expect", "x").returncode == 2


def test_a_changed_log_is_an_error_of_verify_and_named_by_the_next_run(place: Place) -> None:
    place.session()
    place.session()
    path = segments(place)[0]
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    result = place.shannot("audit", "verify")
    assert result.returncode == 1
    assert b"it ends at record 1, not at 2" in result.stdout
    document = json.loads(place.shannot("audit", "verify", "--json").stdout)
    assert document["ok"]
    assert not document["result"]["whole"]
    result = place.shannot("run", "-c", "pass")
    assert b"the audit log is damaged" in result.stderr


@pytest.mark.parametrize("words", [[], ["burn"], ["show"], ["show", "x"], ["list", "--last", "-1"]])
def test_a_wrong_command_line_is_a_usage_error(place: Place, words: list[str]) -> None:
    result = place.shannot("audit", *words)
    assert result.returncode == 2
    assert b"Traceback" not in result.stderr
