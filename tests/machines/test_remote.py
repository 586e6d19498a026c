"""Another machine over a real sshd: the whole way, then the same with a restricted key."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.places import Place
from tests.machines.sshd import Sshd, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")

WRITE = "open('app.conf', 'a').write('more\\n')\nprint('ran')\n"


class Lab:
    """This machine and another one."""

    def __init__(self, base: Path) -> None:
        self.here = Place(base)
        self.here.environment["XDG_CONFIG_HOME"] = str(base / "config")
        self.there = Sshd(base / "there")
        self.key = self.there.key("operator")
        self.there.allow(self.key.with_name("operator.pub").read_text())

    def shannot(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return self.here.shannot(*words, stdin=stdin)

    def add(self, name: str, key: Path, *options: str) -> None:
        done = self.shannot(
            "remote", "add", name, self.there.target, f"--identity={key}",
            f"--known-hosts={self.there.known_hosts}",
            f"--directory={self.there.project}", *options,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def propose(self, name: str) -> str:
        """A session there that appends a line to app.conf. Returns its id."""
        (self.there.project / "app.conf").write_text("first\n")
        done = self.shannot("run", "--json", "--target", name, "-c", WRITE)
        assert done.returncode == 0, done.stderr
        found: str = json.loads(done.stdout)["result"]["session"]
        return found

    def audit_there(self) -> str:
        lines = sorted((self.there.state / "shannot" / "audit").glob("*"))
        return "".join(path.read_text() for path in lines if path.is_file())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    found = Lab(tmp_path_factory.mktemp("ssh"))
    found.there.start()
    try:
        found.add("web", found.key)
        yield found
    finally:
        found.there.stop(found.here.state / "shannot" / "ssh")


def test_a_machine_with_nothing_but_python_does_the_whole_job(lab: Lab) -> None:
    conf = lab.there.project / "app.conf"
    conf.write_text("first\n")
    script = lab.here.project / "fix app.py"
    script.write_text("import sys\nprint(sys.argv[1:], sys.stdin.read())\n" + WRITE + "sys.exit(3)")
    ran = lab.shannot("run", "--target", "web", str(script), "-q", "a b", stdin=b"in")
    assert (ran.returncode, ran.stdout) == (3, b"['-q', 'a b'] in\nran\n"), ran.stderr
    assert b"writes " + str(conf).encode() in ran.stderr
    next_line = next(line for line in ran.stderr.splitlines() if b"then: " in line).decode()
    words = next_line.partition("then: shannot ")[2].split()
    assert conf.read_text() == "first\n"

    shown = lab.shannot("show", "--target", "web", words[3])
    assert b"+more" in shown.stdout, shown.stderr
    approved = lab.shannot(words[0], *words[1:4], "--yes")
    assert approved.returncode == 0, approved.stderr
    assert b"+more" in approved.stdout
    executed = lab.shannot("execute", "--target", "web", words[3])
    assert executed.returncode == 0, executed.stderr
    assert conf.read_text() == "first\nmore\n"
    back = lab.shannot("rollback", "--target", "web", words[3], "--yes")
    assert back.returncode == 0, back.stderr
    assert conf.read_text() == "first\n"
    listed = lab.shannot("list", "--target", "web")
    assert f"{words[3]}  rolled-back".encode() in listed.stdout
    assert sorted(path.name for path in lab.there.state.iterdir()) == ["shannot"]
    assert sorted(path.name for path in lab.there.home.iterdir()) == [".ssh", "project"]
