"""A session laid out for another user to read: how it is written there, and how it is read.

    QUEUE/ID/session.json  plan.json  script  stdout  stderr  blob-SHA256

The queue is a directory that several users may write to (sticky, as /tmp is); an entry belongs to
the one who wrote it, and its group, the queue's, may read it. Whoever reads an entry trusts nothing
in it but the owner of the directory, which the kernel vouches for: every file is opened without
following links, must be a plain one of that owner with a single name, is bounded, and is copied
before anything is done with the copy. `workflows/queue.py` is the caller on both sides.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256

from shannot import libc
from shannot.effects import plan as plans
from shannot.effects.document import MalformedError, parse
from shannot.effects.model import RunCommand, WriteFile
from shannot.effects.plan import Plan
from shannot.errors import ShannotError
from shannot.escape import escape
from shannot.sessions import files
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.head import dump_head
from shannot.sessions.ids import is_id
from shannot.sessions.model import Session, session_from_json
from shannot.sessions.store import Store

MAX_HEAD = 1 << 20  # bytes
MAX_PLAN = 16 << 20
MAX_SCRIPT = 16 << 20
MAX_OUTPUT = 16 << 20
MAX_ENTRY = 64 << 20
"""Bytes of everything in one entry."""
MAX_NAMES = 10_000
"""Entries of the whole queue that are looked at."""
_BLOB = "blob-"
_TEXTS = (("script", MAX_SCRIPT), ("stdout", MAX_OUTPUT), ("stderr", MAX_OUTPUT))


class Offer:
    """What one entry holds: a session, not yet believed, and the contents that belong to it."""

    __slots__ = ("_fd", "_left", "_shown", "owner", "session")

    def __init__(self, fd: int, owner: int, shown: str) -> None:
        """fd: the entry's directory. MalformedError for whatever is not as it must be."""
        self._fd = fd
        self.owner = owner
        self._shown = shown
        self._left = MAX_ENTRY
        data = self.read("plan.json", MAX_PLAN)
        plan = plans.from_json(parse(data, f"{shown}/plan.json"))
        head = parse(self.read("session.json", MAX_HEAD), f"{shown}/session.json")
        self.session: Session = session_from_json(head, plan, sha256(data).hexdigest(), ())

    def read(self, name: str, limit: int) -> bytes:
        """A file of it, whole. MalformedError, also where it is missing or all is too much."""
        limit = min(limit, self._left)
        try:
            data = files.read(name, self._fd, self.owner, limit, f"{self._shown}/{name}")
        except FileNotFoundError:
            raise MalformedError(f"{self._shown}/{name} is missing") from None
        self._left -= len(data)
        return data

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """(name, contents) of the script and its output; the script is the one that is named."""
        for name, limit in _TEXTS:
            data = self.read(name, limit)
            if name == "script" and sha256(data).hexdigest() != self.session.script.sha256:
                raise MalformedError(f"{self._shown}/script is not the script that was run")
            yield name, data

    def copy_blobs(self, target: BlobDirectory) -> None:
        """All contents that the plan needs, each compared with its name."""
        for name, size in sorted(contents_of(self.session.plan).items()):
            data = self.read(_BLOB + name, MAX_ENTRY)
            if target.put_bytes(data) != name or size not in (None, len(data)):
                raise MalformedError(f"{self._shown}/{_BLOB}{name} does not match its name")


def contents_of(plan: Plan) -> dict[str, int | None]:
    """SHA-256 of each content that the plan writes or gives to a command: its size, if known."""
    found: dict[str, int | None] = {}
    for effect in plan.effects:
        if isinstance(effect, WriteFile):
            found[effect.after.sha256] = effect.after.size
        elif isinstance(effect, RunCommand) and effect.stdin_sha256 is not None:
            found.setdefault(effect.stdin_sha256, None)
    return found


