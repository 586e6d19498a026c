"""`[groups]`: what they mean and what is wrong in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot.config.groups import Group
from shannot.config.settings import Settings, load
from shannot.errors import UsageError


def read(tmp_path: Path, text: str, *, as_project: bool = False) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o644)
    tmp_path.chmod(0o755)
    if as_project:
        return load(None, None, str(path), os.getuid())
    return load(str(path), None, None, os.getuid())


def test_a_group_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    text = '[groups.web]\nhosts = ["web1", "u@h:2"]\nparallel = 4\nmax_failures = 0\n'
    assert read(tmp_path, text).groups == {"web": Group(("web1", "u@h:2"), 4, 0)}


@pytest.mark.parametrize(
    "text",
    [
        "groups = 1\n",
        "[groups]\nweb = ['a']\n",
        "[groups.web]\n",
        "[groups.web]\nhosts = []\n",
        "[groups.web]\nhosts = 'a'\n",
        "[groups.web]\nhosts = ['']\n",
        "[groups.web]\nhosts = ['a']\nparallel = 0\n",
        "[groups.web]\nhosts = ['a']\nparallel = true\n",
        "[groups.web]\nhosts = ['a']\nparallel = 1000000\n",
        "[groups.web]\nhosts = ['a']\nmax_failures = -1\n",
        "[groups.web]\nhosts = ['a']\nmax_failures = '1'\n",
        "[groups.web]\nhosts = ['a']\nuser = 'x'\n",
        "[groups.'a b']\nhosts = ['a']\n",
        "[groups.'-o']\nhosts = ['a']\n",
    ],
)
def test_a_wrong_group_names_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"config\.toml:\d"):
        read(tmp_path, text)


def test_a_project_cannot_say_where_scripts_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only tighten"):
        read(tmp_path, "[groups.web]\nhosts = ['a']\n", as_project=True)
