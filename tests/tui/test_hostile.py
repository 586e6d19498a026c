"""A corpus of names, contents, commands and session files that try to alter the screen.

The oracle is a terminal emulator: what it shows after our bytes must be, cell by cell, what the
rows say; and whatever is not the enemy's own must be as if the enemy had written harmless text.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from shannot.effects.model import DeletePath, Effect, Entry, Fingerprint, MakeLink, WriteFile
from shannot.tui.cells import Line, text_of
from shannot.tui.paint import Painter
from shannot.tui.view import PagerView
from tests.sessions.worlds import World, shell_command
from tests.tui.screens import Reviewer

pyte = pytest.importorskip("pyte", reason="the terminal emulator that is the oracle here")

CORPUS = {
    "clear": "\x1b[2J\x1b[H",
    "move": "\x1b[1;1HFAKE",
    "colour": "\x1b[31m\x1b[8m",
    "title": "\x1b]0;title\x07",
    "8 bit": "\x9b2J\x9b1;1H\x85",
    "return": "\rall is well",
    "backspace": "\b" * 40 + "fine",
    "newline": "\n\n[x]     9    write     /etc/fake",
    "tab": "\t\t\t",
    "vertical": "\x0b\x0c",
    "null-like": "\x7f\x01\x02",
    "override": "\u202egnp.exe\u202c",
    "isolate": "\u2066\u2067\u2069\u200f",
    "hebrew": "\u05d0\u05d1 1.2 \u05d2",
    "arabic": "\u0627\u0644 12 \u0661",
    "zero width": "a\u200bb\u200dc\ufeff\u2060",
    "marks": "o" + "\u0301\u0302\u0308\u0327" * 20,
    "mark first": "\u0301\u0489x",
    "wide": "\u65e5\u672c\u8a9e" * 30,
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "jamo": "\u1100\u1161\u11a8\u1160\u11a8",
    "blank": "\u3164\u2800\u115f\u00ad\u00a0",
    "private": "\ue000\uf8ff\U000f0000",
    "unassigned": "\u0378\U000e0041\U000e007f",
    "bytes": os.fsdecode(b"\xff\xfe\xc0\x80"),
    "tags": "\U000e0061\U000e0062",
    "long": "x" * 5000,
    "spaces": " " * 300,
    "fake": "end of the plan: 0 effects",
    "devanagari": "\u0915\u094d\u0937\u093f",
    "thai": "\u0e01\u0e33\u0e4d",
    "dcs": "\x1bP$q\x1b\\\x1b^x\x1b\\\x1b_y\x1b\\",
}
FILE = Fingerprint("file", 0o644, "ab" * 32, 3)
HARMLESS = "harmless"


def effects(text: str) -> list[Effect]:
    """Effects of the enemy between two of somebody else's."""
    name = text.replace("/", "_").replace("\0", "")
    short = os.fsencode(name)[:200].decode("utf-8", "surrogateescape")
    short = os.fsdecode(os.fsencode(short))
    return [
        MakeLink("/srv/before", "/srv/target"),
        MakeLink(f"/srv/{short}", name[:3000]),
        DeletePath(f"/srv/d{short}", Fingerprint("directory", 0o755), (Entry(short, FILE),)),
        shell_command(("sh", "-c", f"echo {text}", text), "/srv"),
        MakeLink("/srv/after", "/srv/target"),
    ]


def cells(row: Line) -> list[str]:
    """What each column of a terminal must show."""
    found: list[str] = []
    for character in text_of(row):
        if unicodedata.category(character) == "Mn":
            found[-1 if found[-1] else -2] += character
        elif unicodedata.east_asian_width(character) in ("W", "F"):
            found += [character, ""]
        else:
            found.append(character)
    return found


def is_as_said(row: Line, shown: list[str]) -> bool:
    """Cell by cell; of a sign or mark that the emulator does not draw, only the place counts."""
    expected = cells(row)
    if len(expected) != len(shown):
        return False
    for said, found in zip(expected, shown, strict=True):
        drawn = "".join(c for c in said if c.isascii() or not is_undrawn(c))
        if found not in (unicodedata.normalize("NFD", said), unicodedata.normalize("NFD", drawn)):
            if drawn or found.strip():
                return False
    return True


def is_undrawn(character: str) -> bool:
    category = unicodedata.category(character)
    return category == "Mc" or (category == "Mn" and not unicodedata.combining(character))


