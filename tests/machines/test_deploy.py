"""The single file on this side: made once, kept, and ours."""

from __future__ import annotations

import threading
from pathlib import Path

from shannot.machines.deploy import Program, own_program


def test_machines_that_are_reached_at_once_share_the_single_file_that_is_made(
    tmp_path: Path,
) -> None:
    """Each thread made one under the same temporary name, and all but one failed."""
    begin = threading.Barrier(4)
    made: list[Program] = []

    def reach() -> None:
        begin.wait(20)
        made.append(own_program(str(tmp_path / "program")))

    threads = [threading.Thread(target=reach) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == 4
    assert len(set(made)) == 1
    assert [path.suffix for path in (tmp_path / "program").iterdir()] == [".pyz"]
