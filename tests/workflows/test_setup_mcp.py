"""Somebody else's configuration file: what is kept of it, and when it is left alone."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from shannot.errors import UsageError
from shannot.workflows.setup_mcp import CLIENTS, place, printed, remove_mcp, setup_mcp

COMMAND = ["/usr/bin/shannot", "mcp", "--project-only"]
CURSOR = CLIENTS["cursor"]


def test_what_the_file_held_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    before = '{\n    "other": [1, "ü"],\n    "mcpServers": {"x": {"command": "y"}}\n}\n'
    path.write_text(before)
    path.chmod(0o640)
    report = setup_mcp(CURSOR, str(path), COMMAND)
    assert report.action == "added"
    assert Path(report.backup or "").read_text() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert '    "other"' in path.read_text()
    found = json.loads(path.read_text())
    assert found["other"] == [1, "ü"]
    assert found["mcpServers"]["x"] == {"command": "y"}
    assert found["mcpServers"]["shannot"] == {
        "command": "/usr/bin/shannot",
        "args": ["mcp", "--project-only"],
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root edits the files of others")
def test_a_file_that_root_edits_stays_its_user_s(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("{}")
    os.chown(path, 65534, 65533)
    report = setup_mcp(CURSOR, str(path), COMMAND)
    for each in (path, Path(report.backup or "")):
        assert (each.stat().st_uid, each.stat().st_gid) == (65534, 65533)


def test_a_second_time_changes_nothing_and_other_options_bring_it_up_to_date(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "deep" / "mcp.json")
    assert setup_mcp(CURSOR, path, COMMAND).action == "added"
    assert setup_mcp(CURSOR, path, COMMAND).action == "unchanged"
    assert setup_mcp(CURSOR, path, COMMAND[:2]).action == "changed"
    assert sorted(os.listdir(tmp_path / "deep")) == ["mcp.json", "mcp.json.before-shannot-1"]


def test_removing_puts_back_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text('{"mcpServers": {"x": {}}, "y": 1}')
    setup_mcp(CURSOR, str(path), COMMAND)
    assert remove_mcp(CURSOR, str(path)).action == "removed"
    assert json.loads(path.read_text()) == {"mcpServers": {"x": {}}, "y": 1}
    assert remove_mcp(CURSOR, str(path)).action == "absent"
    assert remove_mcp(CURSOR, str(tmp_path / "none")).action == "absent"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "7",
        '{"mcpServers": []}',
        '{"a": 1, "a": 2}',
        "// a comment\n{}",
        "[" * 100_000,
        "\x00",
        '{"mcpServers": null}',
    ],
)
def test_what_cannot_be_read_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        setup_mcp(CURSOR, str(path), COMMAND)
    assert "\n" not in str(caught.value)
    assert path.read_text() == text
    assert os.listdir(tmp_path) == ["mcp.json"]


def test_a_link_into_a_collection_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "mcp.json"
    real.parent.mkdir()
    real.write_text("{}")
    link = tmp_path / "mcp.json"
    link.symlink_to(real)
    setup_mcp(CURSOR, str(link), COMMAND)
    assert link.is_symlink()
    assert "shannot" in json.loads(real.read_text())["mcpServers"]


def test_an_empty_file_is_one_without_servers(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("\n")
    assert setup_mcp(CURSOR, str(path), COMMAND).action == "added"


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Not a directory"):
        setup_mcp(CURSOR, str(tmp_path / "file" / "mcp.json"), COMMAND)


def test_where_each_client_keeps_its_file() -> None:
    assert place(CLIENTS["cursor"], "/home/u", "/x") == "/home/u/.cursor/mcp.json"
    assert place(CLIENTS["vscode"], "/home/u", None) == "/home/u/.config/Code/User/mcp.json"
    assert place(CLIENTS["vscode"], "/home/u", "/x") == "/x/Code/User/mcp.json"
    with pytest.raises(UsageError):
        place(CLIENTS["cursor"], "", None)


def test_an_entry_of_a_client_that_wants_a_type_has_one(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    setup_mcp(CLIENTS["vscode"], str(path), COMMAND)
    assert json.loads(path.read_text())["servers"]["shannot"]["type"] == "stdio"
    assert json.loads(printed(COMMAND))["mcpServers"]["shannot"]["args"] == COMMAND[1:]


def test_half_a_character_in_an_escape_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text('{"a": "x\\ud800y\\\\ud800", "\\udcff": "ü\\ud83d\\ude00"}')
    before = json.loads(path.read_text())
    assert setup_mcp(CURSOR, str(path), COMMAND).action == "added"
    after = json.loads(path.read_text())
    assert after.pop("mcpServers")["shannot"]["command"] == COMMAND[0]
    assert after == before
    assert remove_mcp(CURSOR, str(path)).action == "removed"
    assert json.loads(path.read_text()) == {**before, "mcpServers": {}}


@pytest.mark.parametrize("number", ["1e999", "0.1234567890123456789012", "NaN", "-Infinity"])
def test_a_number_that_would_not_be_kept_is_left_alone(tmp_path: Path, number: str) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(f'{{"a": {number}}}')
    with pytest.raises(UsageError, match="numb"):
        setup_mcp(CURSOR, str(path), COMMAND)
    assert path.read_text() == f'{{"a": {number}}}'
    assert os.listdir(tmp_path) == ["mcp.json"]


def test_numbers_that_can_be_kept_are(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text('{"a": [1.5, 1e3, -0.0, 123456789012345678901234567890]}')
    setup_mcp(CURSOR, str(path), COMMAND)
    kept = json.loads(path.read_text())["a"]
    assert kept == [1.5, 1e3, -0.0, 123456789012345678901234567890]


def test_a_fifo_in_the_file_s_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mcp.json")
    with pytest.raises(UsageError, match="not a regular file"):
        setup_mcp(CURSOR, str(tmp_path / "mcp.json"), COMMAND)
