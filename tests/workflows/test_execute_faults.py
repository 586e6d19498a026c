"""When the machine fails while a plan is executed: told, stopped, and gone on with later."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shannot.errors import ShannotError, UnsuccessfulError
from shannot.sessions.forecast import Forecast
from shannot.sessions.model import Session
from shannot.sessions.place import ConflictError
from tests.sessions.worlds import World, fingerprint

KIB = 1024
Observer = Callable[[str, int], None]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Effects are synced one by one, so that a fault comes between two of them."""
    world = World(tmp_path)
    world.batch = 1
    return world


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Mounts a disk of 256 KiB at a directory."""
    mounted: list[Path] = []

    def mount(path: Path) -> None:
        path.mkdir(mode=0o700, exist_ok=True)
        options = f"size=256k,mode=755,uid={os.geteuid()}"
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(path)]
        try:
            tried = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount(8) here")
        if tried.returncode:
            pytest.skip(f"no disk can be mounted here: {tried.stderr.decode().strip()}")
        mounted.append(path)

    yield mount
    for path in mounted:
        subprocess.run(["umount", "-l", str(path)], check=True)


def plan(world: World, sizes: list[int]) -> Session:
    """Approved: a file of each size, called `0`, `1`, …"""
    recorder = world.recorder()
    for number, size in enumerate(sizes):
        recorder.write(str(number), bytes([48 + number]) * size)
    return world.approved(world.recorded(recorder))


def fill(path: Path) -> None:
    """Until nothing fits any more."""
    with path.open("wb", buffering=0) as file, pytest.raises(OSError):  # noqa: PT012
        while True:
            file.write(b"x" * KIB)


def at(event: str, number: int, action: Callable[[], object]) -> Observer:
    def observe(found: str, effect: int) -> None:
        if (found, effect) == (event, number):
            action()

    return observe


def check_gone_on_with(world: World, session: Session, sizes: list[int]) -> None:
    """Whatever stopped it is over: the rest is done, and nothing is left over."""
    result, _, _ = world.execute(session)
    assert result.succeeded
    names = [str(number) for number in range(len(sizes))]
    assert sorted(os.listdir(world.tree)) == sorted(names)
    assert [(world.tree / name).stat().st_size for name in names] == sizes


def test_a_disk_that_is_full_stops_it_and_can_be_emptied(
    world: World, disk: Callable[[Path], None]
) -> None:
    disk(world.tree)
    sizes = [10, 100 * KIB, 10]
    session = plan(world, sizes)
    observe = at("end", 1, lambda: fill(world.tree / "filler"))
    result, _, _ = world.execute(session, observe=observe)
    assert [item.state for item in result.results] == ["done", "failed"]
    assert result.results[1].message == f"{world.tree}/1: No space left on device"
    assert sorted(os.listdir(world.tree)) == ["0", "filler"]
    (world.tree / "filler").unlink()
    check_gone_on_with(world, session, sizes)


def test_a_disk_that_is_too_small_is_told_before_anything_is_done(
    world: World, disk: Callable[[Path], None]
) -> None:
    disk(world.tree)
    session = plan(world, [10, 2_000 * KIB])
    with pytest.raises(UnsuccessfulError, match="has 256 KiB free, the plan needs 2,001 KiB"):
        world.execute(session)
    assert os.listdir(world.tree) == []


@pytest.mark.parametrize("event", ["end", "change"])
def test_a_state_directory_that_is_full_stops_it_and_can_be_emptied(
    world: World, disk: Callable[[Path], None], event: str
) -> None:
    disk(world.state)
    recorder = world.recorder()
    for number in range(40):  # the journal finds room in its last page for some more of them
        recorder.write(str(number), b"the same")
    session = world.approved(world.recorded(recorder))
    observe = at(event, 1, lambda: fill(world.state / "filler"))
    with pytest.raises(ShannotError, match=r"cannot be written: No space"):
        world.execute(session, observe=observe)
    assert 1 <= len(os.listdir(world.tree)) < 40
    (world.state / "filler").unlink()
    assert world.store.load(session.id).state == "executing"
    check_gone_on_with(world, session, [8] * 40)


def test_what_cannot_be_saved_first_is_not_replaced(
    world: World, disk: Callable[[Path], None]
) -> None:
    disk(world.state)
    for root in (world.tree, world.native):
        (root / "1").write_bytes(b"old" * 10 * KIB)
    recorder = world.recorder()
    recorder.write("0", b"new")
    recorder.write("1", b"new")
    session = world.approved(world.recorded(recorder))
    observe = at("end", 1, lambda: fill(world.state / "filler"))
    result, _, _ = world.execute(session, observe=observe_then_free(world, observe))
    expected = f"{world.tree}/1: what stands there cannot be saved first: No space left on device"
    assert result.results[1].message == expected
    assert (world.tree / "1").read_bytes() == b"old" * 10 * KIB
    check_gone_on_with(world, session, [3, 3])


def observe_then_free(world: World, observe: Observer) -> Observer:
    """Room again once the second effect has ended, so that its end and the session are kept."""

    def both(event: str, number: int) -> None:
        observe(event, number)
        at("end", 2, (world.state / "filler").unlink)(event, number)

    return both


def test_a_state_that_cannot_be_saved_changes_nothing(
    world: World, disk: Callable[[Path], None]
) -> None:
    disk(world.state)
    session = plan(world, [10])
    fill(world.state / "filler")
    with pytest.raises(ShannotError, match="No space left on device"):
        world.execute(session)
    assert os.listdir(world.tree) == []
    (world.state / "filler").unlink()
    check_gone_on_with(world, session, [10])


def test_a_disk_that_became_read_only_stops_it(world: World, disk: Callable[[Path], None]) -> None:
    disk(world.tree)
    sizes = [10, 20]
    session = plan(world, sizes)

    def remount(mode: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{mode}", str(world.tree)], check=True)

    observe = at("end", 1, lambda: remount("ro"))
    result, _, _ = world.execute(session, observe=observe)
    assert result.results[1].message == f"{world.tree}/1: Read-only file system"
    with pytest.raises(UnsuccessfulError, match="this user may not change its directory"):
        world.execute(session)
    remount("rw")
    check_gone_on_with(world, session, sizes)


class Limit:
    """A resource limit that is lowered for a while."""

    def __init__(self, which: int) -> None:
        self.which = which
        self.usual = resource.getrlimit(which)

    def lower(self, value: int) -> None:
        resource.setrlimit(self.which, (value, self.usual[1]))

    def between(self, first: tuple[str, int], last: tuple[str, int]) -> Observer:
        """No more descriptors than there are, between these two events."""

        def observe(event: str, number: int) -> None:
            if (event, number) == first:
                self.lower(5)
            elif (event, number) == last:
                self.restore()

        return observe

    def restore(self) -> None:
        resource.setrlimit(self.which, self.usual)


@pytest.fixture
def files() -> Iterator[Limit]:
    limit = Limit(resource.RLIMIT_NOFILE)
    yield limit
    limit.restore()


@pytest.fixture
def size() -> Iterator[Limit]:
    limit = Limit(resource.RLIMIT_FSIZE)
    yield limit
    limit.restore()


def test_a_process_without_descriptors_stops_and_goes_on_later(world: World, files: Limit) -> None:
    sizes = [10, 20]
    session = plan(world, sizes)
    result, _, _ = world.execute(session, observe=files.between(("end", 1), ("end", 2)))
    assert [item.state for item in result.results] == ["done", "failed"]
    assert "Too many open files" in result.results[1].message
    check_gone_on_with(world, session, sizes)


def test_a_command_without_descriptors_has_failed(world: World, files: Limit) -> None:
    recorder = world.recorder()
    recorder.write("0", b"")
    recorder.run("touch", "1")
    session = world.approved(world.recorded(recorder))
    result, _, _ = world.execute(session, observe=files.between(("begin", 2), ("end", 2)))
    assert result.results[1].state == "failed"
    assert "Too many open files" in result.results[1].message
    with pytest.raises(UnsuccessfulError, match="failed; --redo runs it again"):
        world.execute(session)
    assert world.execute(session, redo=True)[0].succeeded


def test_where_not_even_the_state_can_be_written_the_journal_knows(
    world: World, files: Limit
) -> None:
    sizes = [10, 20]
    session = plan(world, sizes)
    with pytest.raises(ShannotError, match=r"session\.json cannot be written: Too many open files"):
        world.execute(session, observe=files.between(("end", 1), ("never", 0)))
    files.restore()
    stored = world.store.load(session.id)
    assert stored.state == "executing"
    assert [item.state for item in stored.results] == ["done", "failed"]
    check_gone_on_with(world, session, sizes)


def test_a_file_beyond_the_limit_of_sizes_leaves_nothing(world: World, size: Limit) -> None:
    sizes = [10, 100 * KIB]
    session = plan(world, sizes)
    result, _, _ = world.execute(session, observe=at("end", 1, lambda: size.lower(50 * KIB)))
    size.restore()
    assert result.results[1].message == f"{world.tree}/1: File too large"
    assert os.listdir(world.tree) == ["0"]
    check_gone_on_with(world, session, sizes)


def test_a_file_that_cannot_be_read_to_its_end_is_a_conflict() -> None:
    """The memory of a process reads as a regular file with an I/O error at its beginning."""
    memory = Forecast().find(f"/proc/{os.getpid()}/mem")
    assert memory is not None
    with pytest.raises(ConflictError, match="it cannot be read: Input/output error"):
        memory.digest()


def test_an_output_that_cannot_be_kept_is_told_and_the_command_is_done(
    world: World, size: Limit
) -> None:
    recorder = world.recorder()
    recorder.run("sh", "-c", "head -c 9000 /dev/zero")
    session = world.approved(world.recorded(recorder))
    result, out, _ = world.execute(session, observe=at("change", 1, lambda: size.lower(8 * KIB)))
    size.restore()
    assert result.succeeded
    assert len(out.data) == 9000
    assert result.results[0].message == "its output could not be kept: File too large"


def test_half_a_line_of_the_journal_is_taken_back(world: World, size: Limit) -> None:
    sizes = [10, 20]
    session = plan(world, sizes)
    journal = world.state / "sessions" / session.id / "journal"

    def leave_room_for_half_a_line() -> None:
        size.lower(journal.stat().st_size + 20)

    with pytest.raises(ShannotError, match="cannot be written"):
        world.execute(session, observe=at("end", 1, leave_room_for_half_a_line), keep_going=True)
    size.restore()
    assert journal.read_bytes().endswith(b"\n")
    assert sorted(os.listdir(world.tree)) == ["0"]
    assert fingerprint(world.tree / "0").size == 10
    check_gone_on_with(world, session, sizes)


def test_a_lost_last_line_leaves_one_effect_open_that_is_found_done(world: World) -> None:
    """As when the machine goes down: the last end of a file effect may not be on the disk yet."""
    sizes = [10, 20, 30]
    session = plan(world, sizes)
    journal = world.state / "sessions" / session.id / "journal"
    head = world.state / "sessions" / session.id / "session.json"
    approved = head.read_bytes()
    world.execute(session)
    for ends in (1, 2, 3):
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[: 2 * ends - 1]))
        head.write_bytes(approved.replace(b'"approved"', b'"executing"'))
        for number in range(ends, 3):
            (world.tree / str(number)).unlink(missing_ok=True)
        check_gone_on_with(world, session, sizes)


def test_a_session_that_cannot_be_opened_is_not_called_a_link(world: World, files: Limit) -> None:
    session = plan(world, [10])
    root_fd = os.open("/", os.O_RDONLY)  # the next descriptor is the last one
    os.close(root_fd)
    files.lower(root_fd + 1)
    with pytest.raises(ShannotError, match="cannot be opened: Too many open files"):
        world.execute(session)
