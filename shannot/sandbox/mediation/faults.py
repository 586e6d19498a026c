"""A mistake of ours, in words that can be told. Loaded where there is one."""

from __future__ import annotations

FAULTS_KEPT = 20
"""Of one run: where each happened."""


def keep(faults: list[str], fault: Exception, what: str) -> None:
    """Remember a mistake of ours by its place, never by its values: they are the script's."""
    if len(faults) >= FAULTS_KEPT:
        return
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        name = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
        place = f" at {name}:{trace.tb_lineno}"
    faults.append(f"{what}: {type(fault).__name__}{place}")
