"""One user proposes, another decides: real processes of two users, as root starts them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.users import User, place_for_users

AGENT, OPERATOR = 64_101, 64_102
SCRIPT = "open('app.conf', 'w').write('new\\n')"


class Desk:
    """An agent with a project, and an operator whose processes are root's."""

    def __init__(self, place: Path) -> None:
        queue = place / "queue"
        queue.mkdir()
        os.chown(queue, 0, OPERATOR)
        queue.chmod(0o3773)
        self.queue = queue
        config = f'[queue]\ndirectory = "{queue}"\n'
        self.agent = User(AGENT, place / "agent", AGENT, config)
        self.operator = User(0, place / "operator", 0, config)
        self.project = self.agent.home / "project"
        self.project.mkdir()
        (self.project / "app.conf").write_text("old\n")
        for path in (self.project, self.project / "app.conf"):
            os.chown(path, AGENT, AGENT)

    def propose(self) -> str:
        """Run the script as the agent. The session's id."""
        result = self.agent.shannot("run", "-c", SCRIPT, cwd=self.project)
        assert f"it is in the queue {self.queue}" in result.stderr, result.stderr
        (entry,) = self.queue.iterdir()
        return entry.name


@pytest.fixture
def desk() -> Iterator[Desk]:
    with place_for_users() as place:
        yield Desk(place)


def test_what_one_proposes_the_other_approves_and_executes(desk: Desk) -> None:
    session = desk.propose()
    listed = desk.operator.shannot("list").stdout
    assert session in listed
    assert f"(of user {AGENT})" in listed
    result = desk.operator.shannot("approve", session, "--yes", "--execute")
    assert result.returncode == 0, result.stderr
    assert "proposed by user 64101" in result.stdout
    changed = desk.project / "app.conf"
    assert changed.read_text() == "new\n"
    assert changed.stat().st_uid == AGENT, "a file that was there keeps its owner"
    assert "executed" in desk.operator.shannot("list").stdout


def test_the_proposer_reads_neither_the_queue_nor_the_operators_sessions(desk: Desk) -> None:
    session = desk.propose()
    desk.operator.shannot("list")
    for place in (desk.queue, desk.operator.state):
        result = desk.agent.python("-c", f"import os; os.listdir({str(place)!r})")
        assert "PermissionError" in result.stderr
    assert session in desk.agent.shannot("list").stdout, "their own they see"


def test_an_operator_who_is_not_root_reads_by_group(desk: Desk) -> None:
    session = desk.propose()
    config = f'[queue]\ndirectory = "{desk.queue}"\n'
    other = User(OPERATOR, desk.operator.home.parent / "other", OPERATOR, config)
    assert session in other.shannot("list").stdout
    result = other.shannot("approve", session, "--yes", "--execute")
    assert result.returncode == 1, "a user who may not write there cannot execute it"
    assert (desk.project / "app.conf").read_text() == "old\n"


def test_what_is_changed_in_the_queue_after_it_was_seen_changes_nothing(desk: Desk) -> None:
    session = desk.propose()
    shown = desk.operator.shannot("show", session).stdout
    change = (
        "import os, pathlib\n"
        f"entry = pathlib.Path({str(desk.queue / session)!r})\n"
        "for path in entry.iterdir():\n"
        "    path.write_bytes(path.read_bytes().replace(b'new', b'bad'))\n"
    )
    assert desk.agent.python("-c", change).returncode == 0
    assert desk.operator.shannot("show", session).stdout == shown
    assert desk.operator.shannot("approve", session, "--yes", "--execute").returncode == 0
    assert (desk.project / "app.conf").read_text() == "new\n"


@pytest.mark.parametrize("kind", ["directory", "file", "pipe", "hard link"])
def test_what_is_exchanged_between_approval_and_execution_leads_nowhere(
    desk: Desk, kind: str
) -> None:
    session = desk.propose()
    assert desk.operator.shannot("approve", session, "--yes").returncode == 0
    treasure = desk.operator.home / "app.conf"
    treasure.write_text("old\n")
    moved = desk.project.parent / "moved"
    if kind == "directory":
        desk.project.rename(moved)
        desk.project.symlink_to(desk.operator.home)
    else:
        target = desk.project / "app.conf"
        target.unlink()
        if kind == "file":
            target.symlink_to(treasure)
        elif kind == "pipe":
            os.mkfifo(target)
        else:
            os.link(treasure, target)
    result = desk.operator.shannot("execute", session)
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert treasure.read_text() == "old\n"
    assert treasure.stat().st_uid == 0


def state(user: User, session: str) -> str:
    shown = json.loads(user.shannot("show", "--json", session).stdout)["result"]["state"]
    assert isinstance(shown, str)
    return shown


