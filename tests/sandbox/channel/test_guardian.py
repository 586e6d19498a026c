from __future__ import annotations

import os
from pathlib import Path

from shannot.sandbox.channel import guardian


def test_a_directory_is_removed_with_its_links_and_not_what_they_lead_to(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept")
    private = tmp_path / "private"
    (private / "below").mkdir(parents=True)
    (private / "below" / "file").write_text("x")
    (private / "directory").symlink_to(elsewhere)
    (private / "file").symlink_to(elsewhere / "kept")
    guardian.remove(os.fsencode(private))
    assert not private.exists()
    assert (elsewhere / "kept").read_text() == "kept"


def test_a_link_in_the_place_of_the_directory_is_removed_alone(tmp_path: Path) -> None:
    """`os.walk` follows the one that it is given, so all behind it was removed."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "below").mkdir(parents=True)
    (elsewhere / "below" / "kept").write_text("kept")
    link = tmp_path / "private"
    link.symlink_to(elsewhere)
    guardian.remove(os.fsencode(link))
    assert not link.is_symlink()
    assert (elsewhere / "below" / "kept").read_text() == "kept"
