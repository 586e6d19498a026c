"""Any call of an execution or a rollback that fails once: it stops cleanly, and goes on later."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from errno import EIO, ENOSPC
from pathlib import Path

import pytest

from shannot.effects.model import Fingerprint
from shannot.errors import ShannotError
from shannot.sessions.model import Session
from tests.sessions.test_apply_killed import change, prepare
from tests.sessions.worlds import World, picture

NAMES = (
    "rename", "mkdir", "unlink", "rmdir", "symlink", "link",
    "fchmod", "chmod", "ftruncate", "readlink", "sendfile",
)  # fmt: skip
OFTEN = (
    *(("write", 13), ("fsync", 7), ("pwrite", 5), ("utime", 3), ("listxattr", 5), ("fchown", 3)),
    *(("open", 31), ("read", 17), ("fstat", 31), ("stat", 37)),
)
"""Called hundreds of times: each of so many fails."""
STOPPED, DONE, NEVER_CALLED = 10, 11, 12


def failing_once(name: str, count: int, errno: int) -> Callable[[], bool]:
    """Let the count-th call of os.NAME in this process fail. The result says whether it came."""
    real, left = getattr(os, name), [count]

    def call(*arguments: object, **named: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno, os.strerror(errno))
        return real(*arguments, **named)

    setattr(os, name, call)
    return lambda: left[0] <= 0


def outcome(name: str, count: int, work: Callable[[], bool]) -> int:
    """STOPPED, DONE or NEVER_CALLED, from a process of its own in which that call fails."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            came = failing_once(name, count, EIO if count % 2 else ENOSPC)
            try:
                status = DONE if work() else STOPPED
            except (ShannotError, OSError):  # which the command line tells of in one line
                status = STOPPED
            if not came():
                status = NEVER_CALLED
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) in (STOPPED, DONE, NEVER_CALLED), (name, count)
    return os.waitstatus_to_exitcode(status)


def let_each_fail(
    tmp_path: Path,
    name: str,
    stride: int,
    work: Callable[[World, Session], bool],
    ready: Callable[[World, Session], dict[str, Fingerprint]],
    state: str,
) -> None:
    """Let the calls of os.NAME fail, one in each new world, and do the work again after it.

    ready: what is done before; returns the tree that there is to be in the end.
    """
    for count in itertools.count(1, stride):
        base = tmp_path / str(count)
        base.mkdir()
        world, session = prepare(base, change)
        wanted = ready(world, session)
        ended = outcome(name, count, lambda w=world, s=session: work(w, s))  # type: ignore[misc]
        if ended == NEVER_CALLED:
            break
        if world.store.load(session.id).state != state:
            assert work(world, session), count
        assert picture(world.tree) == wanted, count
        shutil.rmtree(base)


EACH = [*((name, 1) for name in NAMES), *OFTEN]


def executed(world: World, session: Session) -> bool:
    return world.execute(session)[0].succeeded


def rolled_back(world: World, session: Session) -> bool:
    return world.rollback(session).succeeded


@pytest.mark.parametrize(("name", "stride"), EACH)
def test_a_call_that_fails_during_an_execution_stops_it_and_the_next_one_goes_on(
    tmp_path: Path, name: str, stride: int
) -> None:
    def ready(world: World, _session: Session) -> dict[str, Fingerprint]:
        return picture(world.native)

    let_each_fail(tmp_path, name, stride, executed, ready, "executed")


@pytest.mark.parametrize(("name", "stride"), EACH)
def test_a_call_that_fails_during_a_rollback_stops_it_and_the_next_one_goes_on(
    tmp_path: Path, name: str, stride: int
) -> None:
    def ready(world: World, session: Session) -> dict[str, Fingerprint]:
        before = picture(world.tree)
        assert executed(world, session)
        return before

    let_each_fail(tmp_path, name, stride, rolled_back, ready, "rolled-back")


def test_attributes_that_cannot_be_read_are_not_lost_with_the_file(tmp_path: Path) -> None:
    """Any error was taken for a filesystem without them, and the new file had none."""
    world, session = prepare(tmp_path, change)
    conf = world.tree / "conf/app.conf"
    try:
        os.setxattr(conf, "user.note", b"kept")
    except OSError as error:
        pytest.skip(f"no attributes here: {error.strerror}")
    assert outcome("listxattr", 1, lambda: executed(world, session)) == STOPPED
    assert executed(world, session)
    assert os.getxattr(conf, "user.note") == b"kept"
