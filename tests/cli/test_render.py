from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.cli.render import Style, diff_lines, effect_lines
from shannot.effects.diff import Diff, diff
from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    Effect,
    Entry,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    RunCommand,
    WriteFile,
)
from shannot.effects.wording import describe

SHA = "a" * 64
FILE = Fingerprint("file", 0o644, SHA, 10)
DIRECTORY = Fingerprint("directory", 0o755)
NASTY = "/x\n\x1b[2K\u202e\udcff\u200b"


def command(**more: object) -> RunCommand:
    fields = {
        "argv": ("sh", "-c", f"rm {NASTY}"),
        "directory": NASTY,
        "environment": (("A", NASTY),),
        "executable": NASTY,
        "executable_sha256": SHA,
        "verdict": "ask",
        "rule": NASTY,
        "reason": NASTY,
        "state": "assumed",
        **more,
    }
    return RunCommand(**fields)  # type: ignore[arg-type]


EFFECTS: list[Effect] = [
    WriteFile(NASTY, None, FILE),
    WriteFile(NASTY, FILE, Fingerprint("file", 0o755, SHA, 1)),
    WriteFile(NASTY, Fingerprint("link", 0, SHA, 3), FILE),
    DeletePath(NASTY, DIRECTORY, (Entry(NASTY[1:], FILE), Entry("d", DIRECTORY))),
    MakeDirectory(NASTY, 0o700),
    MakeLink(NASTY, NASTY, FILE),
    MakeLink(NASTY, NASTY, None, hard=True),
    MovePath(NASTY, NASTY, DIRECTORY, DIRECTORY, (Entry(NASTY[1:], FILE),)),
    ChangeMode(NASTY, 0o644, 0o4755),
    ChangeOwner(NASTY, (0, 0), (1000, 1000)),
    ChangeTimes(NASTY, -1),
    ChangeTimes(NASTY, 1 << 62),
    command(),
    command(state="done", verdict="allow", exit_status=3, stdin_sha256=SHA),
]


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: type(effect).__name__)
def test_no_field_of_an_effect_can_hide_or_move_text(effect: Effect) -> None:
    lines = effect_lines(
        1, effect, [NASTY], diff(b"\x1b\r\n", b"\x00" * 3, NASTY, NASTY), Style(False)
    )
    assert all(line.isprintable() for line in lines)
    assert "\\x1b[2K\\u202e\\xff\\u200b" in "".join(lines)


def test_a_directory_is_shown_with_all_that_goes_with_it() -> None:
    entries = tuple(Entry(f"f{number}", FILE) for number in range(1000))
    for effect in (
        DeletePath("/d", DIRECTORY, entries),
        MovePath("/d", "/e", DIRECTORY, None, entries),
    ):
        _, _, details = describe(effect)
        assert [line.strip() for line in details][-1000:] == [f"f{n}" for n in range(1000)]


def test_a_command_shows_everything_it_runs_with() -> None:
    text = "\n".join(effect_lines(7, command(stdin_sha256="b" * 64), [], None, Style(False)))
    for part in ("shell line", "directory", "executable", SHA, "ask", "rule", "b" * 64, "A="):
        assert part in text
    assert "assumed to succeed" in text


def test_what_a_diff_leaves_off_is_said() -> None:
    shown = diff_lines(Diff("text", ("--- a", "+++ b"), omitted=7), Style(False))
    assert shown[-1] == "(7 more lines: `shannot diff ID` shows them)"


@given(st.text(alphabet=string.printable + "\u202e\u200b\x9b\udc80"))
def test_a_diff_keeps_its_signs_and_obeys_nothing(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    for line in diff_lines(diff(None, data, "a", "b"), Style(False)):
        assert line.replace("\t", "").isprintable()
        assert line[:1] in ("-", "+", "@", "\\", " ")


def test_colour_only_repeats_what_the_sign_says() -> None:
    changed = diff(b"a\n", b"b\n", "a", "b")
    plain = diff_lines(changed, Style(False))
    coloured = diff_lines(changed, Style(True))
    assert coloured != plain
    for code in ("\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[1m", "\x1b[0m"):
        coloured = [line.replace(code, "") for line in coloured]
    assert coloured == plain
