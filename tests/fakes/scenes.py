"""A host tree, a script's view of it, and the plan that its changes make: with no child at all.

What a script does is done through the handlers (`virtual`), and may be done natively to a copy as
well; the plan is executed on the host tree by the machinery of the sessions.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from shannot.effects.codec import from_json, to_json
from shannot.effects.document import Document
from shannot.effects.model import Effect, MakeDirectory, RunCommand
from shannot.sandbox.vfs.changes import Cutter
from shannot.sandbox.vfs.hidden import Hidden
from shannot.sandbox.vfs.rights import Identity
from shannot.sessions import preflight
from shannot.sessions.blobs import BlobDirectory
from shannot.sessions.disks import Disks
from shannot.sessions.filling import parents, relaxed
from shannot.sessions.foresight import Operator
from shannot.sessions.place import Protected
from shannot.sessions.steps import Step, Steps
from tests.fakes.virtual_os import Virtual
from tests.fakes.world import World

Picture = dict[str, tuple[object, ...]]


class Scene:
    """`host` is what the script sees, `native` a copy for the same operations done natively."""

    def __init__(
        self, base: Path, identity: Identity | None = None, hidden: Hidden | None = None
    ) -> None:
        self.base = base
        self.host = base / "host"
        self.native = base / "native"
        self.host.mkdir(parents=True)
        self.host.chmod(0o755)
        self.identity = identity
        self.hidden = hidden
        self.cuts: list[list[Effect]] = []

    def begin(self, guest: Path | None = None) -> None:
        """The host tree is planted: map it, and open what a run has."""
        shutil.copytree(self.host, self.native, symlinks=True)
        relink(self.host, self.native)
        self.world = World(self.base / "private", self.identity, self.hidden)
        self.world.map(self.host, guest or self.host)
        self.virtual = Virtual(self.world)
        (self.base / "blobs").mkdir()
        self.blobs_fd = os.open(self.base / "blobs", os.O_RDONLY)
        self.blobs = BlobDirectory(self.blobs_fd, os.geteuid(), "blobs")
        self.cutter = Cutter(self.world.tree.changeable, self.world.overlay, self.blobs)

    def at(self, name: str) -> str:
        """The script's path of a name in the host tree."""
        return str(self.host / name)

    def cut(self) -> list[Effect]:
        pending = self.cutter.pending()
        effects = self.cutter.cut()
        assert pending == bool(effects), (pending, effects)
        assert not self.cutter.left_out
        self.cuts.append(effects)
        return effects

    def effects(self) -> list[Effect]:
        return [effect for cut in self.cuts for effect in cut]

    def execute(self, after_cut: Callable[[], None] = lambda: None) -> None:
        """Do the plan so far on the host tree, as it is written to disk and read back."""
        effects = [from_json(Document(to_json(effect), "effect")) for effect in self.effects()]
        assert effects == self.effects()
        numbered = dict(enumerate(effects, 1))
        conflicts = preflight.find_conflicts(numbered, frozenset(), Operator.current())
        assert not conflicts, conflicts
        preflight.check_blobs(effects, self.blobs)
        (self.base / "kept").mkdir()
        kept_fd = os.open(self.base / "kept", os.O_RDONLY)
        kept = BlobDirectory(kept_fd, os.geteuid(), "kept")
        disks = Disks(together=False)
        steps = Steps("20260101-000000-scene-0000", self.blobs, kept, Protected([]), disks, {})
        done = 0
        try:
            for cut in self.cuts:
                perform(steps, effects[done : done + len(cut)])
                done += len(cut)
                after_cut()
        finally:
            os.close(kept_fd)

    def close(self) -> None:
        self.world.close()
        os.close(self.blobs_fd)


def perform(steps: Steps, effects: Sequence[Effect]) -> None:
    filled = parents(effects)
    for number, effect in enumerate(effects):
        assert not isinstance(effect, RunCommand)
        beside = os.path.dirname(effect.path)
        step = Step(number, relaxed(effect, filled), beside, inside=False, partial=False)
        steps.save(step)
        steps.make(step)
        steps.change(step, step.present)
    steps.forget()
    for effect in reversed(effects):
        if isinstance(effect, MakeDirectory):
            steps.settle(effect)
    steps.forget()


def relink(source: Path, copy: Path) -> None:
    """`copytree` parts files of several names; join them again."""
    first: dict[int, Path] = {}
    for directory, _, files in os.walk(source):
        for name in files:
            path = Path(directory, name)
            found = path.lstat()
            if found.st_nlink > 1:
                other = copy / path.relative_to(source)
                if found.st_ino in first:
                    other.unlink()
                    os.link(first[found.st_ino], other, follow_symlinks=False)
                first.setdefault(found.st_ino, other)


def picture(root: Path) -> Picture:
    """Names, kinds, contents, modes, owners, targets, and which names are one file."""
    found: Picture = {}
    first: dict[int, str] = {}
    waiting = [root]
    while waiting:
        path = waiting.pop()
        status = path.lstat()
        name = str(path.relative_to(root))
        contents: object = None
        if stat.S_ISREG(status.st_mode):
            contents = path.read_bytes()
        elif stat.S_ISLNK(status.st_mode):
            contents = os.readlink(path)
        else:
            waiting += sorted(path.iterdir(), reverse=True)
        one = "" if stat.S_ISDIR(status.st_mode) else first.setdefault(status.st_ino, name)
        mode = 0 if stat.S_ISLNK(status.st_mode) else stat.S_IMODE(status.st_mode)
        found[name] = (
            stat.S_IFMT(status.st_mode),
            mode,
            status.st_uid,
            status.st_gid,
            contents,
            one,
        )
    return dict(sorted(found.items()))
