from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from shannot.sandbox.mediation.placement import Placement

ALL = frozenset(os.sched_getaffinity(0))
pytestmark = pytest.mark.skipif(len(ALL) < 2, reason="one processor: nowhere to be placed")


@pytest.fixture
def placement() -> Iterator[Placement]:
    child = subprocess.Popen([sys.executable, "-I", "-c", "input()"], stdin=subprocess.PIPE)
    made = Placement()
    made.child = child.pid
    yield made
    made.restore()
    child.communicate(b"\n")


def places(placement: Placement) -> tuple[int, int]:
    """On how many processors this thread and the child may be."""
    return len(os.sched_getaffinity(0)), len(os.sched_getaffinity(placement.child))


def test_a_child_that_calls_often_shares_our_processor(placement: Placement) -> None:
    placement.pin()
    placement.follow(10_000, 1.0)
    assert places(placement)[0] == 1


def test_a_child_that_computes_is_let_go_and_taken_back_when_it_calls(placement: Placement) -> None:
    placement.pin()
    placement.follow(10, 1.0)
    assert places(placement) == (len(ALL), len(ALL))
    placement.follow(20_000, 1.0)
    assert places(placement) == (1, 1)


def test_a_child_with_threads_is_let_go_for_good(placement: Placement) -> None:
    placement.pin()
    placement.unpin()
    placement.follow(100_000, 1.0)
    assert places(placement) == (len(ALL), len(ALL))


def test_we_are_afterwards_where_we_were(placement: Placement) -> None:
    placement.pin()
    placement.restore()
    assert os.sched_getaffinity(0) == ALL
