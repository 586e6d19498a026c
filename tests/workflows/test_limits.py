"""What bounds a run where nobody said so, and where somebody did."""

from __future__ import annotations

import os

from shannot.workflows.choices import make_limits


def test_processor_time_is_bounded_by_the_time_there_is_unless_it_is_named() -> None:
    processors = len(os.sched_getaffinity(0))
    assert make_limits(None, {}).cpu == 300 * processors
    assert make_limits(None, {"timeout": 10.0}).cpu == 10 * processors
    assert make_limits(None, {"timeout": 10.0, "cpu": 3.0}).cpu == 3


def test_a_time_limit_of_a_fraction_leaves_processor_time_for_all_of_it() -> None:
    """0 seconds of it, as rounded down, were hit at once, and `--cpu` was named for `--timeout`."""
    processors = len(os.sched_getaffinity(0))
    assert make_limits(None, {"timeout": 0.25}).cpu >= 1
    assert make_limits(None, {"timeout": 0.9}).cpu >= 0.9 * processors
    assert make_limits(None, {"timeout": 1.9}).cpu >= 1.9 * processors
    assert make_limits(None, {"timeout": 2.0}).cpu == 2 * processors
