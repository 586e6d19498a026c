"""A world to execute in: a tree, a state directory, and a recorder that makes plans for it."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from shannot.effects.model import (
    ChangeMode,
    ChangeTimes,
    DeletePath,
    Effect,
    Entry,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    RunCommand,
    WriteFile,
)
from shannot.effects.plan import Plan, digest
from shannot.policy.profile import Profile
from shannot.sessions.batch import Observer
from shannot.sessions.command import Sinks
from shannot.sessions.decision import Person
from shannot.sessions.model import RunOutcome, Script, Session
from shannot.sessions.store import Store
from shannot.sessions.work import Options
from shannot.workflows.approve import approve
from shannot.workflows.execute import ExecuteResult, execute
from shannot.workflows.rollback import RollbackPlan, RollbackResult, plan_rollback, rollback

SCRIPT = b"print('hello')\n"
NOW = 1795529703  # 2026-11-24 14:15:03 UTC
SOMEONE = Person("someone", 1000, "/dev/pts/1")
BARE = Profile()


class Kept:
    """A sink that keeps what is written to it."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes, /) -> object:
        self.data += data
        return None


def fingerprint(path: Path | str) -> Fingerprint:
    """What stands at a path, by the plain calls of the system."""
    found = os.lstat(path)
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        target = os.fsencode(os.readlink(path))
        return Fingerprint("link", 0, sha256(target).hexdigest(), len(target))
    if stat.S_ISDIR(found.st_mode):
        return Fingerprint("directory", mode)
    data = Path(path).read_bytes()
    return Fingerprint("file", mode, sha256(data).hexdigest(), len(data))


def entries(path: Path | str) -> tuple[Entry, ...]:
    """Everything below a directory, parents first."""
    found: list[Entry] = []
    for directory, names, files in os.walk(path):
        for name in sorted(names + files):
            full = os.path.join(directory, name)
            found.append(Entry(os.path.relpath(full, path), fingerprint(full)))
    return tuple(sorted(found, key=lambda entry: entry.path.split("/")))


def picture(root: Path) -> dict[str, Fingerprint]:
    """A tree as bytes and modes, to be compared with another."""
    return {".": fingerprint(root), **{e.path: e.fingerprint for e in entries(root)}}


class Recorder:
    """Does things to a tree natively, and writes down each as an effect on the tree `told`."""

    def __init__(self, actual: Path, told: Path) -> None:
        self.actual = actual
        self.told = told
        self.effects: list[Effect] = []
        self.contents: list[bytes] = []

    def _paths(self, name: str) -> tuple[Path, str]:
        return self.actual / name, str(self.told / name)

    def write(self, name: str, data: bytes, mode: int | None = None) -> None:
        path, told = self._paths(name)
        before = fingerprint(path) if os.path.lexists(path) else None
        if before is not None and before.kind == "link":
            path.unlink()
        path.write_bytes(data)
        if mode is not None:
            path.chmod(mode)
        self.contents.append(data)
        self.effects.append(WriteFile(told, before, fingerprint(path)))

    def delete(self, name: str) -> None:
        path, told = self._paths(name)
        before = fingerprint(path)
        if before.kind == "directory":
            below = entries(path)
            for entry in reversed(below):
                full = path / entry.path
                full.rmdir() if entry.fingerprint.kind == "directory" else full.unlink()
            path.rmdir()
            self.effects.append(DeletePath(told, before, below))
        else:
            path.unlink()
            self.effects.append(DeletePath(told, before))

    def mkdir(self, name: str, mode: int = 0o755) -> None:
        path, told = self._paths(name)
        path.mkdir()
        path.chmod(mode)
        self.effects.append(MakeDirectory(told, mode))

    def link(self, name: str, target: str) -> None:
        path, told = self._paths(name)
        before = fingerprint(path) if os.path.lexists(path) else None
        if before is not None:
            path.unlink()
        path.symlink_to(target)
        self.effects.append(MakeLink(told, target, before))

    def hard_link(self, name: str, first: str) -> None:
        path, told = self._paths(name)
        path.hardlink_to(self.actual / first)
        self.effects.append(MakeLink(told, str(self.told / first), hard=True))

    def move(self, source: str, name: str) -> None:
        path, told = self._paths(name)
        origin = self.actual / source
        before, replaced = fingerprint(origin), None
        below = entries(origin) if before.kind == "directory" else ()
        if os.path.lexists(path):
            replaced = fingerprint(path)
        origin.rename(path)
        self.effects.append(MovePath(str(self.told / source), told, before, replaced, below))

    def chmod(self, name: str, mode: int) -> None:
        path, told = self._paths(name)
        found = path.stat()
        others = found.st_nlink - 1 if stat.S_ISREG(found.st_mode) else 0
        path.chmod(mode)
        self.effects.append(ChangeMode(told, stat.S_IMODE(found.st_mode), mode, others))

    def utime(self, name: str, mtime_ns: int) -> None:
        path, told = self._paths(name)
        os.utime(path, ns=(mtime_ns, mtime_ns), follow_symlinks=False)
        self.effects.append(ChangeTimes(told, mtime_ns))

    def run(self, *argv: str, stdin: bytes | None = None, state: str = "queued") -> None:
        self.effects.append(shell_command(argv, str(self.told), stdin, state))
        if stdin is not None:
            self.contents.append(stdin)


