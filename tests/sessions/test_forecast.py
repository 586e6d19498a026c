from __future__ import annotations

import os
from pathlib import Path

import pytest

from shannot.effects.model import ChangeMode, DeletePath, MakeLink, MovePath, WriteFile
from shannot.sessions.forecast import Forecast
from shannot.sessions.foresight import Operator, foresee
from shannot.sessions.place import ConflictError
from tests.sessions.worlds import fingerprint

ROOT = Operator(0, 0, frozenset())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = Path(os.path.realpath(tmp_path))
    (root / "d").mkdir()
    (root / "d/file").write_bytes(b"x")
    (root / "link").symlink_to("d/../d/file")
    (root / "loop").symlink_to("loop")
    return root


def test_a_program_is_found_through_links_as_the_kernel_does(root: Path) -> None:
    forecast = Forecast()
    found = forecast.resolve(f"{root}/link")
    assert found is forecast.find(f"{root}/d/file")
    assert forecast.resolve(f"{root}/loop") is None
    assert forecast.resolve(f"{root}/none") is None
    assert forecast.resolve(f"{root}/d/file/x") is None


def test_nothing_on_the_host_changes(root: Path) -> None:
    forecast = Forecast()
    before = fingerprint(root / "d/file")
    foresee(forecast, WriteFile(f"{root}/d/file", before, before), ROOT)
    foresee(forecast, ChangeMode(f"{root}/d/file", before.mode, 0o600), ROOT)
    foresee(forecast, MakeLink(f"{root}/new", "x"), ROOT)
    foresee(forecast, DeletePath(f"{root}/loop", fingerprint(root / "loop")), ROOT)
    assert sorted(os.listdir(root)) == ["d", "link", "loop"]
    assert fingerprint(root / "d/file") == before
    assert forecast.find(f"{root}/loop") is None


def test_an_effect_is_compared_with_what_the_one_before_leaves(root: Path) -> None:
    forecast = Forecast()
    before = fingerprint(root / "d/file")
    move = MovePath(f"{root}/d/file", f"{root}/moved", before)
    foresee(forecast, move, ROOT)
    with pytest.raises(ConflictError, match="is not there any more"):
        foresee(forecast, move, ROOT)
    foresee(forecast, ChangeMode(f"{root}/moved", before.mode, 0o600), ROOT)
    with pytest.raises(ConflictError, match="its mode is 0600 now"):
        foresee(forecast, DeletePath(f"{root}/moved", before), ROOT)


def test_a_file_cannot_be_moved_over_its_other_name(root: Path) -> None:
    (root / "second").hardlink_to(root / "d/file")
    before = fingerprint(root / "second")
    move = MovePath(f"{root}/second", f"{root}/d/file", before, before)
    with pytest.raises(ConflictError, match="another name"):
        foresee(Forecast(), move, ROOT)


def test_a_user_changes_only_files_whose_owner_stays() -> None:
    user = Operator(1000, 100, frozenset({4}))
    user.check_owner("/x", (1000, 4))
    Operator(0, 0, frozenset()).check_owner("/x", (7, 7))
    for owner in ((0, 100), (1000, 5)):
        with pytest.raises(ConflictError, match="/x: only"):
            user.check_owner("/x", owner)
