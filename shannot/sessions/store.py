"""Sessions on disk: `$state/sessions/ID/`, private, atomic, safe under concurrent processes.

    session.json   where the session stands: small, replaced at each transition
    plan.json      the plan, written once; session.json holds its digest. While the script still
                   runs and asks (`live.py`) it grows: by way of plan.next.json
    script, stdout, stderr, blobs/SHA256
    journal, checkpoint/SHA256, output/N.{stdout,stderr}   of an execution (`apply.py`)
    lock           held (flock) during a transition and all through an execution

A session appears whole: it is built in a hidden directory and renamed. `list` reads session.json
alone, which never holds the plan, and remembers it (`index.py`): 10,000 sessions take 0.2 s.
Everything read is checked as if an enemy had written it (`files.py`, `effects/document.py`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import ELOOP, ENOTDIR
from hashlib import sha256

from shannot.effects.document import Document, MalformedError
from shannot.errors import NotFoundError, ShannotError
from shannot.escape import escape
from shannot.sessions import files, ids, journal, locking, reading
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.head import dump_head
from shannot.sessions.index import FEW, Index
from shannot.sessions.journal import Progress
from shannot.sessions.locking import PATIENCE
from shannot.sessions.model import DRAFT, Session, Summary, summary_from_json
from shannot.sessions.reading import Known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shannot.sessions.draft import Draft

MAX_SCRIPT = 64 << 20  # bytes
MAX_OUTPUT = 256 << 20  # bytes; a run keeps at most Limits.output


class Lock:
    """The right to change one session, held by this process alone (`Store.lock`)."""

    __slots__ = ("directory_fd", "path", "session_id", "store")

    def __init__(self, store: Store, session_id: str, directory_fd: int) -> None:
        self.store = store
        self.session_id = session_id
        self.directory_fd = directory_fd
        self.path = f"{store.root}/{session_id}"

    def load(self, known: Session | None = None) -> Session:
        """The session as it now is; known: as it was, which saves reading the same plan twice."""
        before = None if known is None else Known(known, Progress({}, {}))
        return self.read(before).session

    def read(self, known: Known | None = None) -> Known:
        """The same with its progress; known: what was read of it before, which saves time."""
        return self.store.read_session(self.directory_fd, self.session_id, known)

    def save(self, session: Session) -> None:
        """Replace session.json. The plan and the results are not written: they never change so.

        ShannotError where it cannot be written; it is as before then.
        """
        try:
            files.replace("session.json", self.directory_fd, dump_head(session))
        except OSError as error:
            path = f"{self.path}/session.json"
            raise ShannotError(f"{escape(path)} cannot be written: {error.strerror}") from error

    def progress(self, file: str = journal.FILE) -> Progress:
        """What an execution has done so far; file: of which one."""
        return journal.read(self.directory_fd, self.store.owner, self.path, file)


class Store:
    """The sessions below one state directory, all of one owner."""

    __slots__ = ("owner", "root")

    def __init__(self, state: str, owner: int) -> None:
        """state: shannot's state directory; owner: the user id all of it must belong to."""
        self.root = f"{state}/sessions"
        self.owner = owner

    def draft(self, random: Callable[[int], bytes] = os.urandom) -> Draft:
        """Begin a session. ShannotError where the state directory cannot be written."""
        files.make_private(os.path.dirname(self.root))
        files.make_private(self.root)
        os.close(self.open_root())
        from shannot.sessions.draft import Draft  # most verbs make none

        try:
            return Draft(self.root, random(8).hex(), self.owner)
        except OSError as error:
            raise ShannotError(f"cannot write to {escape(self.root)}: {error.strerror}") from error

    def sweep(self) -> int:
        """Remove drafts whose process is gone; how many there were."""
        removed = 0
        for name in self._names():
            if not name.startswith(DRAFT):
                continue
            path = f"{self.root}/{name}"
            try:
                fd = files.open_directory(path, self.owner)
            except (OSError, MalformedError):
                continue
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                import shutil  # seldom needed, and slow to load

                shutil.rmtree(path, ignore_errors=True)
                removed += 1
            except BlockingIOError:
                pass
            finally:
                os.close(fd)
        return removed

    def fresh_id(self, seconds: int, name: str, random: Callable[[int], bytes]) -> str:
        """An id that no session has."""
        while True:
            found = ids.new_id(seconds, name, random(2))
            if not os.path.lexists(f"{self.root}/{found}"):
                return found

    def ids(self) -> list[str]:
        """Every session's id, oldest first."""
        return sorted(name for name in self._names() if ids.is_id(name))

    def resolve(self, prefix: str) -> str:
        """The id that begins with prefix; UsageError and NotFoundError as `ids.resolve`."""
        return ids.resolve(prefix, self.ids())

    def load(self, session_id: str) -> Session:
        """The whole session. NotFoundError, or MalformedError naming the file."""
        with self._opened(session_id) as fd:
            return self.read_session(fd, session_id).session

    def read(self, session_id: str) -> Known:
        """The same with its progress."""
        with self._opened(session_id) as fd:
            return self.read_session(fd, session_id)

    def summary(self, session_id: str) -> Summary:
        """Where one session stands. NotFoundError, or MalformedError naming the file."""
        with self._opened(session_id) as fd:
            return summary_from_json(self._document(fd, session_id, "session.json"))

    def summaries(self) -> Iterator[Summary | MalformedError]:
        """One line per session, oldest first; an error stands where a session cannot be read."""
        session_ids = self.ids()
        if not session_ids:
            return
        root_fd = self.open_root()
        try:
            index = Index(root_fd, self.owner)
            if len(session_ids) > FEW:
                index.load()
            for session_id in session_ids:
                try:
                    stamp = index.stamp(session_id)
                    found = index.find(session_id, stamp)
                    if found is None:
                        found = self._summary(root_fd, session_id)
                        index.note(found, stamp)
                    yield found
                except MalformedError as error:
                    yield error
                except FileNotFoundError:
                    continue  # removed since
            index.save()
        finally:
            os.close(root_fd)

    def _summary(self, root_fd: int, session_id: str) -> Summary:
        """Without opening the directory, which nobody else can exchange: it takes half the time."""
        shown = f"{self.root}/{session_id}"
        files.check_directory(os.lstat(session_id, dir_fd=root_fd), self.owner, shown)
        name = f"{session_id}/session.json"
        return summary_from_json(self._document(root_fd, session_id, name))

    @contextmanager
    def lock(self, session_id: str, verb: str = "", patience: float = PATIENCE) -> Iterator[Lock]:
        """The right to change it; UnsuccessfulError where another process keeps it for longer.

        verb: what for, which that other process is told; patience: seconds to wait.
        """
        with self._opened(session_id) as fd:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                lock_fd = os.open("lock", flags, 0o600, dir_fd=fd)
            except OSError as error:
                path = f"{self.root}/{session_id}/lock"
                raise ShannotError(f"{escape(path)} cannot be opened: {error.strerror}") from error
            try:
                locking.acquire(lock_fd, session_id, verb, patience)
                if not files.is_at(fd, f"{self.root}/{session_id}"):
                    raise NotFoundError(f"session {session_id} was removed just now")
                try:
                    yield Lock(self, session_id, fd)
                finally:
                    locking.release(lock_fd)
            finally:
                os.close(lock_fd)

    def script(self, session: Session) -> bytes:
        """The script that was run; MalformedError where it is another one now."""
        data = self.contents(session.id, "script", MAX_SCRIPT)
        if sha256(data).hexdigest() != session.script.sha256:
            raise MalformedError(f"{self.root}/{session.id}/script was changed after the run")
        return data

    def contents(self, session_id: str, name: str, limit: int = MAX_OUTPUT) -> bytes:
        """A file of the session, `stdout` for one; empty where there is none."""
        with self._opened(session_id) as fd:
            try:
                return files.read(name, fd, self.owner, limit, f"{self.root}/{session_id}/{name}")
            except FileNotFoundError:
                return b""

    @contextmanager
    def blobs(self, session_id: str, name: str = "blobs") -> Iterator[BlobDirectory]:
        """The contents that a session's effects write (`blobs`) or replaced (`checkpoint`)."""
        with self._opened(session_id) as fd:
            shown = f"{self.root}/{session_id}/{name}"
            try:
                blobs_fd = files.open_directory(name, self.owner, fd, shown)
            except OSError as error:
                raise MalformedError(f"{shown} cannot be read: {error.strerror}") from error
            try:
                yield BlobDirectory(blobs_fd, self.owner, shown)
            finally:
                os.close(blobs_fd)

    def open_root(self) -> int:
        return files.open_directory(self.root, self.owner)

    def open_session(self, session_id: str) -> int:
        """A descriptor of the session's directory, checked."""
        shown = f"{self.root}/{session_id}"
        if not ids.is_id(session_id):
            raise NotFoundError(f"{escape(session_id[:80])!r} is not a session id")
        try:
            root_fd = self.open_root()
        except FileNotFoundError:
            raise NotFoundError(f"there is no session {session_id}; `shannot list` shows them")
        except OSError as error:
            raise MalformedError(f"{escape(self.root)} cannot be read: {error.strerror}") from error
        try:
            return files.open_directory(session_id, self.owner, root_fd, shown)
        except FileNotFoundError:
            raise NotFoundError(f"there is no session {session_id}; `shannot list` shows them")
        except OSError as error:
            if error.errno not in (ENOTDIR, ELOOP):
                raise ShannotError(f"{shown} cannot be opened: {error.strerror}") from error
            raise MalformedError(f"{shown} is not a directory, or a link") from error
        finally:
            os.close(root_fd)

    def read_session(self, fd: int, session_id: str, known: Known | None = None) -> Known:
        """The session in an open directory."""
        return reading.session(fd, self.owner, f"{self.root}/{session_id}", session_id, known)

    def _document(self, fd: int, session_id: str, name: str) -> Document:
        return reading.document(fd, self.owner, f"{self.root}/{session_id}", name)

    @contextmanager
    def _opened(self, session_id: str) -> Iterator[int]:
        fd = self.open_session(session_id)
        try:
            yield fd
        finally:
            os.close(fd)

    def _names(self) -> list[str]:
        try:
            fd = self.open_root()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise MalformedError(f"{escape(self.root)} cannot be read: {error.strerror}") from error
        try:
            return os.listdir(fd)
        finally:
            os.close(fd)
