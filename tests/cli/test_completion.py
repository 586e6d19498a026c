"""Completion, in the shells themselves."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from shannot.cli.catalog import outlines
from shannot.cli.completion.places import places
from shannot.cli.outline import Outline
from tests.cli.places import Place

PLACES = list(places(outlines()))


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """With a program `shannot` in PATH, and files to complete."""
    place = Place(tmp_path)
    directory = place.home / "bin"
    directory.mkdir()
    program = f'#!/bin/sh\nexec {sys.executable} -m shannot "$@"\n'
    (directory / "shannot").write_text(program)
    (directory / "shannot").chmod(0o755)
    place.environment["PATH"] = f"{directory}:/usr/bin:/bin"
    place.environment["LC_ALL"] = "C.UTF-8"
    (place.project / "script one.py").write_text("")
    config = place.home / ".config" / "shannot"
    config.mkdir(parents=True, mode=0o700)
    (config / "config.toml").write_text("[profiles.mine-1]\nalways_deny = ['halt']\n")
    return place


def completion(place: Place, name: str) -> str:
    """The path of the script for a shell; skips where there is no such shell."""
    shell(name)
    result = place.shannot("completion", name)
    assert (result.returncode, result.stderr) == (0, b"")
    path = place.home / f"completion.{name}"
    path.write_bytes(result.stdout)
    return str(path)


def flags_of(each: Outline) -> set[str]:
    return {flag for argument in each.arguments for flag in argument.flags}


def in_bash(place: Place, lines: Sequence[Sequence[str]]) -> list[list[str]]:
    """What bash would offer for the last word of each command line."""
    script = [f"source {completion(place, 'bash')}"]
    for words in lines:
        quoted = " ".join("'" + word + "'" for word in words)
        script.append(f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _shannot")
        script.append("printf '%s\\n' \"${COMPREPLY[@]}\" END")
    result = subprocess.run(
        [shell("bash"), "--norc", "-c", "\n".join(script)],
        env=place.environment,
        cwd=place.project,
        capture_output=True,
        timeout=60,
    )
    assert result.stderr == b""
    found: list[list[str]] = [[]]
    for line in result.stdout.decode().splitlines():
        if line == "END":
            found.append([])
        elif line:
            found[-1].append(line)
    return found[:-1]


def test_bash_offers_every_command_part_and_option(place: Place) -> None:
    commands, *offered = in_bash(
        place, [["shannot", ""], *(["shannot", *each.words, "-"] for each in PLACES)]
    )
    assert set(commands) == {each.words[0] for each in PLACES if len(each.words) == 1}
    for each, found in zip(PLACES, offered, strict=True):
        assert set(found) == flags_of(each), each.words
    with_parts = [each for each in PLACES if each.parts]
    assert with_parts
    for each, found in zip(
        with_parts, in_bash(place, [["shannot", *e.words, ""] for e in with_parts]), strict=True
    ):
        assert set(found) == {part.words[-1] for part in each.parts}


def test_bash_knows_what_follows_an_option(place: Place) -> None:
    session = place.session()
    script = "script one.py"
    cases: list[tuple[list[str], list[str]]] = [
        (["run", "--vi"], ["--view"]),
        (["run", "--view", ""], ["project", "system"]),
        (["run", "--view", "=", "sy"], ["system"]),
        (["run", "--view", "="], ["project", "system"]),
        (["run", "--timeout", ""], []),
        (["run", "--env", "A", "=", "b", "--vi"], ["--view"]),
        (["run", "-q", "scr"], [script]),
        (["run", script, "--vi"], []),
        (["run", script, "app"], ["app.conf"]),
        (["run", "-c", "pass", "--vi"], []),
        (["run", "-c", "pass", "app"], ["app.conf"]),
        (["show", ""], [session]),
        (["show", "--json", session[:9]], [session]),
        (["approve", session, session[:9]], [session]),
        (["diff", "--effects", ""], []),
        (["run", "--profile", "o"], ["ops"]),
        (["run", "--profile", "mine"], ["mine-1"]),
        (["run", "--profile", "=", "re"], ["readonly"]),
        (["run", "--profile", "app"], ["app.conf"]),
        (["profile", "show", "min"], ["mine-1", "minimal"]),
        (["mcp", "--profile", "diag"], ["diagnostics"]),
        (["completion", "z"], ["zsh"]),
        (["help", "trou"], ["troubleshooting"]),
        (["help", "ro"], ["rollback"]),
        (["setup", "pypy", "--from", "app"], ["app.conf"]),
        (["setup", "pypy", "--fo"], ["--force"]),
        (["setup", "mcp", "--client", "vs"], ["vscode"]),
        (["audit", "list", "--session", ""], [session]),
        (["frobnicate", "-"], []),
    ]
    found = in_bash(place, [["shannot", *words] for words, _ in cases])
    assert [(words, got) for (words, _), got in zip(cases, found, strict=True)] == cases


def in_fish(place: Place, lines: Sequence[str]) -> list[set[str]]:
    script = [f"source {completion(place, 'fish')}"]
    for line in lines:
        quoted = line.replace("\\", "\\\\").replace("'", "\\'")
        script.append(f"complete -C '{quoted}'; echo END")
    result = subprocess.run(
        [shell("fish"), "--no-config", "-c", "\n".join(script)],
        env={**place.environment, "XDG_DATA_HOME": str(place.home / "data")},
        cwd=place.project,
        capture_output=True,
        timeout=60,
    )
    assert result.stderr == b""
    found: list[set[str]] = [set()]
    for line in result.stdout.decode().splitlines():
        if line == "END":
            found.append(set())
        else:
            found[-1].add(line.partition("\t")[0])
    return found[:-1]


def test_fish_offers_every_command_part_and_option(place: Place) -> None:
    leaves = [each for each in PLACES if not each.parts]
    commands, *offered = in_fish(
        place, ["shannot ", *(f"shannot {' '.join(each.words)} -" for each in leaves)]
    )
    assert commands == {each.words[0] for each in PLACES if len(each.words) == 1}
    for each, found in zip(leaves, offered, strict=True):
        assert flags_of(each) <= found, each.words
    with_parts = [each for each in PLACES if each.parts]
    parts = in_fish(place, [f"shannot {each.words[0]} " for each in with_parts])
    for each, found in zip(with_parts, parts, strict=True):
        assert found == {part.words[-1] for part in each.parts}


def test_fish_knows_what_follows_an_option(place: Place) -> None:
    session = place.session()
    cases: list[tuple[str, set[str]]] = [
        ("shannot run --vi", {"--view"}),
        ("shannot run --view ", {"project", "system"}),
        ("shannot run --view=sy", {"--view=system"}),
        ("shannot run --timeout ", set()),
        ("shannot run -q scr", {"script one.py"}),
        ("shannot run s.py --vi", set()),
        ("shannot run s.py app", {"app.conf"}),
        ("shannot run -c pass --vi", set()),
        ("shannot run --view system --dr", {"--dry-run"}),
        ("shannot show ", {session}),
        ("shannot completion z", {"zsh"}),
        ("shannot help trou", {"troubleshooting"}),
        ("shannot setup pypy --from app", {"app.conf"}),
        ("shannot setup mcp --client vs", {"vscode"}),
        ("shannot audit list --session ", {session}),
        ("shannot diff --effects ", set()),
        ("shannot run --profile op", {"ops"}),
        ("shannot run --profile min", {"mine-1", "minimal"}),
        ("shannot run --profile app", {"app.conf"}),
        ("shannot profile show diag", {"diagnostics"}),
        ("shannot mcp --profile diag", {"diagnostics"}),
    ]
    found = in_fish(place, [line for line, _ in cases])
    assert [(line, got) for (line, _), got in zip(cases, found, strict=True)] == cases


ZSH_SETUP = """
PS1='READY> '; unsetopt zle_bracketed_paste 2>/dev/null
autoload -Uz compinit; compinit -u -D
source {completion}
zstyle ':completion:*' menu no
zstyle ':completion:*' list-prompt ''; LISTMAX=1000
compadd() {{
    if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
    local -a hits; builtin compadd -O hits "$@"; print -rl -- $hits >> {home}/offered
    builtin compadd "$@"
}}
print END >> {home}/offered
"""


class Zsh:
    """An interactive zsh on a terminal of its own."""

    def __init__(self, place: Place) -> None:
        self._offered = place.home / "offered"
        (place.home / "setup.zsh").write_text(
            ZSH_SETUP.format(home=place.home, completion=completion(place, "zsh"))
        )
        program = shell("zsh")
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            try:
                os.chdir(place.project)
                os.execve(program, [program, "-f", "-i"], {**place.environment, "TERM": "dumb"})
            finally:
                os._exit(99)
        self._shown = b""
        self._type(f"source {place.home}/setup.zsh\n")
        self._wait()

    def offers(self, line: str) -> set[str]:
        """What Tab offers at the end of a command line."""
        self._offered.write_text("")
        self._type(f"{line}\t")
        self._read_for(0.02)
        self._type(f"\x15print END >> {self._offered}\n")
        return set(self._wait()) - {""}

    def close(self) -> None:
        os.kill(self._pid, 9)
        os.waitpid(self._pid, 0)
        os.close(self._master)

    def _wait(self) -> list[str]:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            self._read_for(0.02)
            lines = self._offered.read_text().splitlines() if self._offered.exists() else []
            if "END" in lines:
                return lines[: lines.index("END")]
        raise AssertionError(self._shown.decode(errors="replace"))

    def _type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def _read_for(self, seconds: float) -> None:
        while select.select([self._master], [], [], seconds)[0]:
            try:
                self._shown += os.read(self._master, 65536)
            except OSError:
                return


def test_zsh_offers_what_the_parsers_know(place: Place) -> None:
    session = place.session()
    zsh = Zsh(place)
    try:
        assert zsh.offers("shannot ") == {e.words[0] for e in PLACES if len(e.words) == 1}
        for each in PLACES:
            if not each.parts:
                line = f"shannot {' '.join(each.words)} -"
                offered = {word.rstrip("=") for word in zsh.offers(line)}
                assert flags_of(each) <= offered, each.words
        cases: list[tuple[str, set[str]]] = [
            ("shannot setup ", {"pypy", "mcp", "key"}),
            ("shannot run --view ", {"project", "system"}),
            ("shannot run --view=", {"project", "system"}),
            ("shannot run --timeout ", set()),
            ("shannot run s.py --vi", set()),
            ("shannot run -c pass --vi", set()),
            ("shannot show ", {session}),
            ("shannot completion z", {"zsh"}),
            ("shannot help trou", {"troubleshooting"}),
            ("shannot setup mcp --client vs", {"vscode"}),
            ("shannot audit list --session ", {session}),
            ("shannot run --profile op", {"ops"}),
            ("shannot run --profile=min", {"mine-1", "minimal"}),
            ("shannot profile show diag", {"diagnostics"}),
            ("shannot mcp --profile diag", {"diagnostics"}),
        ]
        assert [(line, zsh.offers(line)) for line, _ in cases] == cases
        for line in (
            "shannot run app",
            "shannot run s.py app",
            "shannot setup pypy --from app",
            "shannot run --profile app",
        ):
            assert "app.conf" in zsh.offers(line), line
    finally:
        zsh.close()


def test_an_unknown_shell_is_named(place: Place) -> None:
    result = place.shannot("completion", "tcsh")
    assert result.returncode == 2
    assert b"tcsh" in result.stderr
