"""The second half of the `pypy` table: calls that many scripts never make. Groups by topic."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .pypy_layouts import Platform
    from .table import Row


def rows(platform: Platform) -> list[Row]:
    """All other rows."""
    from . import pypy_files, pypy_libc, pypy_names, pypy_processes, pypy_refused, pypy_times

    return [
        *pypy_files.rows(platform),
        *pypy_names.rows(platform),
        *pypy_times.rows(),
        *pypy_libc.rows(),
        *pypy_processes.rows(),
        *pypy_refused.rows(),
    ]
