"""What one user proposes and another decides about: taken over as a copy, or refused with a reason.

Root plays the operator, and makes entries that belong to a user without an account.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from shannot.effects.model import Effect, RunCommand
from shannot.effects.plan import digest
from shannot.errors import ShannotError
from shannot.sessions import offer
from shannot.sessions.accounts import name_of
from shannot.sessions.model import Session
from shannot.sessions.store import Store
from shannot.tui.app import App
from shannot.tui.cells import text_of
from shannot.tui.desk import Desk as ScreenDesk
from shannot.tui.list_view import ListView
from shannot.workflows.audit import Wanted, find
from shannot.workflows.auditing import log_of
from shannot.workflows.contents import diff
from shannot.workflows.queue import MAX_WAITING, collect, offer_session
from shannot.workflows.request import Caller
from shannot.workflows.status import status
from tests.sessions.worlds import World, fingerprint, shell_command

AGENT = 64_101
SECRET = b"the operator's secret\n"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another's files")


class Desk:
    """The queue, the agent's side (`world`), and the operator's store."""

    def __init__(self, base: Path) -> None:
        self.world = World(base)
        self.queue = base / "queue"
        self.queue.mkdir()
        self.queue.chmod(0o1777)
        self.home = base / "operator"
        config = self.home / ".config" / "shannot" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(
            f'[queue]\ndirectory = "{self.queue}"\n[profile]\nalways_deny = ["false"]\n'
        )
        self.secret = base / "secret"
        self.secret.write_bytes(SECRET)
        environment = {"HOME": str(self.home), "XDG_STATE_HOME": str(self.home)}
        self.caller = Caller(environment, "/", "/usr/bin/python3", os.geteuid(), "/none.toml")
        self.store = Store(f"{self.home}/shannot", os.geteuid())

    def propose(self, *effects: Effect, contents: tuple[bytes, ...] = (b"new",)) -> Path:
        """An entry as the agent's shannot makes it: write a file, unless told otherwise."""
        if not effects:
            recorder = self.world.recorder()
            recorder.write("app.conf", b"new")
            effects = tuple(recorder.effects)
        session = self.world.session(effects, contents)
        session = replace(session, user=name_of(AGENT), uid=AGENT, created=1_700_000_000)
        with self.world.store.lock(session.id) as lock:
            lock.save(session)
        offer.offer(self.world.store, session, str(self.queue))
        entry = self.queue / session.id
        give(entry)
        return entry

    def collect(self) -> tuple[str, ...]:
        return collect(self.store, self.caller)

    def holds(self, data: bytes) -> bool:
        """Does the operator's state hold these bytes anywhere?"""
        return any(
            data in path.read_bytes()
            for path in (self.home / "shannot").rglob("*")
            if path.is_file()
        )


def give(entry: Path) -> None:
    """It is the agent's, with everything in it."""
    for path in (entry, *entry.iterdir()):
        os.chown(path, AGENT, AGENT, follow_symlinks=False)


def changed(entry: Path, name: str, **fields: object) -> None:
    """Other fields in one of its documents; the head then names the plan that is there."""
    document = json.loads((entry / name).read_bytes())
    document.update(fields)
    (entry / name).write_bytes(json.dumps(document).encode())
    if name == "plan.json":
        digest_of = sha256((entry / name).read_bytes()).hexdigest()
        changed(entry, "session.json", plan_digest=digest_of, effects=len(document["effects"]))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@needs_root
def test_a_proposal_becomes_a_session_of_the_operator(desk: Desk) -> None:
    entry = desk.propose()
    assert desk.collect() == ()
    session = desk.store.load(entry.name)
    assert (session.state, session.uid, session.user) == ("pending", AGENT, str(AGENT))
    assert "proposed by user 64101 (uid 64101)" in session.plan.notes[-1]
    with desk.store.blobs(session.id) as blobs:
        assert blobs.read(sha256(b"new").hexdigest(), 10) == b"new"
    events = [record.event for record in find(log_of(desk.store), Wanted()).entries]
    assert events == ["collected"]


@needs_root
def test_it_is_among_what_waits_for_the_operator(desk: Desk) -> None:
    entry = desk.propose()
    assert [found.id for found in status(desk.caller).waiting] == [entry.name]