def shell_command(
    argv: tuple[str, ...], directory: str, stdin: bytes | None = None, state: str = "queued"
) -> RunCommand:
    """A command as the gate records it; argv[0] is found in /usr/bin or /bin."""
    executable = next(
        path for path in (f"/usr/bin/{argv[0]}", f"/bin/{argv[0]}", argv[0]) if os.path.exists(path)
    )
    return RunCommand(
        argv=argv,
        directory=directory,
        environment=(("PATH", "/usr/bin:/bin"),),
        executable=executable,
        executable_sha256=sha256(Path(executable).read_bytes()).hexdigest(),
        verdict="ask",
        rule="default",
        reason="nothing allows it",
        state=state,  # type: ignore[arg-type]
        stdin_sha256=None if stdin is None else sha256(stdin).hexdigest(),
    )


class World:
    """A state directory with its store, and a tree to execute in."""

    def __init__(self, base: Path) -> None:
        base = Path(os.path.realpath(base))
        self.tree = base / "tree"
        self.state = base / "state"
        self.native = base / "native"
        for path in (self.tree, self.native):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        self.store = Store(str(self.state), os.geteuid())
        self.batch = 1000  # file effects that are synced together

    def recorder(self) -> Recorder:
        """Records on `native`, which should be a copy of `tree`, what `tree` is to become."""
        return Recorder(self.native, self.tree)

    def session(
        self,
        effects: list[Effect] | tuple[Effect, ...] = (),
        contents: list[bytes] | tuple[bytes, ...] = (),
        complete: bool = True,
    ) -> Session:
        """A pending session with these effects."""
        draft = self.store.draft()
        for data in contents:
            draft.blobs.put_bytes(data)
        draft.write("script", SCRIPT)
        draft.write("stdout", b"out")
        session = Session(
            id=self.store.fresh_id(NOW, "fix nginx.py", os.urandom),
            created=NOW,
            script=Script("fix nginx.py", sha256(SCRIPT).hexdigest()),
            argv=("a", "\udcff"),
            runtime="cpython",
            view="project",
            directory="/srv",
            user="someone",
            uid=1000,
            host="here",
            outcome=RunOutcome(0),
            plan=Plan(tuple(effects), complete),
        )
        draft.commit(session)
        return session

    def recorded(self, recorder: Recorder, complete: bool = True) -> Session:
        return self.session(recorder.effects, recorder.contents, complete)

    def approved(self, session: Session, effects: list[int] | None = None) -> Session:
        return approve(
            self.store,
            session.id,
            effects,
            displayed_digest=digest(session.plan),
            person=SOMEONE,
            now=NOW,
            accept_gaps=True,
        )

    def execute(
        self,
        session: Session,
        options: Options | None = None,
        observe: Observer | None = None,
        now: int = NOW + 60,
        profile: Profile = BARE,
        queue: str | None = None,
        **changes: object,
    ) -> tuple[ExecuteResult, Kept, Kept]:
        out, err = Kept(), Kept()
        chosen = replace(options or Options(batch=self.batch), **changes)  # type: ignore[arg-type]
        protected = [str(self.state)]
        result = execute(
            self.store, session.id, chosen, Sinks(out, err), protected, observe,
            person=SOMEONE, now=now, profile=profile, queue=queue,
        )  # fmt: skip
        return result, out, err

    def rollback_plan(self, session: Session, force: bool = False) -> RollbackPlan:
        return plan_rollback(self.store, session.id, force=force)

    def rollback(
        self, session: Session, observe: Observer | None = None, force: bool = False
    ) -> RollbackResult:
        return rollback(
            self.store, session.id, [str(self.state)], observe, force=force,
            person=SOMEONE, now=NOW + 120,
        )  # fmt: skip
