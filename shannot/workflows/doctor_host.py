"""The parts of `doctor` outside of the sandbox: what shannot needs of the host itself."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from shannot.audit.verify import verify
from shannot.config.paths import exists, project_config, state_directory, user_config
from shannot.effects.document import MalformedError
from shannot.errors import ShannotError
from shannot.sandbox.runtimes import installed_note
from shannot.sandbox.runtimes.installation import contents_digest
from shannot.sandbox.runtimes.installed import check, pypy_directory
from shannot.sandbox.runtimes.remembered import require
from shannot.sessions import files
from shannot.sessions.model import Summary
from shannot.sessions.store import Store
from shannot.workflows.auditing import log_of
from shannot.workflows.configuration import load_settings
from shannot.workflows.damaged import damage
from shannot.workflows.profiles import present_profile
from shannot.workflows.request import Caller
from shannot.workflows.review import WAITING
from shannot.workflows.run import make_private, remove_private
from shannot.workflows.setup import describe


class Part(NamedTuple):
    """What was found, what is wrong with it ("" for nothing), and how bad that is."""

    detail: str
    problem: str
    state: Literal["failed", "limited", "absent"]


_EPOCH = 1735689600  # 2025-01-01: no clock that is right says less
_DAY = 86400.0
_SPACE = 64 << 20  # bytes that a session with a few files may need
_PATIENCE = 10.0  # seconds


class Host:
    """This machine, as the caller meets it."""

    def __init__(self, caller: Caller, clock: Callable[[], float], terminal: str) -> None:
        self._caller = caller
        self._clock = clock
        self._terminal = terminal

    def state_directory(self) -> Part:
        """Made if need be, written, locked, synced, and left as it was."""
        try:
            state = state_directory(self._caller.environment, self._caller.uid)
        except ShannotError as error:
            return Part("", str(error), "failed")
        made = _missing(state)
        try:
            files.make_private(state)
            state_fd = files.open_directory(state, self._caller.uid)
            try:
                return self._tried(state, state_fd)
            finally:
                os.close(state_fd)
        except ShannotError as error:
            return Part(state, str(error), "failed")
        except OSError as error:
            return Part(state, error.strerror or str(error), "failed")
        finally:
            _remove_empty(made)

    def _tried(self, state: str, state_fd: int) -> Part:
        name = f".doctor-{os.getpid()}"
        try:
            files.write_new(name, state_fd, b"x")
            file_fd = os.open(name, os.O_RDWR | os.O_CLOEXEC, dir_fd=state_fd)
            try:
                os.fsync(file_fd)
                fcntl.flock(file_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finally:
                os.close(file_fd)
            os.replace(name, f"{name}.new", src_dir_fd=state_fd, dst_dir_fd=state_fd)
            os.unlink(f"{name}.new", dir_fd=state_fd)
        finally:
            for left in (name, f"{name}.new"):
                try:
                    os.unlink(left, dir_fd=state_fd)
                except FileNotFoundError:
                    pass
        found = os.fstatvfs(state_fd)
        if found.f_flag & os.ST_NOEXEC:
            return Part(
                state, "it is mounted noexec, so no command can be started from it", "failed"
            )
        free = found.f_bavail * found.f_frsize
        if free < _SPACE:
            return Part(state, f"only {free >> 20} MiB are free on its disk", "limited")
        return Part(state, "", "failed")

    def configuration(self) -> Part:
        """Every file of it, read as `run` reads it."""
        caller = self._caller
        paths = (
            user_config(caller.environment),
            caller.machine_config,
            project_config(caller.directory, caller.uid),
        )
        there = ", ".join(path for path in paths if path is not None and exists(path))
        try:
            present_profile(caller)  # rules are read only when a profile is made
        except ShannotError as error:
            return Part("", str(error), "failed")  # it names the file
        return Part(there or "none", "", "failed")

    @contextmanager
    def private(self) -> Iterator[str]:
        """A directory as a run has it: in the state directory where that works, else anywhere."""
        try:
            state = state_directory(self._caller.environment, self._caller.uid)
            made = [*_missing(state), f"{state}/runtime"]
            private = make_private(state, self._caller.uid)
        except ShannotError:
            with TemporaryDirectory(prefix="shannot-doctor-") as place:
                private = f"{place}/runtime/private"
                os.makedirs(private, 0o700)
                for directory in (place, os.path.dirname(private)):
                    os.chmod(directory, 0o711)  # noqa: S103 - a child of root's is another user
                yield private
            return
        try:
            yield private
        finally:
            remove_private(private)
            _remove_empty(made)

    def pypy(self) -> Part:
        """As it was installed, and a sandboxed one. A failure where the configuration wants it."""
        wanted = self._wants_pypy()
        try:
            directory = pypy_directory(state_directory(self._caller.environment, self._caller.uid))
        except ShannotError as error:
            return Part("", str(error), "failed" if wanted else "absent")
        if not os.path.lexists(directory):
            return Part("", "not installed", "failed" if wanted else "absent")
        problem, name = "", ""
        try:
            note = installed_note.read(directory)
            if note is not None:
                name = f" ({describe(note)})"
                if contents_digest(directory) != note.contents_sha256:
                    problem = "its files are not those that were installed"
            check(directory)
        except ShannotError as error:
            problem = problem or str(error)
        except OSError as error:
            problem = problem or error.strerror or str(error)
        return Part(directory + name, problem, "failed" if wanted else "limited")

    def _wants_pypy(self) -> bool:
        try:
            settings = load_settings(self._caller)
        except ShannotError:
            return False
        return settings is not None and settings.runtime == "pypy"

    def pypy_program(self) -> str:
        """The installed interpreter. Errors: ShannotError."""
        return require(state_directory(self._caller.environment, self._caller.uid))

    def ssh(self) -> Part:
        """The client that other machines are reached with."""
        program = shutil.which("ssh", path=self._caller.environment.get("PATH", os.defpath))
        if program is None:
            return Part("", "there is no ssh in PATH", "absent")
        try:
            done = subprocess.run(
                [program, "-V"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Part(program, f"it cannot be started: {error}", "limited")
        version = (done.stderr or done.stdout)[:200].decode("utf-8", "replace").strip()
        if done.returncode:
            return Part(program, f"`ssh -V` ends with {done.returncode}: {version}", "limited")
        return Part(f"{program}, {version}", "", "limited")

    def clock(self) -> Part:
        """Right, as far as can be told here, and going."""
        now = self._clock()
        shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
        if now < _EPOCH:
            return Part(shown, "that is long ago", "failed")
        try:
            begun = time.monotonic()
            time.sleep(0.002)
            if time.monotonic() <= begun:
                return Part(shown, "the monotonic clock stands still", "failed")
        except OSError as error:
            return Part(shown, f"nothing can wait: {error.strerror}", "failed")
        newest = self._newest_session()
        if newest and newest > time.strftime("%Y%m%d-%H%M%S", time.gmtime(now + _DAY)):
            return Part(shown, f"session {newest} is from the future", "failed")
        return Part(shown, "", "failed")

    def _newest_session(self) -> str:
        try:
            state = state_directory(self._caller.environment, self._caller.uid)
            ids = Store(state, self._caller.uid).ids()
        except (ShannotError, OSError):
            return ""
        return ids[-1] if ids else ""

    def sessions(self) -> Part:
        """Each as `list` reads it; those that somebody will act on, with their plans."""
        try:
            store = Store(
                state_directory(self._caller.environment, self._caller.uid), self._caller.uid
            )
            problems = [_damage(store, found) for found in store.summaries()]
        except ShannotError as error:
            return Part("", str(error), "limited")
        damaged = [problem for problem in problems if problem]
        detail = f"{len(problems) or 'none'}"
        if not damaged:
            return Part(detail, "", "limited")
        return Part(detail, f"{len(damaged)} damaged; {damaged[0]}", "limited")

    def audit_log(self) -> Part:
        """Whole, as far as it goes."""
        try:
            state = state_directory(self._caller.environment, self._caller.uid)
            found = verify(log_of(Store(state, self._caller.uid)))
        except ShannotError as error:
            return Part("", str(error), "limited")
        records = f"{found.records} record{'' if found.records == 1 else 's'}"
        return Part(records, found.findings[0] if found.findings else "", "limited")

    def terminal(self) -> Part:
        """Where a person could answer."""
        try:
            os.close(os.open(self._terminal, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        except OSError:
            return Part("", "this process has no terminal", "absent")
        return Part(self._terminal, "", "absent")


def _damage(store: Store, found: Summary | MalformedError) -> str:
    """What is wrong with a session, or ""."""
    if not isinstance(found, MalformedError) and found.state not in WAITING:
        return ""
    error = damage(store, found)
    return "" if error is None else str(error)


def _missing(path: str) -> list[str]:
    """The directories of a path that are not there, the topmost first."""
    found: list[str] = []
    while not os.path.lexists(path):
        found.insert(0, path)
        path = os.path.dirname(path)
    return found


def _remove_empty(directories: list[str]) -> None:
    for directory in reversed(directories):
        try:
            os.rmdir(directory)
        except OSError:
            return  # something is in it already