class Emulator:
    """A terminal that is given what the painter sends."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.Stream(self.screen)
        self.stream.feed("\x1b[?7l")  # as `terminal.py` begins
        self.painter = Painter(colour=True)
        self.size = (columns, lines)

    def show(self, rows: list[Line]) -> None:
        self.stream.feed(self.painter.paint(rows, self.size))

    def row(self, number: int) -> list[str]:
        return [
            unicodedata.normalize("NFD", self.screen.buffer[number][column].data)
            for column in range(self.size[0])
        ]


def pages(reviewer: Reviewer, most: int = 10_000) -> Iterator[list[Line]]:
    """Every page of what is open, from the present one on."""
    view = reviewer.app.views[-1]
    assert isinstance(view, PagerView)
    yield reviewer.rows()
    while most and not view.pager.at_end():
        reviewer.press("space")
        yield reviewer.rows()
        most -= 1


def test_the_terminal_shows_what_the_rows_say_cell_by_cell(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.session([effect for text in CORPUS.values() for effect in effects(text)])
    for size, keys in (((80, 24), ()), ((130, 40), ("l",))):
        emulator = Emulator(*size)
        reviewer = Reviewer(world, size)
        reviewer.press(*keys)
        for rows in pages(reviewer):
            emulator.show(rows)
            for number, row in enumerate(rows):
                assert is_as_said(row, emulator.row(number)), text_of(row)


def bystanders(world: World, texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The rows of effects that are not the enemy's: text, and the look of each cell."""
    session = world.session([effect for text in texts for effect in effects(text)])
    reviewer = Reviewer(world)
    reviewer.press("l", "h")  # one row for each line
    emulator = Emulator()
    found: dict[str, tuple[str, ...]] = {}
    for rows in pages(reviewer):
        emulator.show(rows)
        for number, row in enumerate(emulator.screen.display):
            if row[1:4] == "[x]" and ("/srv/before" in row[:40] or "/srv/after" in row[:40]):
                cells_of = (emulator.screen.buffer[number][column] for column in range(4, 80))
                looks = tuple(
                    f"{cell.fg} {cell.bg} {cell.reverse} {cell.bold}" for cell in cells_of
                )
                found[row[1:]] = looks
    reviewer.desk.reject(session.id, "done with")
    return found


def test_what_others_do_is_shown_as_beside_harmless_text(tmp_path: Path) -> None:
    enemy = bystanders(World(tmp_path), list(CORPUS.values()))
    harmless = bystanders(World(tmp_path), [HARMLESS] * len(CORPUS))
    assert len(harmless) == 2 * len(CORPUS)
    assert enemy == harmless


def test_contents_and_scripts_are_no_other(tmp_path: Path) -> None:
    world = World(tmp_path)
    text = "\n".join(CORPUS.values()).encode("utf-8", "surrogateescape")
    recorder = world.recorder()
    recorder.write("file", text)
    world.recorded(recorder)
    emulator = Emulator()
    reviewer = Reviewer(world)
    for rows in pages(reviewer):
        emulator.show(rows)
        for number, row in enumerate(rows):
            assert is_as_said(row, emulator.row(number)), text_of(row)
        for row in emulator.screen.display[1:-1]:
            # Nothing of a file stands where only we write: before its gutter.
            assert row[0] in " >"
            if "/etc/fake" in row:
                assert row[7] in "|:"


@pytest.mark.parametrize("field", ["user", "host", "script", "reason"])
def test_session_files_of_an_enemy_are_no_other(tmp_path: Path, field: str) -> None:
    world = World(tmp_path)
    world.session(effects(HARMLESS))
    session = world.session(effects(HARMLESS))
    path = world.state / "sessions" / session.id / "session.json"
    head = json.loads(path.read_text())
    text = "".join(value[:100] for value in CORPUS.values())
    if field == "script":
        head["script"]["name"] = text
    elif field == "reason":
        person = {"who": text[:90], "uid": 1, "where": text[:90], "key": "", "address": ""}
        event = {"what": "approved", "when": 1 << 40, "person": person, "note": text}
        head["history"] = [event]
    else:
        head[field] = text[:300]
    path.write_text(json.dumps(head))
    emulator = Emulator()
    reviewer = Reviewer(world)
    for keys in ((), ("enter",)):
        reviewer.press(*keys)
        for rows in pages(reviewer, 4):
            emulator.show(rows)
            for number, row in enumerate(rows):
                assert is_as_said(row, emulator.row(number)), text_of(row)


def test_an_output_of_an_enemy_stays_behind_its_gutter(tmp_path: Path) -> None:
    world = World(tmp_path)
    (world.tree / "evil").write_bytes("\n".join(CORPUS.values()).encode("utf-8", "surrogateescape"))
    world.session([shell_command(("cat", "evil"), str(world.tree))])
    reviewer = Reviewer(world)
    reviewer.press("x", "y")
    reviewer.work()
    reviewer.press("g")
    emulator = Emulator()
    for rows in pages(reviewer):
        emulator.show(rows)
        for number, row in enumerate(rows):
            assert is_as_said(row, emulator.row(number)), text_of(row)


def test_an_effect_that_only_writes_has_no_other_name(tmp_path: Path) -> None:
    """A file name of 200 wide characters leaves sign and number where they are."""
    world = World(tmp_path)
    world.session([WriteFile("/srv/" + "\u65e5" * 80, None, FILE)])
    text = Reviewer(world).text()
    assert "[x]     1    create    /srv/" in text
