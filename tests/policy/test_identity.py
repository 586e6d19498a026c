from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from shannot.policy.identity import find_program, flaw_of, identify


def test_a_name_is_looked_up_in_the_fixed_path_only(tmp_path: Path) -> None:
    assert find_program("sh") in ("/usr/bin/sh", "/bin/sh")
    assert find_program("no-such-program") is None
    for word in ("./sh", "../bin/sh", "", ".", ".."):
        assert find_program(word) is None
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert find_program("tool") is None
    assert find_program("tool", str(tmp_path)) == str(tool)


def test_a_program_is_known_by_path_device_inode_and_contents() -> None:
    identity = identify("/bin/sh")
    assert identity is not None
    real = os.path.realpath("/bin/sh")
    status = os.stat(real)
    assert (identity.path, identity.device, identity.inode) == (real, status.st_dev, status.st_ino)
    assert identity.sha256 == hashlib.sha256(Path(real).read_bytes()).hexdigest()


def test_a_program_below_a_directory_that_others_can_write_has_a_flaw(tmp_path: Path) -> None:
    place = tmp_path / "bin"
    place.mkdir()
    tool = place / "tool"
    tool.write_text("x")
    tool.chmod(0o755)
    place.chmod(0o777)
    identity = identify(str(tool), {0, os.getuid()})
    assert identity is not None
    assert identity.flaw != ""
    assert identity.sha256 == hashlib.sha256(b"x").hexdigest()


def test_a_file_of_another_user_has_a_flaw() -> None:
    status = os.stat(sys.executable)
    assert "belongs to user" in flaw_of(status, {status.st_uid + 1})
    assert flaw_of(os.stat("/"), {os.stat("/").st_uid}) == ""


def test_what_is_no_program_has_no_identity(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "plain").write_text("x")
    os.mkfifo(tmp_path / "pipe", 0o755)
    for name in ("missing", "loop", "plain", "pipe", "plain/below"):
        assert identify(str(tmp_path / name)) is None
    for path in ("", "sh", "/bin/s\0h", "/usr/bin"):
        assert identify(path) is None


def test_contents_are_hashed_again_after_a_change(tmp_path: Path) -> None:
    hashes: dict[str, str] = {}
    tool = tmp_path / "tool"
    found = set()
    for contents in ("one", "two"):
        tool.write_text(contents)
        tool.chmod(0o755)
        os.utime(tool, ns=(1, 1))
        identity = identify(str(tool), {0, os.getuid()}, hashes)
        assert identity is not None
        found.add(identity.sha256)
    assert len(found) == 2
