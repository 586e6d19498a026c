"""Decisions while the script runs, at a real terminal, by a real child."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.places import Place
from tests.fakes.terminals import PATIENCE, Person

SCRIPT = """\
import pathlib, subprocess, sys, threading, time
ticks = [0]
def tick():
    while True:
        ticks[0] += 1
        time.sleep(0.01)
threading.Thread(target=tick, daemon=True).start()
pathlib.Path("first").write_text("one\\n")
done = subprocess.run(["sh", "-c", "cat first; echo oops >&2; exit 3"], capture_output=True)
print("first:", done.returncode, done.stdout, done.stderr, flush=True)
before = ticks[0]
pathlib.Path("first").write_text("two\\n")
done = subprocess.run(["tee", "second"], input=b"piped\\n", capture_output=True)
print("second:", done.returncode, done.stdout, ticks[0] > before, flush=True)
pathlib.Path("third").write_text("three\\n")
"""
QUESTION = b"[q]uit: "


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    (place.project / "script.py").write_text(SCRIPT)
    config = place.home / ".config/shannot"
    config.mkdir(parents=True)
    (config / "config.toml").write_text('[profiles.default]\nask = ["sh", "tee", "sleep"]\n')
    return place


@contextmanager
def person(place: Place, *words: str) -> Iterator[Person]:
    argv = [sys.executable, "-m", "shannot", *words]
    found = Person(argv, place.environment, place.project)
    try:
        yield found
    finally:
        found.close()


def the_session(place: Place) -> dict[str, object]:
    listed = json.loads(place.shannot("list", "--json").stdout)
    (only,) = listed["result"]["sessions"]
    return json.loads(place.shannot("show", "--json", only["id"]).stdout)["result"]


def test_a_yes_is_done_at_once_and_the_script_gets_what_really_happened(place: Place) -> None:
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        assert b"+one" in someone.shown
        assert not (place.project / "first").exists()
        someone.press(b"y\n")
        someone.expect(b"first: 3 b'one\\n' b'oops\\n'")
        assert (place.project / "first").read_text() == "one\n"
        someone.expect(QUESTION)
        someone.press(b"y\n")
        someone.expect(b"second: 0 b'piped\\n' True")
        assert someone.wait() == 0
    assert (place.project / "first").read_text() == "two\n"
    assert (place.project / "second").read_text() == "piped\n"
    assert not (place.project / "third").exists()
    assert b"1 effect waits" in someone.shown


def test_a_no_is_told_to_the_script_and_stays_in_the_plan_as_refused(place: Place) -> None:
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        someone.press(b"n\n")
        someone.expect(b"first: 126 b''")
        someone.expect(QUESTION)
        someone.press(b"y\n")
        assert someone.wait() == 0
    session = the_session(place)
    states = [effect.get("state") for effect in session["effects"]]
    assert states.count("refused") == 1
    assert states.count("done") == 1
    assert session["state"] == "pending"
    assert (place.project / "first").read_text() == "two\n"
    finished = place.shannot("approve", session["id"], "--yes", "--execute")
    assert finished.returncode == 0, finished.stderr
    assert (place.project / "third").read_text() == "three\n"
    assert place.shannot("rollback", session["id"], "--yes").returncode == 0
    assert sorted(path.name for path in place.project.iterdir() if "ft" not in path.name) == [
        "app.conf", "script.py", "second",
    ]  # fmt: skip


def test_always_answers_for_the_same_command_while_no_file_has_changed(place: Place) -> None:
    (place.project / "script.py").write_text(
        "import subprocess, pathlib\n"
        "for n in range(3):\n"
        "    subprocess.run(['sh', '-c', 'echo again >> log'])\n"
        "pathlib.Path('new').write_text('x')\n"
        "subprocess.run(['sh', '-c', 'echo again >> log'])\n"
    )
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        someone.press(b"a\n")
        someone.expect(QUESTION)
        assert b"new file, 1 byte" in someone.shown
        assert (place.project / "log").read_text() == "again\n" * 3
        someone.press(b"y\n")
        assert someone.wait() == 0
    assert (place.project / "log").read_text() == "again\n" * 4


def test_always_is_not_for_what_is_given_something_else_to_read(place: Place) -> None:
    (place.project / "script.py").write_text(
        "import subprocess\n"
        "for n in (1, 1, 2):\n"
        "    subprocess.run(['sh'], input=b'echo %d >> log\\n' % n)\n"
    )
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        someone.press(b"a\n")
        someone.expect(QUESTION)
        assert (place.project / "log").read_text() == "1\n" * 2
        assert b"| echo 2" in someone.shown
        someone.press(b"n\n")
        assert someone.wait() == 0
    assert (place.project / "log").read_text() == "1\n" * 2


def test_a_word_that_only_begins_like_an_answer_is_none(place: Place) -> None:
    with person(place, "run", "--ask", "script.py") as someone:
        for word in (b"abort\n", b"yikes\n", b"\n", b"\xff\n"):
            someone.expect(QUESTION)
            someone.press(word)
        someone.expect(QUESTION)
        assert not (place.project / "first").exists()
        someone.press(b"quit\n")
        assert someone.wait() == 130
    assert not (place.project / "first").exists()


def test_quit_ends_the_run_and_keeps_the_plan_so_far(place: Place) -> None:
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        someone.press(b"q\n")
        assert someone.wait() == 130
    session = the_session(place)
    assert session["state"] == "pending"
    assert session["complete"] is False
    assert not (place.project / "first").exists()


def test_ctrl_c_at_the_question_ends_the_run(place: Place) -> None:
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        someone.press(b"\x03")
        assert someone.wait() == 130
    assert the_session(place)["state"] == "pending"


def test_a_terminal_that_is_closed_at_the_question_ends_the_run(place: Place) -> None:
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        someone.hang_up()
        end = time.monotonic() + PATIENCE
        while os.waitpid(someone.pid, os.WNOHANG) == (0, 0):
            assert time.monotonic() < end
            time.sleep(0.02)
        someone.status = 0
    session = the_session(place)
    assert session["state"] == "pending"
    assert session["complete"] is False


def test_ctrl_c_ends_a_command_that_runs_with_the_script(place: Place) -> None:
    (place.project / "script.py").write_text(
        "import subprocess\nsubprocess.run(['sh', '-c', 'echo begun; sleep 600'])\n"
    )
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        someone.press(b"y\n")
        someone.expect(b"begun")
        someone.press(b"\x03")
        assert someone.wait() == 130
    session = the_session(place)
    assert session["state"] == "executing"
    assert session["effects"][0]["result"]["state"] == "interrupted"


def test_what_cannot_be_done_is_said_and_asked_again(place: Place) -> None:
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        (place.project / "first").write_text("somebody else's\n")
        someone.press(b"y\n")
        someone.expect(b"not done")
        someone.expect(QUESTION)
        (place.project / "first").unlink()
        someone.press(b"y\n")
        someone.expect(b"first: 3 b'one\\n'")
        someone.expect(QUESTION)
        someone.press(b"q\n")
        someone.wait()


def test_without_a_terminal_the_command_is_refused_and_that_is_said(place: Place) -> None:
    done = place.shannot("run", "--ask", "script.py")
    assert b"first: 126" in done.stdout
    assert b"needs a person at a terminal" in done.stderr


def waiting_id(place: Place, run: subprocess.Popen[bytes]) -> str:
    """Of the session that a script waits for a decision about."""
    assert run.stderr is not None
    for line in run.stderr:
        if b"waits for a decision" in line:
            return line.decode().split("approve ")[1].split()[0]
    raise AssertionError("it never asked")


@pytest.fixture
def waiting(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A run that waits for decisions from elsewhere."""
    run = subprocess.Popen(
        [sys.executable, "-m", "shannot", "run", "--on-ask", "wait", "script.py"],
        env=place.environment,
        cwd=place.project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield run
    finally:
        run.kill()
        run.communicate()


def test_a_decision_at_another_terminal_lets_the_script_go_on(
    place: Place, waiting: subprocess.Popen[bytes]
) -> None:
    session = waiting_id(place, waiting)
    with person(place, "approve", session, "--execute") as someone:
        someone.expect(b"+one")
        someone.expect(b"[y/N] ")
        someone.press(b"y\n")
        someone.wait()
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"first: 3 b'one\\n' b'oops\\n'\n"
    assert waiting_id(place, waiting) == session
    assert place.shannot("reject", session, "--reason", "no").returncode == 0
    assert waiting.stdout.readline() == b"second: 126 b'' True\n"
    assert waiting.wait(PATIENCE) == 0
    rest = the_session(place)
    assert rest["state"] == "pending"
    assert (place.project / "first").read_text() == "one\n"
    done = place.shannot("approve", session, "--yes", "--execute")
    assert done.returncode == 0, done.stderr
    assert (place.project / "first").read_text() == "two\n"
    assert (place.project / "third").exists()
    assert not (place.project / "second").exists()


def test_an_approval_says_that_the_waiting_script_needs_an_execution(
    place: Place, waiting: subprocess.Popen[bytes]
) -> None:
    session = waiting_id(place, waiting)
    assert b"(incomplete, asks about effect 2)" in place.shannot("list").stdout
    with person(place, "approve", session) as someone:
        someone.expect(b"The script waits for effect 2, and goes on when you execute it")
        someone.expect(b"Approve all 2 effects? [y/N] ")
        someone.press(b"y\n")
        someone.expect(b"goes on when effect 2 has been executed, not before")
        someone.expect(b"next: shannot execute")
        assert someone.wait() == 0
    done = place.shannot("execute", session)
    assert b"the script waited for effect 2, and goes on" in done.stderr
    assert b"--redo" not in done.stderr, "the script has its answer"
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"first: 3 b'one\\n' b'oops\\n'\n"
    assert waiting_id(place, waiting) == session
    with person(place, "approve", session, "--execute") as someone:
        someone.expect(b"Approve all 2 effects that wait, and execute them now? [y/N] ")
        someone.press(b"n\n")
        assert someone.wait() == 1


def test_a_script_that_vanishes_leaves_an_incomplete_session(
    place: Place, waiting: subprocess.Popen[bytes]
) -> None:
    session = waiting_id(place, waiting)
    with person(place, "approve", session, "--execute") as someone:
        someone.expect(b"[y/N] ")
        waiting.terminate()
        assert waiting.wait(PATIENCE) == 143
        someone.press(b"y\n")
        someone.expect(b"incomplete: the script did not come to its end")
        assert someone.wait() == 126
    assert the_session(place)["state"] == "approved"
    assert not (place.project / "first").exists()


def test_a_run_that_was_killed_leaves_what_can_only_be_executed_as_incomplete(
    place: Place, waiting: subprocess.Popen[bytes]
) -> None:
    session = waiting_id(place, waiting)
    waiting.send_signal(signal.SIGKILL)
    waiting.wait(PATIENCE)
    refused = place.shannot("approve", session, "--yes", "--execute")
    assert refused.returncode == 126
    assert b"incomplete" in refused.stderr
    assert not (place.project / "first").exists()
    place.shannot("execute", session, "--incomplete")
    assert (place.project / "first").read_text() == "one\n"


def test_an_approver_that_is_killed_leaves_the_script_waiting_for_the_next_one(
    place: Place, waiting: subprocess.Popen[bytes]
) -> None:
    session = waiting_id(place, waiting)
    with person(place, "approve", session, "--execute") as someone:
        someone.expect(b"[y/N] ")
    assert place.shannot("approve", session, "--yes", "--execute").returncode == 1  # exit status 3
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"first: 3 b'one\\n' b'oops\\n'\n"


def test_the_time_that_a_person_takes_is_not_the_scripts(place: Place) -> None:
    with person(place, "run", "--ask", "--timeout", "1", "script.py") as someone:
        someone.expect(QUESTION)
        time.sleep(1.5)
        someone.press(b"y\n")
        someone.expect(b"first: 3")


def test_a_dry_run_has_nothing_to_ask_about(place: Place) -> None:
    done = place.shannot("run", "--ask", "--dry-run", "script.py")
    assert done.returncode == 2
    assert b"dry run" in done.stderr


def assert_each_gets_its_own_output(place: Place) -> None:
    """Of a script that asks for two commands and prints what each has given."""
    with person(place, "run", "--ask", "script.py") as someone:
        for _ in range(2):
            someone.expect(QUESTION)
            someone.press(b"y\n")
        assert someone.wait() == 0
    assert b"got 1 b'1\\n'" in someone.shown
    assert b"got 2 b'2\\n'" in someone.shown
    session = the_session(place)
    assert [effect["result"]["state"] for effect in session["effects"]] == ["done", "done"]


def test_questions_of_two_threads_are_asked_one_after_the_other(place: Place) -> None:
    (place.project / "script.py").write_text(
        "import subprocess, threading\n"
        "def work(n):\n"
        "    done = subprocess.run(['sh', '-c', f'echo {n}'], capture_output=True)\n"
        "    print('got', n, done.stdout, flush=True)\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
    )
    assert_each_gets_its_own_output(place)


def test_a_question_waits_for_an_earlier_one_whose_command_still_reads_its_input(
    place: Place,
) -> None:
    """The first asks a second later; asked about before it, the plan would have had to shrink."""
    (place.project / "script.py").write_text(
        "import subprocess, time\n"
        "one = ['sh', '-c', 'echo 1']\n"
        "pipe = subprocess.PIPE\n"
        "first = subprocess.Popen(one, stdin=pipe, stdout=pipe)\n"
        "time.sleep(0.3)\n"
        "second = subprocess.Popen(['sh', '-c', 'echo 2'], stdin=subprocess.DEVNULL, stdout=pipe)\n"
        "print('got 1', first.stdout.read(), flush=True)\n"
        "print('got 2', second.stdout.read(), flush=True)\n"
    )
    assert_each_gets_its_own_output(place)


def test_an_executor_that_is_killed_is_named_and_another_goes_on(
    place: Place, waiting: subprocess.Popen[bytes]
) -> None:
    session = waiting_id(place, waiting)
    first = (place.project / "first").as_posix()
    with person(place, "approve", session, "--execute") as someone:
        someone.expect(b"[y/N] ")
        someone.press(b"y\n")
        end = time.monotonic() + PATIENCE
        while not os.path.exists(first):
            assert time.monotonic() < end
        os.kill(someone.pid, signal.SIGKILL)
    done = place.shannot("execute", session, "--redo")
    assert done.returncode in (0, 1)  # by then it may have been through: exit status 3
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"first: 3 b'one\\n' b'oops\\n'\n"


def test_where_the_answer_cannot_come_from_here_both_are_named(place: Place) -> None:
    done = place.shannot("run", "--ask", "--on-ask", "fail", "script.py")
    assert done.returncode == 2
    assert b"contradict" in done.stderr


def test_all_of_it_can_be_shown_once_more_before_it_is_answered(place: Place) -> None:
    with person(place, "run", "--ask", "script.py") as someone:
        someone.expect(QUESTION)
        assert someone.shown.count(b"+one") == 1
        someone.press(b"d\n")
        while someone.shown.count(QUESTION) < 2:
            assert someone.read(PATIENCE)
        assert someone.shown.count(b"+one") == 2
        assert not (place.project / "first").exists()
        someone.press(b"n\n")
        someone.expect(b"first: 126")


def test_a_command_that_was_left_out_of_an_approval_is_said_to_be(
    place: Place, waiting: subprocess.Popen[bytes]
) -> None:
    session = waiting_id(place, waiting)
    done = place.shannot("approve", session, "--yes", "--effects", "1", "--execute")
    assert done.returncode == 0, done.stderr
    assert waiting.stdout is not None
    assert waiting.stderr is not None
    assert waiting.stdout.readline() == b"first: 126 b'' b''\n"
    said = next(line for line in waiting.stderr if b"the command was not run" in line)
    assert b"only a part was approved" in said
    assert (place.project / "first").read_text() == "one\n"