def test_what_an_operator_decides_comes_back_to_the_proposer(desk: Desk) -> None:
    session = desk.propose()
    assert state(desk.agent, session) == "pending"
    assert desk.operator.shannot("approve", session, "--yes").returncode == 0
    assert f"{session}  approved" in desk.agent.shannot("list").stdout
    shown = desk.agent.shannot("show", session)
    assert "approved" in shown.stdout
    assert "next:" not in shown.stderr, "nothing is left to do for the proposer"
    assert desk.operator.shannot("execute", session).returncode == 0
    assert state(desk.agent, session) == "executed"
    assert desk.operator.shannot("rollback", session, "--yes").returncode == 0
    assert state(desk.agent, session) == "rolled-back"
    shown = desk.agent.shannot("show", session).stdout
    for told in ("approved ", "executed ", "rolled-back ", "by root (uid 0)"):
        assert told in shown


def test_a_rejection_comes_back_with_its_reason(desk: Desk) -> None:
    session = desk.propose()
    assert desk.operator.shannot("reject", session, "--reason", "not on a Friday").returncode == 0
    assert state(desk.agent, session) == "rejected"
    assert "not on a Friday" in desk.agent.shannot("show", session).stdout


def test_an_operators_approval_lets_the_proposer_execute_nothing(desk: Desk) -> None:
    session = desk.propose()
    assert desk.operator.shannot("approve", session, "--yes").returncode == 0
    result = desk.agent.shannot("execute", session)
    assert result.returncode == 126
    assert "was decided by user root" in result.stderr
    assert (desk.project / "app.conf").read_text() == "old\n"


def test_what_its_proposer_has_executed_no_operator_executes_again(desk: Desk) -> None:
    session = desk.propose()
    assert desk.operator.shannot("approve", session, "--yes").returncode == 0
    assert desk.agent.shannot("approve", session, "--yes", "--execute").returncode == 0
    (desk.project / "app.conf").write_text("old\n")
    result = desk.operator.shannot("execute", session)
    assert result.returncode == 1
    assert f"user {AGENT} executes session {session}" in result.stderr
    assert (desk.project / "app.conf").read_text() == "old\n"


@pytest.mark.parametrize("name", [".approved-", ".rejected-", ".executed-"])
def test_an_answer_that_no_operator_gave_is_not_believed(desk: Desk, name: str) -> None:
    session = desk.propose()
    assert desk.operator.shannot("approve", session, "--yes", "--execute").returncode == 0
    answers = [path for path in desk.queue.iterdir() if path.name.startswith(".")]
    assert len(answers) == 2
    kept = [path.read_bytes() for path in answers]
    for path in answers:
        path.unlink()
    for told in kept:
        path = desk.queue / f"{name}{session}"
        path.write_bytes(told)
        os.chown(path, 64_109, OPERATOR)
        assert state(desk.agent, session) == "pending"


@pytest.mark.parametrize("kind", ["garbage", "link", "large", "pipe", "other plan"])
def test_an_answer_that_cannot_be_read_says_nothing(desk: Desk, kind: str) -> None:
    session = desk.propose()
    path = desk.queue / f".approved-{session}"
    if kind == "garbage":
        path.write_bytes(b"\xff{")
    elif kind == "large":
        path.write_bytes(b" " * (2 << 20))
    elif kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        person = {"who": "x", "uid": 0, "where": "x", "key": "", "address": ""}
        decision = {"person": person, "when": 1, "reason": "", "digest": "0" * 64}
        decision |= {"effects": [1, 2, 3], "expires": None}
        event = {"what": "approved", "when": 1, "person": person, "note": ""}
        told = {"format": 1, "decision": decision, "event": event}
        path.write_text(json.dumps({**told, "report": {"done": [], "others": []}}))
    assert state(desk.agent, session) == "pending"


def test_a_proposal_is_taken_back_with_the_session_it_was_made_of(desk: Desk) -> None:
    desk.propose()
    result = desk.agent.shannot("prune", "--older", "1ms", "--state", "pending")
    assert result.returncode == 0, result.stderr
    assert list(desk.queue.iterdir()) == []


def test_a_queue_that_cannot_be_written_is_named_and_the_session_kept(desk: Desk) -> None:
    desk.queue.chmod(0o700)
    result = desk.agent.shannot("run", "-c", SCRIPT, cwd=desk.project)
    assert result.returncode == 0
    assert "waits here only: it could not be put into the queue" in result.stderr
    assert "pending" in desk.agent.shannot("list").stdout