@needs_root
def test_a_screen_that_is_open_takes_over_what_comes_when_it_looks_again(desk: Desk) -> None:
    view = ListView(ScreenDesk(desk.store, desk.caller, "/dev/pts/7"))
    assert view.only_one() is None
    entry = desk.propose()
    (damaged := desk.queue / "20261124-141503-damaged-0000").mkdir()
    os.chown(damaged, AGENT, AGENT)
    view.press("R", App())
    assert len(view) == 2
    assert entry.name in text_of(view.row(0).body)
    assert "not taken from the queue" in text_of(view.row(1).body)


@needs_root
def test_it_is_taken_once_whatever_becomes_of_the_entry(desk: Desk) -> None:
    entry = desk.propose()
    desk.collect()
    before = desk.store.load(entry.name)
    changed(entry, "session.json", user="root", uid=0)
    (entry / "script").write_bytes(b"another")
    assert desk.collect() == ()
    assert desk.store.load(entry.name) == before
    for path in entry.iterdir():
        path.unlink()
    entry.rmdir()
    assert desk.collect() == ()
    assert desk.store.load(entry.name) == before


@needs_root
def test_a_proposal_that_was_pruned_does_not_come_back(desk: Desk) -> None:
    entry = desk.propose()
    desk.collect()
    os.rename(f"{desk.store.root}/{entry.name}", f"{desk.home}/pruned")
    assert desk.collect() == ()
    assert desk.store.ids() == []


@needs_root
def test_the_operators_own_entries_are_no_proposals(desk: Desk) -> None:
    entry = desk.propose()
    for path in (entry, *entry.iterdir()):
        os.chown(path, 0, 0)
    assert desk.collect() == ()
    assert desk.store.ids() == []


def test_without_a_queue_nothing_is_collected(desk: Desk) -> None:
    (desk.home / ".config" / "shannot" / "config.toml").write_text("")
    assert desk.collect() == ()
    assert not (desk.home / "shannot").exists()


# Hostile entries: each function makes one of a good one.


def says_it_is_approved(desk: Desk, entry: Path) -> None:
    plan = digest(desk.world.store.load(entry.name).plan)
    person = {"who": "root", "uid": 0, "where": "tty1", "key": "", "address": ""}
    decision = {"person": person, "when": 1, "reason": "", "digest": plan, "effects": [1],
                "expires": 9_999_999_999}  # fmt: skip
    changed(entry, "session.json", state="approved", decision=decision)


def says_it_is_the_operators(desk: Desk, entry: Path) -> None:
    changed(entry, "session.json", uid=0, user="root")


def says_another_name(desk: Desk, entry: Path) -> None:
    changed(entry, "session.json", user="root")


def says_another_id(desk: Desk, entry: Path) -> None:
    changed(entry, "session.json", id="20261124-141503-other-7f3a")


def comes_from_the_future(desk: Desk, entry: Path) -> None:
    changed(entry, "session.json", created=9_999_999_999)


def another_plan(desk: Desk, entry: Path) -> None:
    data = (entry / "plan.json").read_bytes()
    (entry / "plan.json").write_bytes(data.replace(b"app.conf", b"app.comf"))


def another_script(desk: Desk, entry: Path) -> None:
    (entry / "script").write_bytes(b"import os")


def other_contents(desk: Desk, entry: Path) -> None:
    next(entry.glob("blob-*")).write_bytes(b"bad")


def no_contents(desk: Desk, entry: Path) -> None:
    next(entry.glob("blob-*")).unlink()


def a_link_to_a_secret(desk: Desk, entry: Path) -> None:
    (entry / "stdout").unlink()
    (entry / "stdout").symlink_to(desk.secret)


def a_link_of_contents_to_a_secret(desk: Desk, entry: Path) -> None:
    blob = next(entry.glob("blob-*"))
    blob.unlink()
    blob.symlink_to(desk.secret)


def a_hard_link_to_a_secret(desk: Desk, entry: Path) -> None:
    (entry / "stdout").unlink()
    os.link(desk.secret, entry / "stdout")


def a_pipe(desk: Desk, entry: Path) -> None:
    (entry / "stdout").unlink()
    os.mkfifo(entry / "stdout")


