"""A session that was damaged or tampered with: one line that names what, and exit code 125."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.places import Place


def cut_short(session: Path) -> None:
    (session / "session.json").write_bytes((session / "session.json").read_bytes()[:-9])


def not_the_plan(session: Path) -> None:
    plan = session / "plan.json"
    plan.write_bytes(plan.read_bytes().replace(b"app.conf", b"bpp.conf"))


def without_plan(session: Path) -> None:
    (session / "plan.json").unlink()


def without_contents(session: Path) -> None:
    for blob in (session / "blobs").iterdir():
        blob.unlink()


def other_contents(session: Path) -> None:
    for blob in (session / "blobs").iterdir():
        blob.chmod(0o600)
        blob.write_bytes(b"other")


def of_another_format(session: Path) -> None:
    """Which may have nothing of what is in this one."""
    (session / "session.json").write_text('{"format": 99, "steps": []}')


DAMAGES: list[tuple[Callable[[Path], None], str]] = [
    (cut_short, "session.json is not valid JSON"),
    (of_another_format, "session.json has format 99, this shannot knows 1: use a newer shannot"),
    (not_the_plan, "the plan is not the one that was recorded"),
    (without_plan, "plan.json is missing"),
    (without_contents, "is missing: contents of the session were removed"),
    (other_contents, "was changed: it does not match its name"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_nothing_is_approved_or_executed_of_a_damaged_session(
    damage: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    before = (place.project / "app.conf").read_bytes()
    session = place.session()
    damage(place.state / "shannot" / "sessions" / session)
    check(place, message, "approve", session, "--yes", "--execute")
    assert (place.project / "app.conf").read_bytes() == before


def test_nothing_is_shown_or_executed_where_contents_were_changed_later(tmp_path: Path) -> None:
    place = Place(tmp_path)
    session = place.session()
    assert place.shannot("approve", session, "--yes").returncode == 0
    other_contents(place.state / "shannot" / "sessions" / session)
    for command in ("show", "diff", "execute"):
        check(place, "was changed: it does not match its name", command, session)


def check(place: Place, message: str, *words: str) -> None:
    done = place.shannot(*words)
    assert (words[0], done.returncode, done.stdout) == (words[0], 125, b"")
    (line,) = done.stderr.decode().splitlines()
    assert message in line
    assert words[1] in line


def test_a_list_names_what_it_cannot_read_and_does_not_deny_that_it_is_there(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path)
    session = place.session()
    cut_short(place.state / "shannot" / "sessions" / session)
    done = place.shannot("list")
    (line,) = done.stderr.decode().splitlines()
    assert f"{session}/session.json is not valid JSON" in line
