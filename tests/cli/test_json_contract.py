"""The one document of `--json`: every subcommand, its success and its error, by real processes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shannot import __version__
from shannot.cli.catalog import outlines
from shannot.cli.completion.places import places
from shannot.cli.envelope import FORMAT
from tests.cli.places import Place
from tests.fakes import pypys

PROTOCOLS = {("mcp",), ("serve",)}
"""What speaks a protocol of its own on stdout."""
SESSION = {"id", "state", "digest", "decision", "results"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4Wn0r4mM1mFcxs1j8fUe0QbK1pZB0w6zG3j3b1yq2V me\n"

Words = tuple[str, ...]
CALLS: dict[Words, tuple[Words, set[str]]] = {
    ("run",): (("-c", "print('x')"), {
        "status", "limit", "complete", "session", "waiting", "effects", "stdout", "stderr",
        "denied", "missing", "hidden", "sockets_refused", "notes",
    }),
    ("list",): ((), {"sessions", "unreadable"}),
    ("show",): (("ID",), {"id", "state", "script", "digest", "effects", "complete", "decision"}),
    ("diff",): (("ID",), {"id", "diffs"}),
    ("approve",): (("ID", "--yes"), SESSION),
    ("execute",): (("ID",), SESSION),
    ("resume",): (("ID",), {"status", "session", "waiting", "effects"}),
    ("rollback",): (("ID", "--yes"), {"id", "state"}),
    ("reject",): (("OTHER", "--reason", "no"), SESSION),
    ("audit", "list"): ((), {"records", "unreadable"}),
    ("audit", "export"): ((), {"records", "unreadable"}),
    ("audit", "show"): (("1",), {"event"}),
    ("audit", "verify"): ((), {"whole", "records", "sha256", "findings"}),
    ("prune",): (("--dry-run",), {"removed"}),
    ("explain",): (("--", "ls"), {"decision", "rule", "reason", "where"}),
    ("setup", "pypy"): (("--from", "ARCHIVES"), {"part", "action"}),
    ("setup", "mcp"): ((), {"part", "client", "action", "text"}),
    ("setup", "key"): (("KEY",), {"part", "name", "verbs", "line"}),
    ("status",): ((), {
        "version", "python", "system", "runtimes", "configuration", "state", "sessions",
        "waiting", "problems",
    }),
    ("doctor",): ((), {"works", "parts"}),
    ("remote", "add"): (("web", "ops@web.example"), {"part", "name", "path"}),
    ("remote", "list"): ((), {"part", "remotes"}),
    ("remote", "remove"): (("web",), {"part", "name", "path"}),
    ("profile", "list"): ((), {"profiles"}),
    ("profile", "show"): (("ops",), {"name", "ordinary_tools"}),
    ("profile", "check"): (("PROFILE",), {"file", "rules"}),
    ("profile", "suggest"): (("ASKED",), {"session", "auto_approve", "left_out"}),
    ("completion",): (("bash",), {"shell", "script"}),
    ("help",): (("json",), {"words", "text"}),
}  # fmt: skip
"""By command: words that succeed, in this order one after the other, and keys of the result that
stay as long as FORMAT does."""
FAILURES: dict[Words, tuple[Words, int, str]] = {
    ("run",): (("nowhere.py",), 127, "NotFoundError"),
    ("show",): (("nothing",), 127, "NotFoundError"),
    ("diff",): (("nothing",), 127, "NotFoundError"),
    ("approve",): (("nothing", "--yes"), 127, "NotFoundError"),
    ("execute",): (("nothing",), 127, "NotFoundError"),
    ("rollback",): (("nothing",), 127, "NotFoundError"),
    ("reject",): (("nothing", "--reason", "no"), 127, "NotFoundError"),
    ("resume",): (("nothing",), 127, "NotFoundError"),
    ("audit", "show"): (("99999",), 127, "NotFoundError"),
    ("setup", "pypy"): (("--from", "nowhere"), 127, "NotFoundError"),
    ("setup", "mcp"): (("--remove",), 2, "UsageError"),
    ("remote", "test"): (("nothing",), 127, "NotFoundError"),
    ("remote", "deploy"): (("nothing",), 127, "NotFoundError"),
    ("remote", "remove"): (("nothing",), 127, "NotFoundError"),
    ("profile", "check"): (("nowhere.toml",), 2, "UsageError"),
    ("profile", "suggest"): (("nothing",), 127, "NotFoundError"),
    ("help",): (("nothing",), 2, "UsageError"),
}
"""What cannot be: the exit code and the kind. Every command is also given an unknown option."""


def commands() -> set[Words]:
    return {each.words for each in places(outlines()) if not each.parts} - PROTOCOLS


def document(output: bytes, command: str) -> dict[str, Any]:
    """The one line, with what is in every document."""
    assert output.endswith(b"\n")
    assert output.count(b"\n") == 1
    found = json.loads(output.decode("ascii"))
    assert (found["shannot"], found["format"], found["command"]) == (__version__, FORMAT, command)
    assert set(found) == {
        "shannot",
        "format",
        "command",
        "ok",
        "result" if found["ok"] else "error",
    }
    return found


def test_every_command_is_tried_here() -> None:
    needs_a_machine = {("remote", "test"), ("remote", "deploy")}
    assert set(CALLS) | needs_a_machine == commands(), "tests/machines tries these two"
    assert set(FAILURES) <= commands()


def words_of(place: Place, base: Path) -> dict[str, str]:
    """What the placeholders in the tables stand for."""
    archives = base / "archives"
    archives.mkdir()
    (archives / "program.tar.gz").write_bytes(pypys.program_archive())
    (archives / "library.tar.bz2").write_bytes(pypys.library_archive())
    (base / "p.toml").write_text('always_deny = ["rm"]\n')
    (base / "p.toml").chmod(0o600)
    (base / "key.pub").write_text(KEY)
    asked = place.shannot("run", "--json", "-c", "import os; os.system('systemctl stop x')")
    return {
        "ID": place.session(),
        "OTHER": place.session(),
        "ASKED": json.loads(asked.stdout)["result"]["session"],
        "ARCHIVES": str(archives),
        "PROFILE": str(base / "p.toml"),
        "KEY": str(base / "key.pub"),
    }


def test_what_every_command_gives_is_the_one_document(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.environment["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    words = words_of(place, tmp_path)
    for command, (given, keys) in CALLS.items():
        asked = (words.get(word, word) for word in given)
        result = place.shannot(*command, "--json", *asked)
        assert result.returncode == 0, (command, result.stdout, result.stderr)
        found = document(result.stdout, command[0])
        assert found["ok"] is True, command
        assert keys <= set(found["result"]), (command, keys - set(found["result"]))


@pytest.mark.parametrize("command", FAILURES, ids=" ".join)
def test_an_error_is_the_same_document_and_the_exit_code_its_own(
    command: Words, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    given, code, kind = FAILURES[command]
    result = place.shannot(*command, "--json", *given)
    assert (result.returncode, result.stderr) == (code, b"")
    error = document(result.stdout, command[0])["error"]
    assert (error["kind"], error["exit_code"]) == (kind, code)
    assert error["message"]
    assert "\n" not in error["message"]


def test_a_wrong_command_line_is_told_in_a_document_as_well(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for command in sorted(commands()):
        result = place.shannot(*command, "--json", "--no-such-option")
        assert (result.returncode, result.stderr) == (2, b""), command
        error = document(result.stdout, command[0])["error"]
        assert (error["kind"], error["exit_code"]) == ("UsageError", 2)


def test_the_page_about_json_names_only_keys_that_there_are(tmp_path: Path) -> None:
    from shannot.cli.help import topic

    table = topic("json").text.partition("WHAT STANDS IN")[2]
    told = dict(re.findall(r"^    (\w+) +(.*)$", table, re.MULTILINE))
    assert told
    for command, text in told.items():
        names = {name.strip() for name in re.sub(r"\([^)]*\)|;.*", "", text).split(",")}
        assert names - {"…"} <= CALLS[(command,)][1], command