def a_pipe_as_the_head(desk: Desk, entry: Path) -> None:
    (entry / "session.json").unlink()
    os.mkfifo(entry / "session.json")


def a_directory(desk: Desk, entry: Path) -> None:
    (entry / "script").unlink()
    (entry / "script").mkdir()


def a_huge_file(desk: Desk, entry: Path) -> None:
    os.truncate(entry / "stdout", 1 << 40)


def a_huge_plan(desk: Desk, entry: Path) -> None:
    os.truncate(entry / "plan.json", 1 << 40)


def deep_json(desk: Desk, entry: Path) -> None:
    (entry / "session.json").write_bytes(b"[" * 500_000)


def writable_by_others(desk: Desk, entry: Path) -> None:
    (entry / "session.json").chmod(0o666)


def a_directory_that_others_can_write(desk: Desk, entry: Path) -> None:
    entry.chmod(0o777)


def files_of_the_operator(desk: Desk, entry: Path) -> None:
    os.chown(entry / "stdout", 0, 0)


def more_fields(desk: Desk, entry: Path) -> None:
    changed(entry, "session.json", approved_by="root")


def nothing_to_do(desk: Desk, entry: Path) -> None:
    changed(entry, "plan.json", effects=[])


HOSTILE = [
    (says_it_is_approved, "says it was decided about"),
    (says_it_is_the_operators, "says it is another's"),
    (says_another_name, "says it is another's"),
    (says_another_id, "says it is another's, or another session"),
    (comes_from_the_future, "says it was made at another time"),
    (another_plan, "the plan is not the one that was recorded"),
    (another_script, "script is not the script that was run"),
    (other_contents, "does not match its name"),
    (no_contents, "is missing"),
    (a_link_to_a_secret, "stdout cannot be read: Too many levels of symbolic links"),
    (a_link_of_contents_to_a_secret, "cannot be read: Too many levels of symbolic links"),
    (a_hard_link_to_a_secret, "stdout is not a plain file"),
    (a_pipe, "stdout is not a plain file"),
    (a_pipe_as_the_head, "session.json is not a plain file"),
    (a_directory, "script is not a plain file"),
    (a_huge_file, "stdout is larger than"),
    (a_huge_plan, "plan.json is larger than"),
    (deep_json, "not valid JSON"),
    (writable_by_others, "can be written by others"),
    (a_directory_that_others_can_write, "can be written by others"),
    (files_of_the_operator, "stdout belongs to user 0"),
    (more_fields, "unknown field 'approved_by'"),
    (nothing_to_do, "changes nothing"),
]


@needs_root
@pytest.mark.parametrize(
    ("spoil", "told"), HOSTILE, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_hostile_entry_is_refused_and_leaves_nothing(
    desk: Desk, spoil: Callable[[Desk, Path], None], told: str
) -> None:
    entry = desk.propose()
    spoil(desk, entry)
    if spoil not in (files_of_the_operator, a_hard_link_to_a_secret):
        give(entry)
    (line,) = desk.collect()
    assert line.startswith(f"not taken from the queue: {entry.name} of user 64101: ")
    assert told in line
    assert desk.store.ids() == []
    assert not desk.holds(SECRET)
    assert desk.secret.read_bytes() == SECRET
    assert desk.collect() == (line,), "it is named again, and not read again"


@needs_root
def test_a_link_in_the_place_of_an_entry_is_no_entry(desk: Desk) -> None:
    entry = desk.propose()
    entry.rename(desk.queue.parent / "elsewhere")
    entry.symlink_to(desk.queue.parent / "elsewhere")
    os.chown(entry, AGENT, AGENT, follow_symlinks=False)
    assert desk.collect() == ()
    assert desk.store.ids() == []


# Commands: the operator's shannot decides, whatever the proposal says.


def command(desk: Desk, **changes: object) -> RunCommand:
    made = shell_command(("true", "x"), str(desk.world.tree))
    return replace(made, **changes)  # type: ignore[arg-type]


@needs_root
def test_a_command_gets_the_operators_environment_rule_and_reason(desk: Desk) -> None:
    made = command(
        desk,
        environment=(("HOME", "/home/agent"), ("PATH", "/home/agent/bin")),
        rule="trust me",
        reason="it is harmless",
    )
    entry = desk.propose(made, contents=())
    assert desk.collect() == ()
    (effect,) = desk.store.load(entry.name).plan.effects
    assert isinstance(effect, RunCommand)
    environment = dict(effect.environment)
    assert environment["HOME"] == str(desk.home)
    assert "/home/agent" not in environment["PATH"]
    assert effect.rule != "trust me"
    assert effect.verdict == "ask"
    assert "harmless" not in effect.reason


@needs_root
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"argv": ("false",)}, "is denied here"),
        ({"argv": ("rm", "-rf", "/"), "executable": "/usr/bin/rm"}, "is denied here"),
        ({"environment": (("LD_PRELOAD", "/tmp/x.so"),)}, "sets LD_PRELOAD"),
        ({"environment": (("EDITOR", "x"),)}, "sets EDITOR"),
        ({"executable": "/nonexistent/true"}, "is not on this machine"),
    ],
)
def test_a_command_that_a_proposal_cannot_have_is_refused(
    desk: Desk, changes: dict[str, object], told: str
) -> None:
    desk.propose(command(desk, **changes), contents=())
    (line,) = desk.collect()
    assert told in line
    assert desk.store.ids() == []


