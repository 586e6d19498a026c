"""A question of a running script in the queue: other users decide about it while the script waits.

    QUEUE/ID/live      locked (flock) while the script waits; holds the digest of its plan
    QUEUE/ID/answers/  where the operators, whose group it is, write
        N.taken        whose file it is decides about effect N
        N.json         what became of it; N.stdout and N.stderr are the command's output

The entry (`offer.py`) belongs to the proposer, who could exchange everything in it: an operator
writes only new files there, never through a link, and reads nothing back but whose `taken` is. The
proposer believes a file of an operator's, the same one's as `taken`, about the plan that is asked
about, by its digest: arguments, directory, environment, input and the program's hash are in it.

Each side's own session names question and queue in the file `asked`. Called by `live.py` and
`workflows/answers.py`; `asked.py` is the proposer's side.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from shannot.effects.codec import MAX_ID
from shannot.effects.document import MalformedError, dump, parse
from shannot.errors import ShannotError, UnsuccessfulError
from shannot.escape import escape
from shannot.sessions import files
from shannot.sessions.accounts import name_of
from shannot.sessions.decision import MAX_EVENTS
from shannot.sessions.model import MAX_EFFECTS

ASKED, LIVE, ANSWERS = "asked", "live", "answers"
_MAX_ASKED = 1 << 16  # bytes
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Question:
    """Which one: of whose script, about which plan, and where."""

    queue: str
    user: int
    """Who proposes."""
    number: int
    """The effect that is asked about, the last one of the plan."""
    digest: str
    """Of the plan as its proposer has it."""
    since: int = 0
    """Events of the session that are older than the question."""

    def to_json(self) -> bytes:
        value: dict[str, object] = {"format": 1, "queue": self.queue, "user": self.user}
        value |= {"number": self.number, "digest": self.digest, "since": self.since}
        return dump(value).encode("ascii")


def question(session_fd: int, owner: int) -> Question | None:
    """What the session in this directory was asked about in a queue. MalformedError."""
    try:
        document = parse(files.read(ASKED, session_fd, owner, _MAX_ASKED, ASKED), ASKED)
    except FileNotFoundError:
        return None
    document.integer("format", 1, 1)
    found = Question(
        queue=document.path("queue"),
        user=document.integer("user", 0, MAX_ID),
        number=document.integer("number", 1, MAX_EFFECTS),
        digest=document.sha256("digest"),
        since=document.integer("since", 0, MAX_EVENTS),
    )
    document.finish()
    return found


def forget(session_fd: int) -> None:
    """Nothing is asked any more."""
    with suppress(FileNotFoundError):
        os.unlink(ASKED, dir_fd=session_fd)


def stands(asked: Question, session_id: str) -> bool:
    """Does the script still wait for exactly this?"""
    try:
        with _entry(asked, session_id) as entry_fd:
            return _waits(entry_fd, asked) == asked.digest
    except (OSError, ShannotError):
        return False


def take(session_fd: int, session_id: str, owner: int) -> None:
    """From here on this user decides about the question that the session asks, and nobody else.

    Nothing where no script waits. UnsuccessfulError where another user decides, or the script asks
    something else by now.
    """
    asked = question(session_fd, owner)
    if asked is None:
        return
    try:
        with _entry(asked, session_id) as entry_fd:
            digest = _waits(entry_fd, asked)
            if not digest:
                return
            if digest != asked.digest:
                raise UnsuccessfulError(
                    f"the script of session {session_id} asks about something else by now;"
                    " look again; nothing was changed"
                )
            with _answers(entry_fd, asked) as fd:
                _take(fd, asked.number, owner, session_id)
    except FileNotFoundError:
        return  # it was withdrawn: the script has ended
    except OSError as error:
        raise ShannotError(
            f"it cannot be made sure that nobody else decides about session {session_id}:"
            f" {error.strerror}"
        ) from error


def _take(answers_fd: int, number: int, owner: int, session_id: str) -> None:
    name = f"{number}.taken"
    try:
        files.write_new(name, answers_fd, b"")
        return
    except FileExistsError:
        holder = os.lstat(name, dir_fd=answers_fd).st_uid
    if holder != owner:
        raise UnsuccessfulError(
            f"user {escape(name_of(holder))} decides about effect {number} of session"
            f" {session_id}, or has decided; nothing was changed"
        )


def put(
    asked: Question, session_id: str, told: bytes, outputs: Sequence[tuple[str, bytes]]
) -> bool:
    """Answer it. told: the document; outputs: (`stdout`, bytes), before it. False where nobody
    waits for it any more. Raises OSError, MalformedError."""
    with _entry(asked, session_id) as entry_fd:
        if _waits(entry_fd, asked) != asked.digest:
            return False
        with _answers(entry_fd, asked) as fd:
            for name, data in (*outputs, ("json", told)):
                files.lay_out(f"{asked.number}.{name}", fd, data)
    return True


@contextmanager
def _entry(asked: Question, session_id: str) -> Iterator[int]:
    queue_fd = os.open(asked.queue, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        shown = f"{asked.queue}/{session_id}"
        entry_fd = files.open_directory(session_id, asked.user, queue_fd, shown)
    finally:
        os.close(queue_fd)
    try:
        yield entry_fd
    finally:
        os.close(entry_fd)


def _waits(entry_fd: int, asked: Question) -> str:
    """The digest that its script waits for an answer about; "" where it does not wait (any more)"""
    try:
        fd = files.open_file(LIVE, entry_fd, asked.user, 64, LIVE)
    except FileNotFoundError:
        return ""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(fd, 64).decode("ascii", "replace")
    finally:
        os.close(fd)
    return ""


@contextmanager
def _answers(entry_fd: int, asked: Question) -> Iterator[int]:
    """The directory to answer in: the proposer's own, on the queue's filesystem."""
    fd = os.open(ANSWERS, _DIRECTORY, dir_fd=entry_fd)
    try:
        found, entry = os.fstat(fd), os.fstat(entry_fd)
        if (found.st_uid, found.st_dev) != (asked.user, entry.st_dev):
            raise MalformedError(f"{ANSWERS} is not the proposer's, or elsewhere")
        if found.st_mode & stat.S_IWOTH:
            raise MalformedError(f"{ANSWERS} can be written by everybody")
        yield fd
    finally:
        os.close(fd)