ASKING = """\
import pathlib, subprocess
pathlib.Path("app.conf").write_text("new\\n")
done = subprocess.run(["sh", "-c", "cat app.conf; echo oops >&2; exit 3"], capture_output=True)
print("first:", done.returncode, done.stdout, done.stderr, flush=True)
pathlib.Path("second").write_text("two\\n")
done = subprocess.run(["tee", "third"], input=b"piped\\n", capture_output=True)
print("second:", done.returncode, done.stdout, flush=True)
"""
ASKS = '[queue]\ndirectory = "{}"\n[profiles.default]\nask = ["sh", "tee"]\n'


@pytest.fixture
def waiting(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    """A script of the agent's that waits for decisions."""
    for user in (desk.agent, desk.operator):
        (user.home / ".config/shannot/config.toml").write_text(ASKS.format(desk.queue))
    run = desk.agent.start("run", "--on-ask", "wait", "-c", ASKING, cwd=desk.project)
    try:
        yield run
    finally:
        run.kill()
        run.communicate()


def question(run: subprocess.Popen[str]) -> str:
    """The session whose script waits for operators as well."""
    assert run.stderr is not None
    session = ""
    for line in run.stderr:
        if "waits for a decision" in line:
            session = line.split("approve ")[1].split()[0]
        if "the operators can decide about it as well" in line:
            return session
    raise AssertionError("it never asked")


def printed(run: subprocess.Popen[str]) -> str:
    assert run.stdout is not None
    return run.stdout.readline()


def test_an_operator_decides_while_the_script_waits(
    desk: Desk, waiting: subprocess.Popen[str]
) -> None:
    session = question(waiting)
    assert "(incomplete, asks about effect 2)" in desk.operator.shannot("list").stdout
    assert (desk.project / "app.conf").read_text() == "old\n"
    done = desk.operator.shannot("approve", session, "--yes", "--execute")
    assert "the script waited for effect 2, and goes on" in done.stderr, done.stderr
    assert printed(waiting) == "first: 3 b'new\\n' b'oops\\n'\n", "what it really printed"
    assert question(waiting) == session
    other = desk.agent.shannot("approve", session, "--yes", "--execute", "--skip-conflicts")
    assert other.returncode == 1
    assert "user root executes session" in other.stderr
    assert desk.operator.shannot("reject", session, "--reason", "no").returncode == 0
    assert printed(waiting) == "second: 126 b''\n"
    assert waiting.wait(60) == 0
    assert not (desk.project / "second").exists()
    assert desk.operator.shannot("approve", session, "--yes", "--execute").returncode == 0
    assert (desk.project / "second").read_text() == "two\n"
    assert state(desk.agent, session) == "executed"
    answered = desk.agent.shannot("audit", "list").stdout
    assert answered.count("root        answered") == 2, "who decided is recorded at both"
    assert desk.operator.shannot("rollback", session, "--yes").returncode == 0
    assert (desk.project / "app.conf").read_text() == "old\n"


def test_what_the_agent_says_itself_in_an_operators_place_is_not_heard(
    desk: Desk, waiting: subprocess.Popen[str]
) -> None:
    session = question(waiting)
    assert session in desk.operator.shannot("list").stdout
    answers = desk.queue / session / "answers"
    forged = (
        "import os, pathlib\n"
        f"answers = pathlib.Path({str(answers)!r})\n"
        "for name in ('2.taken', '2.json', '2.stdout', '2.stderr'):\n"
        "    (answers / name).write_bytes(b'{}')\n"
    )
    assert desk.agent.python("-c", forged).returncode == 0
    refused = desk.operator.shannot("approve", session, "--yes", "--execute")
    assert refused.returncode == 1
    assert f"user {AGENT} decides about effect 2" in refused.stderr
    assert (desk.project / "app.conf").read_text() == "old\n"
    assert waiting.poll() is None
    assert desk.agent.shannot("reject", session, "--reason", "no").returncode == 0
    assert printed(waiting) == "first: 126 b'' b''\n"


def test_a_script_that_was_killed_leaves_the_operator_an_incomplete_session(
    desk: Desk, waiting: subprocess.Popen[str]
) -> None:
    session = question(waiting)
    waiting.kill()
    waiting.wait(60)
    refused = desk.operator.shannot("approve", session, "--yes", "--execute")
    assert refused.returncode == 126
    assert "incomplete" in refused.stderr
    desk.operator.shannot("execute", session, "--incomplete")
    assert (desk.project / "app.conf").read_text() == "new\n"


def test_a_question_that_the_operators_rules_deny_can_be_answered_no_and_in_no_other_way(
    desk: Desk,
) -> None:
    rules = ASKS.format(desk.queue)
    (desk.agent.home / ".config/shannot/config.toml").write_text(rules)
    denied = rules + 'always_deny = ["sh"]\n'
    (desk.operator.home / ".config/shannot/config.toml").write_text(denied)
    run = desk.agent.start("run", "--on-ask", "wait", "-c", ASKING, cwd=desk.project)
    try:
        session = question(run)
        assert f"{session}  pending" in desk.operator.shannot("list").stdout
        shown = desk.operator.shannot("show", session).stdout
        assert "effect 2 is denied here" in shown
        assert "cannot be approved here" in shown
        assert "\nincomplete" not in shown, "it has not ended yet"
        for words in ((), ("--effects", "1"), ("--effects", "2")):
            refused = desk.operator.shannot("approve", session, "--yes", "--execute", *words)
            assert refused.returncode == 126
            assert f"shannot reject {session}" in refused.stderr
        assert (desk.project / "app.conf").read_text() == "old\n"
        assert run.poll() is None
        rejected = desk.operator.shannot("reject", session, "--reason", "not with a shell")
        assert rejected.returncode == 0, rejected.stderr
        assert printed(run) == "first: 126 b'' b''\n"
        assert question(run) == session
        done = desk.operator.shannot("approve", session, "--yes", "--execute")
        assert done.returncode == 0, done.stderr
        assert printed(run) == "second: 0 b'piped\\n'\n", "the next question is one as ever"
        assert run.wait(60) == 0
    finally:
        run.kill()
        run.communicate()
    assert "not with a shell" in desk.agent.shannot("show", session).stdout
    assert (desk.project / "app.conf").read_text() == "new\n"


PARTLY = """\
import pathlib, subprocess
pathlib.Path("app.conf").write_text("new\\n")
subprocess.run(["sh", "-c", "echo secret of the operator; exit 3"])
pathlib.Path("second").write_text("two\\n")
"""


def test_its_proposer_is_shown_what_became_of_each_effect(desk: Desk) -> None:
    for user in (desk.agent, desk.operator):
        (user.home / ".config/shannot/config.toml").write_text(ASKS.format(desk.queue))
    assert desk.agent.shannot("run", "-c", PARTLY, cwd=desk.project).returncode == 0
    (entry,) = desk.queue.iterdir()
    assert desk.operator.shannot("approve", entry.name, "--yes", "--execute").returncode == 1
    found = json.loads(desk.agent.shannot("show", "--json", entry.name).stdout)["result"]
    results = [effect["result"] for effect in found["effects"]]
    assert [result and result["state"] for result in results] == ["done", "failed", None]
    assert results[1]["exit_status"] == 3
    shown = desk.agent.shannot("show", entry.name).stdout
    assert "=> failed, exit status 3" in shown
    assert "secret of the operator\n" not in shown, "what it printed is the operator's"
    assert desk.agent.shannot("rollback", entry.name, "--yes").returncode == 126
    assert desk.operator.shannot("rollback", entry.name, "--yes").returncode == 0
    shown = desk.agent.shannot("show", entry.name).stdout
    assert "=> done: put back since" in shown
    assert desk.agent.shannot("execute", entry.name).returncode in (1, 126)
    assert (desk.project / "app.conf").read_text() == "old\n"


def test_what_was_not_taken_over_can_be_rejected_so_that_nobody_waits_for_it(desk: Desk) -> None:
    denied = ASKS.format(desk.queue)
    (desk.agent.home / ".config/shannot/config.toml").write_text(denied)
    (desk.operator.home / ".config/shannot/config.toml").write_text(
        denied + 'always_deny = ["tee"]\n'
    )
    run = desk.agent.shannot(
        "run", "-c", "import subprocess; subprocess.run(['tee', 'x'])", cwd=desk.project
    )
    assert run.returncode == 0
    (entry,) = desk.queue.iterdir()
    listed = desk.operator.shannot("list")
    assert entry.name not in listed.stdout
    assert "effect 1 is denied here: " in listed.stderr
    assert f"; `shannot reject {entry.name}` tells them" in listed.stderr
    assert desk.operator.shannot("approve", entry.name, "--yes").returncode == 127
    assert desk.agent.shannot("reject", "20200101", "--reason", "x").returncode == 127
    done = desk.operator.shannot("reject", entry.name[:-2], "--reason", "no tee here")
    assert done.returncode == 0
    assert done.stderr.endswith(f"\nshannot: rejected {entry.name}\n")
    assert state(desk.agent, entry.name) == "rejected"
    shown = desk.agent.shannot("show", entry.name).stdout
    assert "by root (uid 0)" in shown
    assert "no tee here" in shown
    assert desk.operator.shannot("list").stderr == "shannot: there is no session\n"
    assert desk.operator.shannot("reject", entry.name).returncode == 127, "once is enough"
    assert "rejected" in desk.operator.shannot("audit", "list").stdout