@needs_root
def test_a_program_that_its_proposer_can_exchange_is_refused(desk: Desk) -> None:
    program = desk.world.tree / "program"
    program.write_bytes(Path("/usr/bin/true").read_bytes())
    program.chmod(0o755)
    os.chown(program, AGENT, AGENT)
    made = command(desk, executable=str(program), executable_sha256=fingerprint(program).sha256)
    desk.propose(made, contents=())
    (line,) = desk.collect()
    assert "belongs to user 64101" in line or "can be changed by other users" in line


@needs_root
def test_one_user_cannot_fill_the_operators_list(desk: Desk) -> None:
    for _ in range(3):
        desk.propose()
    recorder = desk.world.recorder()
    recorder.write("other", b"new")
    for number in range(MAX_WAITING - 1):
        session = replace(
            desk.world.session(recorder.effects, [b"new"]), user=str(AGENT), uid=AGENT
        )
        draft = desk.store.draft()
        draft.write("script", b"")
        draft.commit(replace(session, id=f"20261124-141503-n{number}-0000"))
    lines = desk.collect()
    assert len(desk.store.ids()) == MAX_WAITING
    assert len(lines) == 2
    assert all("too many of this user's wait already" in line for line in lines)


@needs_root
@pytest.mark.parametrize(("mode", "owner"), [(0o777, 0), (0o775, 0), (0o1777, AGENT)])
def test_a_queue_in_which_others_could_exchange_entries_is_refused(
    desk: Desk, mode: int, owner: int
) -> None:
    desk.propose()
    desk.queue.chmod(mode)
    os.chown(desk.queue, owner, -1)
    with pytest.raises(ShannotError, match="must belong to root or to you, and be sticky"):
        desk.collect()
    assert desk.store.ids() == []


def test_what_was_decided_about_here_is_not_proposed_to_others(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    recorder = desk.world.recorder()
    recorder.write("a", b"new")
    session = desk.world.approved(desk.world.recorded(recorder))
    assert offer_session(str(desk.world.state), os.geteuid(), session.id, str(desk.queue)) == []
    assert os.listdir(desk.queue) == []


def test_what_is_too_large_for_the_queue_waits_at_home(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    recorder = desk.world.recorder()
    recorder.write("large", bytes(offer.MAX_ENTRY + 1))
    session: Session = desk.world.recorded(recorder)
    with pytest.raises(ShannotError, match="too large for the queue"):
        offer.offer(desk.world.store, session, str(desk.queue))
    assert [name for name in os.listdir(desk.queue) if not name.startswith(".")] == []


def test_a_diff_reads_nothing_through_a_link_and_opens_no_device(tmp_path: Path) -> None:
    """A path of a plan may be another user's wish; what it leads to must not be opened."""
    world = World(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"old\n")
    (world.tree / "link").symlink_to(tmp_path / "real")
    recorder = world.recorder()
    (world.native / "link").mkdir()
    (world.native / "link" / "file").write_bytes(b"old\n")
    recorder.write("link/file", b"new\n")
    session = world.recorded(recorder)
    (found,) = diff(world.store, session)
    assert found.diff.kind == "unavailable"
