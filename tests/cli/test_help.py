from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from shannot.cli.catalog import COMMANDS, outlines
from shannot.cli.completion.places import places
from shannot.cli.help import TOPICS
from shannot.cli.manual import page
from tests.cli.places import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_help_alone_is_the_overview(place: Place) -> None:
    overview = place.shannot("--help").stdout
    assert place.shannot("help").stdout == overview == place.shannot("-h").stdout
    text = overview.decode()
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert all(name in text for name in TOPICS)
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize("name", TOPICS)
def test_every_topic_is_a_text(place: Place, name: str) -> None:
    result = place.shannot("help", name)
    assert (result.returncode, result.stderr) == (0, b"")
    lines = result.stdout.decode().splitlines()
    assert len(lines) > 5
    assert all(len(line) <= 100 or "https:" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_a_part_has_help_of_its_own(place: Place) -> None:
    text = place.shannot("help", "setup", "pypy").stdout
    assert text.startswith(b"usage: shannot setup pypy ")
    assert text == place.shannot("setup", "pypy", "--help").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["frobnicate\x1b"], "no command and no topic: frobnicate\\x1b"),
        (["setup", "perl"], "`shannot setup` has no part perl"),
        (["list", "x"], "has no part x"),
        (["--man", "list"], "--man is the manual page of it all"),
    ],
)
def test_what_there_is_no_help_for_is_one_line(
    place: Place, words: list[str], message: str
) -> None:
    result = place.shannot("help", *words)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.count(b"\n") == 1
    assert message in result.stderr.decode()


def test_the_exit_codes_of_the_topic_are_those_of_the_program(place: Place) -> None:
    from shannot import errors

    text = place.shannot("help", "exit-codes").stdout.decode()
    told = {int(code) for code in re.findall(r"^    (\d+) ", text, re.MULTILINE)}
    assert told == {value for name, value in vars(errors).items() if name.isupper()}


def test_the_manual_page_has_every_command_and_option() -> None:
    text = page(outlines())
    plain = text.replace("\\-", "-")
    for each in places(outlines()):
        assert f".SS shannot {' '.join(each.words)}\n" in plain
        for argument in each.arguments:
            if "--help" not in argument.flags:
                assert all(f"\\fB{flag}\\fR" in plain for flag in argument.flags)
    assert text.isascii()


def test_no_line_of_the_manual_page_is_a_request_by_mistake() -> None:
    known = {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".BR", ".nf", ".fi"}
    for line in page(outlines()).splitlines():
        if line.startswith((".", "'")):
            assert line.split()[0] in known, line
    assert not re.search(r"\\[^\-e&f(]", page(outlines()).replace("\\ landlock", "").replace(
        "\\ ssh", "")), "an unknown escape"  # fmt: skip


def test_the_manual_page_is_the_same_at_any_width(place: Place) -> None:
    pages = []
    for columns in ("40", "200"):
        place.environment["COLUMNS"] = columns
        pages.append(place.shannot("help", "--man").stdout)
    assert pages[0] == pages[1] == page(outlines()).encode()


def test_groff_reads_the_manual_page_without_a_warning(tmp_path: Path) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    result = subprocess.run(
        [groff, "-man", "-ww", "-Tutf8", "-P-c", "-b"],
        input=page(outlines()).encode(),
        capture_output=True,
        timeout=60,
    )
    if b"can't find macro file" in result.stderr or b"cannot" in result.stderr:
        pytest.skip("groff has no man macros here")
    assert (result.returncode, result.stderr) == (0, b"")
    assert "shannot setup pypy [OPTIONS]" in re.sub(r".\x08", "", result.stdout.decode())


def test_no_topic_hides_the_help_of_a_command() -> None:
    assert not set(TOPICS) & set(COMMANDS)
