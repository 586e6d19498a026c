"""What every test finds, however the suite was started."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

_DESCRIPTORS = 150

# How fast a test draws its values, on whatever machine, is no finding of it.
settings.register_profile("shannot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shannot")

for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    # A job in the background, or under nohup(1), ignores them, and so would every program that a
    # test starts: one that presses Ctrl-C would wait for ever.
    if signal.getsignal(number) == signal.SIG_IGN:
        default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, default)


@pytest.fixture(autouse=True)
def descriptors() -> Iterator[None]:
    """A run's tree is cycles that hold descriptors: one process for thousands of runs, which no
    program of ours is, would have more than select(2) takes before they are collected."""
    yield
    if len(os.listdir("/proc/self/fd")) > _DESCRIPTORS:
        gc.unfreeze()
        gc.collect()
