"""What is made from the code is what the code makes today; links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from shannot.config.reference import sections
from shannot.config.settings import load
from shannot.errors import UsageError
from shannot.workflows.approve import LIFETIME
from tests.cli.places import ROOT
from tests.documentation.pages import PAGES

REMOTE = ("remotes", "x")


def test_the_pages_of_docs_are_those_that_help_prints() -> None:
    made = runpy.run_path(str(ROOT / "tools" / "pages.py"))["pages"]()
    stored = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
    assert stored == made, "run `python3 tools/pages.py`"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_tree_leads_to_a_file(page: str) -> None:
    here = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / page).read_text(encoding="utf-8")):
        if "://" not in target:
            assert (here / target).exists(), f"{page}: {target}"


def known_keys(tmp_path: Path, header: str) -> set[str]:
    """What the program itself says that it expects there."""
    path = tmp_path / "config.toml"
    path.write_text(f"{header}\nno_such_key = 1\n")
    path.chmod(0o600)
    with pytest.raises(UsageError) as error:
        load(str(path), None, None, path.stat().st_uid)
    return set(re.search(r"expected one of: ([^)]*)\)", str(error.value))[1].split(", "))  # type: ignore[index]


def test_the_reference_of_the_configuration_has_every_key_and_no_other(tmp_path: Path) -> None:
    tables = {section.name: {key.name for key in section.keys} for section in sections()}
    top = tables.pop("")
    assert top | {name.strip("[]").partition(".")[0] for name in tables} == known_keys(tmp_path, "")
    for name, keys in tables.items():
        assert keys == known_keys(tmp_path, name), name


NEEDED = {"[remotes.NAME]": 'target = "a"', "[groups.NAME]": 'hosts = ["a"]'}
"""What a section cannot be without."""


def test_every_example_of_the_reference_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for section in sections():
        for key in section.keys:
            choices = key.value.split("|")
            values = [key.value] if len(choices) == 1 or ":" in key.value else choices
            for value in values if values == [key.value] else [f'"{word}"' for word in values]:
                needed = NEEDED.get(section.name, "")
                if needed.startswith(key.name):
                    needed = ""
                path.write_text(f"{section.name}\n{needed}\n{key.name} = {value}\n")
                path.chmod(0o600)
                load(str(path), None, None, path.stat().st_uid)


def test_the_choices_of_the_reference_are_those_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for section in sections():
        for key in section.keys:
            if not re.fullmatch(r"[a-z]+(\|[a-z]+)+", key.value):
                continue
            path.write_text(f'{section.name}\n{key.name} = "no such choice"\n')
            path.chmod(0o600)
            with pytest.raises(UsageError) as error:
                load(str(path), None, None, path.stat().st_uid)
            expected = re.findall(r'"(\w+)"', str(error.value).partition("one of:")[2])
            assert expected == key.value.split("|")


def test_the_reference_names_the_lifetime_of_an_approval() -> None:
    (key,) = (key for section in sections() for key in section.keys if key.name == "expire")
    assert key.default == f'"{LIFETIME // 3600}h"'
