"""Connecting to another machine, for every face with `--target`: told where it takes long."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from shannot.cli.progress import Waiting
from shannot.escape import escape
from shannot.workflows import far

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shannot.workflows.far import There
    from shannot.workflows.request import Caller


@contextmanager
def reach(caller: Caller, name: str) -> Iterator[There]:
    """As `workflows.far.reach`, which may have to send the single file first."""
    with ExitStack() as stack:
        with Waiting(f"reaching {escape(name[:80])}"):
            there = stack.enter_context(far.reach(far.Machines(caller), name))
        yield there