def open_queue(path: str, owner: int) -> int | None:
    """A descriptor of the queue; None for those who may only put something in.

    ShannotError where others could exchange what stands in it.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except PermissionError:
        return None
    except OSError as error:
        raise ShannotError(f"the queue {escape(path)} cannot be read: {error.strerror}") from error
    found = os.fstat(fd)
    writable = found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
    if found.st_uid not in (0, owner) or writable:
        os.close(fd)
        raise ShannotError(
            f"the queue {escape(path)} must belong to root or to you, and be sticky"
            " (`chmod +t`) where others can write to it"
        )
    return fd


def entries(queue_fd: int) -> list[tuple[str, int]]:
    """(id, user id of the owner) of each entry, oldest first. ShannotError for too many."""
    names = sorted(name for name in os.listdir(queue_fd) if is_id(name))
    if len(names) > MAX_NAMES:
        raise ShannotError(f"the queue holds more than {MAX_NAMES} entries; remove some")
    found: list[tuple[str, int]] = []
    for name in names:
        try:
            status = os.lstat(name, dir_fd=queue_fd)
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode):
            found.append((name, status.st_uid))
    return found


def version(queue_fd: int, name: str) -> str:
    """An entry that was replaced has another one. Raises OSError."""
    found = os.lstat(name, dir_fd=queue_fd)
    return f"{found.st_dev}-{found.st_ino}-{found.st_ctime_ns}"


@contextmanager
def opened(queue_fd: int, name: str, shown: str) -> Iterator[Offer]:
    """An entry of whoever it belongs to. MalformedError, OSError."""
    owner = os.lstat(name, dir_fd=queue_fd).st_uid
    fd = files.open_directory(name, owner, queue_fd, shown)
    try:
        yield Offer(fd, owner, shown)
    finally:
        os.close(fd)


def offer(store: Store, session: Session, queue: str) -> None:
    """Lay a session of this user's out in the queue. ShannotError where that cannot be done."""
    with laid_out(store, session, queue):
        pass


@contextmanager
def laid_out(store: Store, session: Session, queue: str) -> Iterator[int]:
    """The same in two steps: more can be put into the directory, which is open, before all can see
    it. An entry of this user's for the same session is replaced."""
    hidden = f"{queue}/.new-{os.urandom(8).hex()}"
    try:
        os.mkdir(hidden, 0o700)
        fd = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _write(store, session, fd)
            yield fd
            os.fchmod(fd, 0o750)
            libc.sync_filesystem(fd)
        finally:
            os.close(fd)
        withdraw(session.id, queue, store.owner)
        queue_fd = os.open(queue, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            libc.rename_new(os.path.basename(hidden), queue_fd, session.id, queue_fd)
        finally:
            os.close(queue_fd)
    except BaseException as error:
        shutil.rmtree(hidden, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        raise ShannotError(
            f"it could not be put into the queue {escape(queue)}: {error.strerror}"
        ) from error


def _write(store: Store, session: Session, fd: int) -> None:
    left = MAX_ENTRY
    # To be decided about: what was decided about what it was before is the proposer's to know.
    head = dump_head(replace(session, state="pending", decision=None, history=()))
    for name, limit in (("session.json", MAX_HEAD), ("plan.json", MAX_PLAN), *_TEXTS):
        data = head
        if name != "session.json":
            data = store.contents(session.id, name, MAX_ENTRY)
        left -= len(data)
        _check_size(limit - len(data), name)
        _put(name, fd, data)
    with store.blobs(session.id) as blobs:
        for name in contents_of(session.plan):
            contents = blobs.read(name, max(0, left))
            _check_size(-1 if contents is None else 0, "what it writes")
            left -= len(contents or b"")
            _put(_BLOB + name, fd, contents or b"")


def _check_size(left: int, what: str) -> None:
    if left < 0:
        raise ShannotError(f"{what} is too large for the queue: {MAX_ENTRY >> 20} MiB in all")


def _put(name: str, fd: int, data: bytes) -> None:
    files.write_new(name, fd, data)
    os.chmod(name, 0o640, dir_fd=fd)


def withdraw(session_id: str, queue: str, owner: int) -> None:
    """Take a session of this user's out of the queue, where it is there."""
    path = f"{queue}/{session_id}"
    try:
        if is_id(session_id) and os.lstat(path).st_uid == owner:
            shutil.rmtree(path)
    except OSError:
        pass  # it was collected and removed, or the queue is gone
