from __future__ import annotations

import pytest

from shannot.effects.history import origin
from shannot.effects.model import (
    DeletePath,
    Effect,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    WriteFile,
)

FILE = Fingerprint("file", 0o755, "aa" * 32, 1)
OTHER = Fingerprint("file", 0o755, "bb" * 32, 1)
DIRECTORY = Fingerprint("directory", 0o755)


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ([], ("/d/tool", "")),
        ([WriteFile("/d/tool", None, FILE)], (None, "aa" * 32)),
        ([WriteFile("/d/tool", None, FILE), WriteFile("/d/tool", FILE, OTHER)], (None, "bb" * 32)),
        ([WriteFile("/d/too", None, FILE)], ("/d/tool", "")),
        ([MovePath("/x", "/d/tool", FILE)], (None, "aa" * 32)),
        ([MovePath("/x", "/d", DIRECTORY)], ("/x/tool", "")),
        ([WriteFile("/x/tool", None, FILE), MovePath("/x", "/d", DIRECTORY)], (None, "aa" * 32)),
        ([MovePath("/d", "/x", DIRECTORY)], (None, "")),
        ([DeletePath("/d", DIRECTORY)], (None, "")),
        ([DeletePath("/d/tool", FILE), WriteFile("/d/tool", None, OTHER)], (None, "bb" * 32)),
        ([DeletePath("/d", DIRECTORY), MakeDirectory("/d", 0o755)], (None, "")),
        ([MakeLink("/d/tool", "/first", hard=True)], ("/first", "")),
        ([WriteFile("/w", None, FILE), MakeLink("/d/tool", "/w", hard=True)], (None, "aa" * 32)),
        ([MakeLink("/d/tool", "/w")], (None, "")),
    ],
)
def test_what_stands_at_a_path_is_traced_back(
    effects: list[Effect], expected: tuple[str | None, str]
) -> None:
    assert origin(reversed(effects), "/d/tool") == expected
