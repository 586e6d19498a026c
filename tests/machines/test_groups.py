"""Several machines over a real sshd: run, review, approve, execute, roll back, side by side."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.terminals import Person
from tests.machines.sshd import missing
from tests.machines.test_remote import WRITE, Lab

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")

NAMES = ("m1", "m2", "m3")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """m1, m2, m3: machines that differ in the directory; s1, s2: the same directory twice."""
    found = Lab(tmp_path_factory.mktemp("group"))
    found.there.start()
    for name in (*NAMES, "s1", "s2"):
        key = found.key.with_name(f"key-{name}")
        shutil.copy(found.key, key)  # another key is another connection
        place = found.there.home / (name if name in NAMES else "shared")
        place.mkdir(exist_ok=True)
        found.add(name, key, f"--directory={place}")
    config = found.here.state.parent / "config" / "shannot" / "config.toml"
    text = config.read_text() + '\n[groups.all]\nhosts = ["m1", "m2", "m3"]\n'
    text += '[groups.same]\nhosts = ["s1", "s2"]\nparallel = 2\n'
    text += '[groups.broken]\nhosts = ["m1", "nobody@127.0.0.1:9"]\n'
    config.write_text(text)
    try:
        yield found
    finally:
        found.there.stop(found.here.state / "shannot" / "ssh")


def conf(lab: Lab, name: str) -> Path:
    return lab.there.home / name / "app.conf"


def propose(lab: Lab, target: str, names: tuple[str, ...]) -> str:
    """A run on several machines that appends a line. Returns its id."""
    for name in names:
        conf(lab, name).write_text("first\n")
    done = lab.shannot("run", "--target", target, "--json", "-c", WRITE)
    assert done.returncode == 0, done.stderr
    found: str = json.loads(done.stdout)["result"]["group"]
    return found


def at_terminal(lab: Lab, *words: str) -> Person:
    argv = [sys.executable, "-m", "shannot", *words]
    return Person(argv, lab.here.environment, lab.here.project)


def test_a_script_does_the_whole_way_on_several_machines(lab: Lab) -> None:
    for name in NAMES:
        conf(lab, name).write_text("first\n")
    ran = lab.shannot("run", "--target", "@all", "--parallel", "2", "-c", WRITE)
    assert ran.returncode == 0, ran.stderr
    assert sorted(ran.stdout.splitlines()) == [f"{name} | ran".encode() for name in NAMES]
    assert b"3 machines, 3 different plans" in ran.stderr
    then = next(line for line in ran.stderr.splitlines() if b"then: " in line).decode()
    words = then.partition("then: shannot ")[2].split()
    shown = lab.shannot("show", "--target", "@all", words[3])
    assert shown.stdout.count(b"+more") == 3, shown.stderr
    assert lab.shannot("diff", "--target", "@all", words[3]).stdout.count(b"+more") == 3
    one = lab.shannot("approve", "--target", "m2", words[3], "--yes", "--execute")
    assert one.returncode == 0, one.stderr
    assert [conf(lab, name).read_text().count("more") for name in NAMES] == [0, 1, 0]
    rest = lab.shannot("approve", "--target", "m1,m3", words[3], "--yes")
    assert rest.returncode == 0, rest.stderr
    done = lab.shannot("execute", "--target", "m1,m3", words[3])
    assert done.returncode == 0, done.stderr
    assert [conf(lab, name).read_text().count("more") for name in NAMES] == [1, 1, 1]
    back = lab.shannot("rollback", "--target", "@all", words[3], "--yes")
    assert back.returncode == 0, back.stderr
    assert [conf(lab, name).read_text() for name in NAMES] == ["first\n"] * 3
    listed = lab.shannot("list", "--target", "@all")
    assert words[3].encode() in listed.stdout
    assert listed.stdout.count(b"rolled-back") >= 3


def test_the_same_plan_is_shown_once_with_its_machines_and_asked_about_once(lab: Lab) -> None:
    group = propose(lab, "@same", ("shared",))
    person = at_terminal(lab, "approve", "--target", "@same", group)
    try:
        person.expect(b"Approve this effect on 2 machines? [y/N] ")
        assert person.shown.count(b"+more") == 1
        assert b"plan 1 of 1, on 2 machines" in person.shown
        person.press(b"y\n")
        assert person.wait() == 0
    finally:
        person.close()
    told = json.loads(lab.shannot("show", "--target", "@same", "--json", group).stdout)
    assert [item["result"]["state"] for item in told["result"]["hosts"]] == ["approved"] * 2
    assert [plan["hosts"] for plan in told["result"]["plans"]] == [["s1", "s2"]]
    done = lab.shannot("execute", "--target", "@same", "--parallel=1", "--max-failures=0", group)
    assert done.returncode == 1, done.stderr
    assert conf(lab, "shared").read_text() == "first\nmore\n"  # once: then it was another file
    assert b"failed on s2" in done.stderr


def test_machines_that_changed_meanwhile_are_asked_about_apart_and_no_is_no(lab: Lab) -> None:
    group = propose(lab, "@all", NAMES)
    person = at_terminal(lab, "approve", "--target", "@all", group)
    try:
        for answer in (b"y\n", b"n\n", b"\n"):
            person.expect(b"Approve this effect on 1 machine? [y/N] ")
            person.press(answer)
        assert person.wait() == 0
    finally:
        person.close()
    told = json.loads(lab.shannot("show", "--target", "@all", "--json", group).stdout)
    states = sorted(item["result"]["state"] for item in told["result"]["hosts"])
    assert states == ["approved", "pending", "pending"]
    rejected = lab.shannot("reject", "--target", "@all", group, "--reason", "no")
    assert rejected.returncode == 0, rejected.stderr


def test_a_dead_machine_is_named_and_the_others_are_done(lab: Lab) -> None:
    conf(lab, "m1").write_text("first\n")
    done = lab.shannot("run", "--target", "@broken", "--json", "-c", WRITE)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["result"]["hosts"]
    assert found[0]["result"]["status"] == 0
    assert found[0]["error"] is None
    assert found[1]["result"] is None
    assert found[1]["error"]["exit_code"] == 125
    again = lab.shannot(
        "run", "--target", "nobody@127.0.0.1:9,m1", "--parallel=1", "--max-failures=0", "-c", "0"
    )
    assert b"not begun on m1" in again.stderr, again.stderr


def test_an_approval_on_several_machines_is_of_the_digest_that_was_named(lab: Lab) -> None:
    group = propose(lab, "@all", NAMES)
    words = ("approve", "--target", "@all", group, "--yes", f"--digest={'0' * 64}")
    done = lab.shannot(*words)
    assert done.returncode == 126, done.stderr
    done = lab.shannot("approve", "--target", "@all", group, "--yes", "--effects=1")
    assert done.returncode == 2, done.stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("run", "--parallel=2", "-c", "0"), 2),
        (("run", "--target=m1", "--parallel=2", "-c", "0"), 2),
        (("list", "--max-failures=2"), 2),
        (("show", "--target=@all", "20200101"), 127),
        (("execute", "--target=@all"), 2),
        (("run", "--target=@all", "--ask", "-c", "0"), 2),
        (("rollback", "--target=@all", "list"), 2),
    ],
)
def test_what_cannot_be_asked_of_several_machines_is_one_line(
    lab: Lab, words: tuple[str, ...], status: int
) -> None:
    done = lab.shannot(*words)
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith(b"shannot: ")
    assert done.stderr.count(b"\n") == 1
