"""What several of these tests talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.pypy_child import Conversation


@pytest.fixture
def conversation(tmp_path: Path) -> Iterator[Conversation]:
    """A scripted child whose memory is looked into; no fault of ours is left at its end."""
    found = Conversation(tmp_path, direct=True)
    yield found
    found.close()
    assert found.mediator.faults == []
