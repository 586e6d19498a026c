from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.places import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_nothing_is_removed_that_is_young_or_waits(place: Place) -> None:
    session = place.session()
    result = place.shannot("prune")
    assert (result.returncode, result.stdout) == (0, b"")
    assert b"0 sessions removed" in result.stderr
    assert session.encode() in place.shannot("list").stdout


def test_what_was_asked_for_is_removed_and_named(place: Place) -> None:
    session = place.session()
    place.shannot("reject", session)
    words = ("prune", "--older", "1ms")
    result = place.shannot(*words, "--dry-run")
    assert result.stdout.decode().split()[:2] == [session, "rejected"]
    assert session.encode() in place.shannot("list").stdout
    document = json.loads(place.shannot(*words, "--json").stdout)["result"]
    assert [item["id"] for item in document["removed"]] == [session]
    assert place.shannot("list").stdout == b""
    assert b"pruned" in place.shannot("audit", "list").stdout


@pytest.mark.parametrize(
    "words", [["--state", "gone"], ["--older", "x"], ["--larger", "-1"], ["x"]]
)
def test_a_wrong_command_line_removes_nothing(place: Place, words: list[str]) -> None:
    assert place.shannot("prune", *words).returncode == 2


def test_doctor_names_the_word_that_removes_what_is_damaged(place: Place) -> None:
    session, whole = place.session(), place.session()
    (place.state / "shannot" / "sessions" / session / "session.json").write_bytes(b"{")
    assert place.shannot("prune", "--damaged", "--state", "pending").returncode == 2
    done = place.shannot("prune", "--damaged")
    assert done.stdout.decode().split()[:2] == [session, "damaged"]
    assert "not valid JSON" in done.stderr.decode()
    assert (done.returncode, place.shannot("list").stderr) == (0, b"")
    assert whole.encode() in place.shannot("list").stdout
    assert b"state=damaged" in place.shannot("audit", "list", "--event", "pruned").stdout
