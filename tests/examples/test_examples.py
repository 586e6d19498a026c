"""The examples, run natively on temporary copies: what a person would get after approving."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def run(name: str, *words: str, directory: Path, path: str = "/usr/bin:/bin") -> tuple[int, str]:
    """Exit status, and stdout with stderr."""
    done = subprocess.run(
        [sys.executable, "-I", str(EXAMPLES / name), *words],
        cwd=directory,
        env={"PATH": path, "HOME": str(directory), "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXAMPLES / "data" / "app.conf", tmp_path))


@pytest.fixture
def tools(tmp_path: Path) -> str:
    """A PATH whose `systemctl` writes down how it was called."""
    directory = tmp_path / "tools"
    directory.mkdir()
    systemctl = directory / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/called\n')
    systemctl.chmod(0o755)
    return f"{directory}:/usr/bin:/bin"


def test_diagnose_names_every_part_and_ends_well(tmp_path: Path) -> None:
    status, output = run("diagnose.py", directory=tmp_path)
    assert status == 0
    for title in ("Load", "Memory", "Disks", "Biggest logs", "Failed services", "Listening ports"):
        assert f"{title}\n  " in output


def test_diagnose_says_what_it_cannot_see(tmp_path: Path) -> None:
    status, output = run("diagnose.py", directory=tmp_path, path="/nowhere")
    assert status == 0
    assert "cannot be seen from here (systemctl: " in output


def test_diagnose_changes_nothing(tmp_path: Path) -> None:
    run("diagnose.py", directory=tmp_path)
    assert os.listdir(tmp_path) == []


def test_reload_changes_one_line_and_keeps_the_rest(configuration: Path, tools: str) -> None:
    before = configuration.read_text()
    status, _ = run(
        "reload_service.py", str(configuration), directory=configuration.parent, path=tools
    )
    assert status == 0
    assert configuration.read_text() == before.replace("workers = 4", "workers = 8")
    assert configuration.with_name("app.conf.bak").read_text() == before
    assert configuration.with_name("called").read_text() == "reload app\n"


def test_reload_keeps_the_mode(configuration: Path, tools: str) -> None:
    configuration.chmod(0o640)
    run("reload_service.py", str(configuration), directory=configuration.parent, path=tools)
    assert configuration.stat().st_mode & 0o777 == 0o640


def test_reload_adds_a_setting_at_the_end_of_its_section(configuration: Path, tools: str) -> None:
    words = (str(configuration), "server", "timeout", "30", "web")
    status, _ = run("reload_service.py", *words, directory=configuration.parent, path=tools)
    assert status == 0
    assert "port = 8080\ntimeout = 30\n\n[logging]" in configuration.read_text()
    assert configuration.with_name("called").read_text() == "reload web\n"


def test_reload_does_nothing_when_it_is_so_already(configuration: Path, tools: str) -> None:
    words = (str(configuration), "server", "workers", "4")
    status, output = run("reload_service.py", *words, directory=configuration.parent, path=tools)
    assert status == 0
    assert "already" in output
    assert not configuration.with_name("called").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("none", "workers", "8"), "[server]\nworkers = 4\n"),
        (("server", "workers", "8"), "no configuration at all"),
        (("server", "workers", "8\nport = 1"), "[server]\nworkers = 4\n"),
    ],
)
def test_reload_leaves_alone_what_it_cannot_change_safely(
    words: tuple[str, ...], text: str, configuration: Path, tools: str
) -> None:
    configuration.write_text(text)
    status, output = run(
        "reload_service.py", str(configuration), *words, directory=configuration.parent, path=tools
    )
    assert status == 1
    assert "left as it is" in output
    assert configuration.read_text() == text
    assert not configuration.with_name("called").exists()


def test_reload_without_the_file_is_one_line(tmp_path: Path) -> None:
    status, output = run("reload_service.py", str(tmp_path / "none"), directory=tmp_path)
    assert (status, output.count("\n")) == (1, 1)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package that runs, with names, caches and blanks that want tidying."""
    top = tmp_path / "project"
    package = top / "MyPackage"
    (package / "subParts").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "subParts" / "__init__.py").write_text("VALUE = 1   \n")
    (package / "HTTPClient.py").write_text("import MyPackage.subParts\nNAME = 'HTTPClient'\n")
    (package / "user.py").write_text(
        "from .HTTPClient import NAME\nfrom MyPackage.subParts import VALUE\n"
        "from . import HTTPClient\n\nprint(NAME, VALUE, HTTPClient.NAME)\n"
    )
    (top / "run-me.py").write_text("#!/usr/bin/env python3\nimport MyPackage.user\n")
    (top / "README-First.md").write_text("MyPackage stays in prose\n")
    (top / "notes.py~").write_text("old")
    (top / ".git").mkdir()
    (top / ".git" / "HEAD.orig").write_text("not ours")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.pyc").write_bytes(b"\0")
    (top / "broken.py").write_bytes(b"\xff\xfe not python")
    return top


def test_tidy_leaves_a_project_that_still_runs(project: Path) -> None:
    command = [sys.executable, "-B"]
    before = subprocess.run([*command, "run-me.py"], cwd=project, capture_output=True, text=True)
    assert before.stdout == "HTTPClient 1 HTTPClient\n"
    status, output = run("tidy_project.py", directory=project)
    assert status == 0, output
    after = subprocess.run([*command, "run_me.py"], cwd=project, capture_output=True, text=True)
    assert after.stdout == before.stdout, after.stderr


def test_tidy_renames_deletes_and_rewrites(project: Path) -> None:
    run("tidy_project.py", directory=project)
    names = sorted(str(path.relative_to(project)) for path in project.rglob("*"))
    assert names == [
        ".git",
        ".git/HEAD.orig",
        "README-First.md",
        "broken.py",
        "my_package",
        "my_package/__init__.py",
        "my_package/http_client.py",
        "my_package/sub_parts",
        "my_package/sub_parts/__init__.py",
        "my_package/user.py",
        "run_me.py",
    ]
    header = "# SPDX-License-Identifier: Apache-2.0\n"
    assert (project / "run_me.py").read_text().startswith(f"#!/usr/bin/env python3\n{header}")
    assert (project / "my_package/sub_parts/__init__.py").read_text() == f"{header}VALUE = 1\n"
    assert (project / "broken.py").read_bytes() == b"\xff\xfe not python"


def test_tidy_twice_changes_nothing_more(project: Path) -> None:
    run("tidy_project.py", directory=project)
    status, output = run("tidy_project.py", directory=project)
    assert status == 0
    assert "0 caches deleted, 0 names changed, 0 files rewritten" in output


def test_tidy_of_no_directory_is_refused(project: Path) -> None:
    status, output = run("tidy_project.py", "missing", directory=project)
    assert (status, output) == (2, "missing is no directory\n")
