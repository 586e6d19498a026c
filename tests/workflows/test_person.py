from __future__ import annotations

import os
from pathlib import Path

from shannot.sessions.decision import Person
from shannot.workflows.person import person
from shannot.workflows.request import Caller

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIGBzDmHTNm2H9TlTSEy4LcEwUk0dJSvWNt9v1u7M5kZJ"


def caller(home: Path, **environment: str) -> Caller:
    return Caller({"HOME": str(home), **environment}, "/", "/usr/bin/python3", os.getuid())


def login(home: Path, line: str) -> Caller:
    (home / "auth").write_text(line)
    return caller(
        home, SSH_USER_AUTH=str(home / "auth"), SSH_CONNECTION="192.0.2.7 5022 192.0.2.1 22"
    )


def test_a_local_user_has_a_name_a_number_and_a_terminal(tmp_path: Path) -> None:
    found = caller(tmp_path)
    assert person(found, "/dev/pts/3") == Person(found.user, os.getuid(), "/dev/pts/3")


def test_the_key_of_a_login_goes_by_its_comment(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    lines = f'# mine\nrestrict,command="a b" ssh-ed25519 {KEY} ann at work\n'
    (tmp_path / ".ssh/authorized_keys").write_text(lines)
    found = person(login(tmp_path, f"publickey ssh-ed25519 {KEY}\n"), "no terminal")
    assert (found.key, found.address) == ("ann at work", "192.0.2.7")


def test_a_key_without_a_comment_goes_by_its_fingerprint(tmp_path: Path) -> None:
    found = person(login(tmp_path, f"publickey ssh-ed25519 {KEY}\n"), "--yes")
    assert found.key.startswith("SHA256:")
    assert len(found.key) == len("SHA256:") + 43


def test_a_file_of_nonsense_is_no_key(tmp_path: Path) -> None:
    for line in ("", "publickey", "publickey ssh-ed25519 !!!", "password", "\0" * 100):
        assert person(login(tmp_path, line), "x").key == ""
    for place in ("relative", "/dev/zero", "/nowhere", str(tmp_path), "/\0"):
        assert person(caller(tmp_path, SSH_USER_AUTH=place), "x").key == ""
