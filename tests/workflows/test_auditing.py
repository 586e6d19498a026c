"""What the log is told by the verbs, and that nothing is done which it cannot be told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from shannot.audit import AuditError, Log
from shannot.errors import RefusedError, ShannotError
from shannot.sessions.decision import Person
from shannot.sessions.store import Store
from shannot.workflows.audit import Wanted, check, find
from shannot.workflows.auditing import log_of
from shannot.workflows.program import Program
from shannot.workflows.request import Caller, Request
from shannot.workflows.rollback import rollback
from shannot.workflows.run import Report, run_script
from tests.fakes.sandbox import FakeSandbox
from tests.sessions.worlds import NOW, World

ROOT = Path(__file__).parent.parent.parent
QUIET = (0, None, None)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def records(log: Log) -> list[Mapping[str, object]]:
    assert check(log, None).findings == ()
    return [entry.fields for entry in find(log, Wanted()).entries]


def events(log: Log) -> list[object]:
    return [record["event"] for record in records(log)]


def unwritable(log: Log) -> None:
    """Nothing can be recorded any more, not even by root."""
    os.rename(log.segments_path, f"{log.segments_path}.moved")
    Path(log.segments_path).write_bytes(b"")


def writable(log: Log) -> None:
    os.unlink(log.segments_path)
    os.rename(f"{log.segments_path}.moved", log.segments_path)


def test_a_decision_and_each_effect_are_recorded_in_order(world: World) -> None:
    recorder = world.recorder()
    recorder.write("secret.conf", b"password = hunter2\n")
    recorder.run("true", "--password", "hunter2")
    recorder.run("false")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    found = records(log_of(world.store))
    assert [record["event"] for record in found] == [
        "approved", "executing", "effect", "effect", "effect", "result", "result", "failed",
    ]  # fmt: skip
    assert {record["session"] for record in found} == {session.id}
    approved, executing, write, command, *_, first, second, failed = found
    assert (approved["user"], approved["effects"]) == ("someone", "1-3")
    assert approved["plan_digest"] == executing["plan_digest"] == session.digest()
    assert (write["effect"], write["path"]) == ("WriteFile", f"{world.tree}/secret.conf")
    assert (command["effect"], command["number"]) == ("RunCommand", 2)
    assert (first["exit_status"], second["exit_status"]) == (0, 1)
    assert (failed["done"], failed["not_done"]) == ("1-2", 1)
    text = b"".join(path.read_bytes() for path in Path(log_of(world.store).segments_path).iterdir())
    assert b"hunter2" not in text


def test_what_cannot_be_recorded_is_not_approved(world: World) -> None:
    recorder = world.recorder()
    recorder.write("a", b"new")
    session = world.recorded(recorder)
    world.approved(session)
    unwritable(log_of(world.store))
    with pytest.raises(AuditError):
        world.approved(session, [1])
    writable(log_of(world.store))
    assert events(log_of(world.store)) == ["approved"]


def test_what_cannot_be_recorded_is_not_executed(world: World) -> None:
    recorder = world.recorder()
    recorder.write("a", b"new")
    session = world.approved(world.recorded(recorder))
    unwritable(log_of(world.store))
    with pytest.raises(AuditError):
        world.execute(session)
    assert os.listdir(world.tree) == []
    assert world.store.load(session.id).state == "approved"
    writable(log_of(world.store))
    result, _, _ = world.execute(session)
    assert result.succeeded


def test_an_execution_stops_before_the_effect_that_cannot_be_recorded(world: World) -> None:
    world.batch = 1  # those that are synced together are recorded together
    recorder = world.recorder()
    for name in "abc":
        recorder.write(name, b"new")
    session = world.approved(world.recorded(recorder))
    log = log_of(world.store)

    def observe(event: str, number: int) -> None:
        if (event, number) == ("change", 1):
            unwritable(log)

    with pytest.raises(ShannotError, match=r"it stopped there, and `shannot execute` goes on"):
        world.execute(session, keep_going=True, observe=observe)
    assert os.listdir(world.tree) == ["a"]
    writable(log)
    result, _, _ = world.execute(session)
    assert result.succeeded
    assert sorted(os.listdir(world.tree)) == ["a", "b", "c"]


def test_what_is_refused_is_recorded(world: World) -> None:
    recorder = world.recorder()
    recorder.write("a", b"new")
    session = world.recorded(recorder)
    with pytest.raises(ShannotError):
        world.execute(session)
    world.approved(session)
    Path(world.store.root, session.id, "script").write_bytes(b"another")
    with pytest.raises(ShannotError):
        world.execute(session)
    assert events(log_of(world.store)) == ["refused", "approved", "refused"]
    found = records(log_of(world.store))
    assert (found[0]["verb"], found[0]["kind"]) == ("execute", "LifecycleError")
    assert "changed after the run" in str(found[2]["message"])


class Place:
    """A home, and a state directory beside it."""

    def __init__(self, tmp_path: Path) -> None:
        self.home = tmp_path / "home"
        self.project = self.home / "project"
        self.project.mkdir(parents=True)
        self.state = tmp_path / "state"
        self.log = Log(f"{self.state}/shannot", os.getuid())

    def run(self, sandbox: FakeSandbox, keep: bool = False, profile: str | None = None) -> Report:
        environment = {"HOME": str(self.home), "XDG_STATE_HOME": str(self.state)}
        caller = Caller(environment, str(self.project), sys.executable, os.getuid(), "/none.toml")
        program = Program("code", "print('secret')", ["--token", "hunter2"])
        return run_script(
            Request(program, keep=keep, profile=profile, streams=QUIET), caller, sandbox
        )

    def configure(self, text: str) -> Path:
        path = self.home / ".config" / "shannot" / "config.toml"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        return path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_run_that_leaves_nothing_is_recorded(place: Place) -> None:
    report = place.run(FakeSandbox(status=3))
    assert report.is_silent()
    (run,) = records(place.log)
    assert (run["event"], run["exit_status"], run["session"]) == ("run", 3, None)
    assert (run["script"], run["arguments"], run["effects"]) == ("code", 2, 0)
    assert b"hunter2" not in b"".join(
        p.read_bytes() for p in Path(place.log.segments_path).iterdir()
    )


def test_every_verdict_is_recorded_and_an_allowed_command_before_it_starts(place: Place) -> None:
    place.configure('[profile]\nauto_approve = ["true"]\nalways_deny = ["false"]\n')
    words = [["true"], ["systemctl", "stop", "x"], ["false"], ["rm", "-rf", "/"]]
    report = place.run(FakeSandbox(commands=words))
    found = records(place.log)
    told = [(record["verdict"], record["argv"]) for record in found[:-1]]
    assert told == [
        ("allow", ["true"]),
        ("ask", ["systemctl", "stop", "x"]),
        ("deny", ["false"]),
        ("deny", ["rm", "-rf", "/"]),
    ]
    assert (found[-1]["session"], found[-1]["waiting"]) == (report.session, 1)


def test_an_allowed_command_that_cannot_be_recorded_does_not_run(place: Place) -> None:
    place.configure('[profile]\nauto_approve = ["true"]\n')
    place.run(FakeSandbox())
    unwritable(place.log)
    sandbox = FakeSandbox(commands=[["true"]])
    report = place.run(sandbox)
    assert [answer.kind for answer in sandbox.answers] == ["refuse"]
    assert any("could not be recorded" in note for note in report.notes)
    assert not report.outcome.complete


def test_the_configuration_of_a_run_is_recorded_by_its_digest(place: Place) -> None:
    path = place.configure('profile = "ops"\n[profiles.ops]\nask = ["ls"]\n')
    place.run(FakeSandbox())
    (run,) = records(place.log)
    assert run["profile"] == "ops"
    assert run["configuration"] == [[str(path), sha256(path.read_bytes()).hexdigest()]]


def test_the_profile_file_of_a_run_is_recorded_by_its_digest(place: Place) -> None:
    path = place.home / "web.json"
    path.write_text('{"ask": ["ls"]}')
    path.chmod(0o600)
    place.run(FakeSandbox(), profile=str(path))
    (run,) = records(place.log)
    assert run["configuration"] == [[str(path), sha256(path.read_bytes()).hexdigest()]]


def test_a_run_goes_on_without_the_log_and_says_so(place: Place) -> None:
    place.run(FakeSandbox())
    unwritable(place.log)
    report = place.run(FakeSandbox(status=3))
    assert report.status == 3
    assert [note.partition(":")[0] for note in report.notes] == ["this run is not recorded"]
    assert not report.is_silent()


def test_a_run_that_fails_is_recorded(place: Place) -> None:
    class Broken(FakeSandbox):
        def __call__(self, *arguments: object) -> object:  # type: ignore[override]
            raise RefusedError("no")

    with pytest.raises(RefusedError):
        place.run(Broken())
    (run,) = records(place.log)
    assert (run["event"], run["failed"]) == ("run", "RefusedError")


def test_a_plain_run_loads_nothing_heavy_to_be_recorded(tmp_path: Path) -> None:
    Log(str(tmp_path), os.getuid()).append([{"event": "run"}], sync=False)
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from shannot.workflows.run_audit import Log\n"
        f"Log({str(tmp_path)!r}, {os.getuid()}).append([{{'event': 'run'}}], sync=False)\n"
        "print(*set(sys.modules) - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "shannot.audit" in loaded
    assert loaded.isdisjoint(
        {"dataclasses", "json", "hashlib", "re", "typing", "enum", "shannot.effects.model"}
    )


def test_the_store_of_another_state_has_its_own_log(tmp_path: Path) -> None:
    assert log_of(Store("/a/state", 7)).segments_path == "/a/state/audit"


def test_a_rollback_is_recorded_path_by_path(world: World) -> None:
    recorder = world.recorder()
    recorder.write("a", b"new")
    recorder.write("b", b"new")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    before = len(records(log_of(world.store)))
    person = Person("someone", os.getuid(), "here")
    result = rollback(world.store, session.id, [str(world.state)], person=person, now=NOW + 9)
    assert result.succeeded
    found = records(log_of(world.store))[before:]
    assert [record["event"] for record in found] == ["rolling-back", "undo", "undo", "rolled-back"]
    assert {record["path"] for record in found[1:3]} == {f"{world.tree}/a", f"{world.tree}/b"}


def test_a_rollback_that_cannot_be_recorded_changes_nothing(world: World) -> None:
    recorder = world.recorder()
    recorder.write("a", b"new")
    session = world.approved(world.recorded(recorder))
    world.execute(session)
    unwritable(log_of(world.store))
    person = Person("someone", os.getuid(), "here")
    with pytest.raises(AuditError):
        rollback(world.store, session.id, [str(world.state)], person=person, now=NOW + 9)
    assert os.listdir(world.tree) == ["a"]
