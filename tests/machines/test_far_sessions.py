"""Every session command with --target, over a line that stands in for ssh, and lines that break."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shannot.machines.verbs import VERBS
from tests.cli.places import Place
from tests.machines.line import answering, install

STEP = "#!/bin/sh\necho x >> count\necho begun\nuntil test -e go; do sleep 0.05; done\necho ended\n"
SCRIPT = """\
import subprocess, sys
open('app.conf', 'a').write('more\\n')
out = subprocess.run(['./step'], stdout=subprocess.PIPE).stdout
open('after', 'wb').write(out)
print('ran', sys.argv[1:])
"""


class Lab:
    """This machine, and another one whose `step` waits for the file `go`."""

    def __init__(self, base: Path) -> None:
        for name in ("here", "there"):
            (base / name).mkdir()
        self.here, self.there = Place(base / "here"), Place(base / "there")
        for place in (self.here, self.there):
            place.environment["XDG_CONFIG_HOME"] = str(place.home.parent / "config")
        self.temporary = base / "temporary"
        self.temporary.mkdir()
        self.there.environment["TMPDIR"] = str(self.temporary)
        install(self.here, self.there)
        (self.there.project / "step").write_text(STEP)
        (self.there.project / "step").chmod(0o755)

    def shannot(self, *words: str, cut: str = "", kill: bool = False) -> tuple[int, str, str]:
        """(exit code, stdout, stderr). cut, kill: as `line.py` takes them."""
        more = {"LINE_CUT": cut} if cut else {}
        more |= {"LINE_KILL": "1"} if kill else {}
        before = dict(self.here.environment)
        self.here.environment.update(more)
        done = self.here.shannot(*words)
        self.here.environment.clear()
        self.here.environment.update(before)
        assert b"Traceback" not in done.stderr
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def asked(self, *words: str) -> str:
        """Of the other machine, to a good end. Returns stdout."""
        status, out, err = self.shannot(words[0], "--target", "web", *words[1:])
        assert status == 0, err
        return out

    def propose(self, script: str = SCRIPT, *words: str) -> str:
        found: str = json.loads(self.asked("run", "--json", "-c", script, *words))["result"][
            "session"
        ]
        return found

    def approved(self, script: str = SCRIPT) -> str:
        session = self.propose(script)
        self.asked("approve", session, "--yes")
        return session

    def state(self, session: str) -> str:
        listed = json.loads(self.there.shannot("list", "--json").stdout)["result"]["sessions"]
        (found,) = (item["state"] for item in listed if item["id"] == session)
        return str(found)

    def count(self) -> int:
        """How often `step` was started for real."""
        path = self.there.project / "count"
        return len(path.read_text().split()) if path.exists() else 0

    def go(self) -> None:
        (self.there.project / "go").touch()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_what_is_executed_there_is_seen_as_it_comes(lab: Lab) -> None:
    session = lab.approved()
    process = subprocess.Popen(
        [sys.executable, "-m", "shannot", "execute", "--target", "web", session],
        env=lab.here.environment,
        cwd=lab.here.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    seen = b""
    while b"begun\n" not in seen:
        piece = os.read(process.stdout.fileno(), 1000)
        assert piece, seen
        seen += piece
    assert not (lab.there.project / "after").exists()
    lab.go()
    rest, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    lines = (seen + rest).decode().splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "begun", "ended", "3"]
    assert f"shannot: executed {session} on web: 3 done, 0 not".encode() in said


def test_a_script_that_needs_real_output_goes_on_there(lab: Lab) -> None:
    lab.go()
    session = lab.approved()
    assert "begun\nended" in lab.asked("execute", session)
    status, out, err = lab.shannot("resume", "--target", "web", session)
    assert (status, out) == (0, "ran []\n"), err
    assert "then: shannot approve --target web " in err
    assert lab.count() == 1
    again = json.loads(lab.asked("resume", session, "--json"))
    assert again["command"] == "resume"
    shown = json.loads(lab.asked("show", again["result"]["session"], "--json"))["result"]
    assert shown["parent"] == session
    assert "+begun" in json.dumps(shown["effects"][0]["diff"])
    lab.asked("approve", again["result"]["session"], "--yes", "--execute")
    assert (lab.there.project / "after").read_text() == "begun\nended\n"


def test_each_command_about_a_session_works_there(lab: Lab) -> None:
    lab.go()
    session, other = lab.propose(SCRIPT, "a b"), lab.propose("open('x', 'w')")
    assert lab.asked("show", session, "--stdout") == "ran ['a b']\n"
    assert lab.asked("show", session, "--script") == SCRIPT
    diffs = json.loads(lab.asked("diff", session, "--effects", "1", "--json"))["result"]["diffs"]
    assert [item["number"] for item in diffs] == [1]
    lab.asked("reject", other, "--reason", "no")
    lab.asked("approve", session, "--yes", "--execute")
    waiting = json.loads(lab.asked("list", "--waiting", "--json"))["result"]["sessions"]
    assert waiting == []
    standing = json.loads(lab.asked("rollback", "list", "--json"))
    assert standing["command"] == "rollback"
    assert [item["id"] for item in standing["result"]["sessions"]] == [session]
    assert lab.asked("rollback", "list").startswith(session)
    lab.asked("rollback", session, "--yes")
    assert lab.asked("rollback", "list") == ""


def test_several_sessions_are_approved_there_one_after_the_other(lab: Lab) -> None:
    found = [lab.propose(f"open('{name}', 'w')") for name in "ab"]
    lab.asked("approve", *found, "--yes")
    assert [lab.state(session) for session in found] == ["approved", "approved"]
    assert lab.shannot("approve", "--target", "web", found[0], found[0], "--yes")[0] == 2


def test_a_person_who_has_read_what_is_missing_approves_it_there_as_here(lab: Lab) -> None:
    session = lab.propose("import os\nos.mkdir('d')\nopen('d/x', 'w').write('x')")
    status, _, err = lab.shannot("approve", "--target", "web", session, "--effects=2", "--yes")
    assert status == 1, err
    assert "--effects 1-2" in err
    words = ("approve", "--target", "web", session, "--effects", "2")
    status, shown = lab.here.at_terminal(*words, keys=b"n\n")
    assert (status, lab.state(session)) == (1, "pending"), shown
    status, shown = lab.here.at_terminal(*words, keys=b"y\n")
    assert (status, lab.state(session)) == (0, "approved"), shown


def test_a_command_that_may_take_long_is_given_its_time_there(lab: Lab) -> None:
    session = lab.approved()
    status, _, err = lab.shannot("execute", "--target", "web", session, "--timeout", "0.3")
    assert status == 1, err
    assert "--redo (or --skip)" in err


def test_a_key_without_show_executes_and_says_what_failed(lab: Lab) -> None:
    session = lab.approved()
    lab.here.environment["SERVE"] = "--allow=execute"
    status, _, err = lab.shannot("execute", "--target", "web", session, "--timeout", "0.3")
    assert status == 1, err
    assert "does not allow" not in err


def test_the_single_file_is_put_by_its_checksum_and_never_over_another(lab: Lab) -> None:
    words = ("remote", "deploy", "web")
    assert "sent, and checked" in lab.shannot(*words)[2]
    assert "there already" in lab.shannot(*words)[2]
    (stands,) = (lab.there.state / "shannot" / "program").iterdir()
    right = stands.read_bytes()
    stands.write_bytes(b"evil".ljust(len(right), b"#"))
    status, _, err = lab.shannot(*words)
    assert (status, stands.read_bytes()[:4]) == (126, b"evil"), err
    stands.unlink()
    for number in range(8):
        stands.with_name(f"{number}").touch()
    status, _, err = lab.shannot(*words)
    assert (status, "8 files are kept there already" in err) == (126, True)
    lab.here.environment["SERVE"] = "--allow=run"
    assert lab.shannot(*words)[0] == 126


LOST = "the connection is lost; `shannot list --target web` tells what came of it"


def test_a_server_that_is_killed_leaves_no_script_behind(lab: Lab) -> None:
    script = "import time\nprint('ran', flush=True)\ntime.sleep(60)"
    assert lab.shannot("run", "--target", "web", "-c", script, cut="down:3", kill=True)[0] == 125
    deadline = time.monotonic() + 20
    while list(lab.temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(lab.temporary.iterdir()) == []


@pytest.mark.parametrize("cut", ["down:3+9", "down:5"])
def test_a_run_whose_line_is_lost_keeps_its_plan_there(lab: Lab, cut: str) -> None:
    status, _, err = lab.shannot("run", "--target", "web", "-c", SCRIPT, cut=cut)
    assert (status, LOST in err) == (125, True), err
    deadline = time.monotonic() + 20
    while not (listed := json.loads(lab.asked("list", "--json"))["result"]["sessions"]):
        assert time.monotonic() < deadline  # the run there goes on to its end by itself
        time.sleep(0.05)
    (found,) = listed
    assert (found["state"], found["effects"]) == ("pending", 3)
    assert lab.count() == 0


@pytest.mark.parametrize(("cut", "state"), [("up:3", "pending"), ("down:4", "approved")])
def test_an_approval_whose_line_is_lost_was_given_or_not(lab: Lab, cut: str, state: str) -> None:
    session = lab.propose()
    status, _, err = lab.shannot("approve", "--target", "web", session, "--yes", cut=cut)
    assert (status, LOST in err, lab.state(session)) == (125, True, state)
    lab.asked("approve", session, "--yes")
    assert lab.state(session) == "approved"


@pytest.mark.parametrize("kill", [False, True])
def test_a_command_whose_line_is_lost_is_stopped_and_never_run_twice(lab: Lab, kill: bool) -> None:
    """kill: the server dies of SIGKILL, and can stop nothing itself."""
    session = lab.approved()
    words = ("execute", "--target", "web", session)
    status, _, err = lab.shannot(*words, cut="down:4", kill=kill)
    assert (status, LOST in err) == (125, True), err
    deadline = time.monotonic() + 20
    again = lab.shannot(*words)
    while "at work" in again[2] and time.monotonic() < deadline:
        again = lab.shannot(*words)
    assert again[0] == 1
    assert "was interrupted; --redo runs it again, --skip goes on without it" in again[2]
    lab.go()
    assert lab.shannot(*words, "--skip")[0] == 0
    assert (lab.count(), lab.state(session)) == (1, "executed")
    assert (lab.there.project / "app.conf").read_text().count("more") == 1


def test_an_execution_whose_last_words_are_lost_is_done_and_not_repeated(lab: Lab) -> None:
    lab.go()
    session = lab.approved("open('app.conf', 'a').write('more\\n')")
    words = ("execute", "--target", "web", session)
    assert lab.shannot(*words, cut="down:3")[0] == 125
    status, _, err = lab.shannot(*words)
    assert (status, "is executed and cannot be executed" in err) == (1, True), err
    assert (lab.there.project / "app.conf").read_text().count("more") == 1


def test_a_run_whose_reader_is_gone_is_ended_there(lab: Lab) -> None:
    command = f'{sys.executable} -m shannot run --target web -c "$0" | head -c 2'
    endless = "while True: print('y' * 1000)"
    done = subprocess.run(
        ["/bin/sh", "-c", command, endless],
        env=lab.here.environment, cwd=lab.here.project, capture_output=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (b"yy", b"")


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root mounts a small disk"
)
def test_a_full_disk_there_is_told_and_loses_no_file(lab: Lab) -> None:
    lab.there.state.mkdir()
    ssh = lab.here.home.parent / "bin" / "ssh"
    mount = f"mount -t tmpfs -o size=300k none {lab.there.state}"
    small = f"unshare -m /bin/sh -c '{mount} && exec \"$@\"' x"
    ssh.write_text(ssh.read_text().replace("exec ", f"exec {small} "))
    script = (
        "try: open('app.conf', 'wb').write(b'x' * 3_000_000)\nexcept OSError as e: exit(str(e))"
    )
    status, _, err = lab.shannot("run", "--target", "web", "-c", script)
    assert (status, "No space left on device" in err) == (1, True), err
    status, _, err = lab.shannot("remote", "deploy", "web")
    assert (status, "cannot keep the program there: No space left" in err) == (125, True), err


HELLO = {"version": 1, "shannot": "\x1b[2J", "host": "\x1b]0;owned\x07h", "user": "\u202eu",
         "allowed": list(VERBS)}  # fmt: skip


def test_no_word_of_another_machine_is_obeyed_by_the_terminal(lab: Lab) -> None:
    evil = "\x1b[2J\x1b]52;c;cm0=\x07\u202e\r"
    error = {"kind": "RefusedError", "message": evil, "exit_code": 0}
    for frames in (
        [{"hello": HELLO}, {"request": 1, "error": error}],
        [{"hello": HELLO}, {"request": 1, "document": json.dumps({"error": error})},
         {"request": 1, "exit": 0}],
        [{"hello": HELLO}, {"request": 1, "stderr": "G1sySg=="}, {"request": 1, "exit": 3}],
        [{"error": error}],
    ):  # fmt: skip
        answering(lab.here, frames)
        for words in (("remote", "test"), ("run", "-c", "1", "--target"), ("list", "--target")):
            words = ("run", "--target", "web", "-c", "1") if words[0] == "run" else (*words, "web")
            _, shown = lab.here.at_terminal(*words, keys=b"")
            for sign in ("\x1b[2J", "\x1b]", "\x07", "\u202e"):
                assert sign not in shown, (words, shown)


@pytest.mark.parametrize(
    ("piece", "times", "said"),
    [
        ("x" * 7_000_000, 12, "an endless document"),
        ("[" + "[],[],1," * 800_000, 5, "too many parts"),
    ],
    ids=["endless", "of many parts"],
)
def test_an_answer_without_end_is_refused(lab: Lab, piece: str, times: int, said: str) -> None:
    frames: list[object] = [{"hello": HELLO}, *[{"request": 1, "document": piece}] * times]
    answering(lab.here, [*frames, {"request": 1, "exit": 0}])
    status, _, err = lab.shannot("list", "--target", "web")
    assert (status, said in err) == (125, True), err


@pytest.mark.parametrize(("ahead", "said"), [(7200, "ahead of"), (-7200, "behind"), (0, "")])
def test_a_clock_that_is_not_this_one_s_is_told(lab: Lab, ahead: int, said: str) -> None:
    told = {"version": 1, "shannot": "0", "host": "h", "user": "u", "allowed": ["run"]}
    answering(lab.here, [{"hello": {**told, "time": int(time.time()) + ahead}}])
    status, out, err = lab.shannot("remote", "test", "web")
    assert status == 0, err
    assert ("its clock is" in out) == bool(said)
    assert said in out
