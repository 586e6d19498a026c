"""Every block of shell in the documentation, run as it stands: a page's blocks in order, in a home
of its own. `ID` is the session that was made last."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.places import ROOT
from tests.documentation.pages import PAGES, Block, blocks
from tests.machines.sshd import Sshd, missing, serving

SKIPPED = {
    "root": "changes the users of the machine",
    "machine": "needs a second machine with that name",
    "network": "downloads",
    "minutes": "takes minutes; run by itself before a release",
}
"""Why a block is not run here, by the last word of its `skip`."""
pytestmark = pytest.mark.skipif(
    shutil.which("systemctl") is None, reason="systemctl, which the examples ask for, is missing"
)
KEYS = {"enter": b"\r"}
_SCRIPT = """\
import os, subprocess
with open("app.conf", "a") as file:
    file.write("workers = 8\\n")
subprocess.run(["systemctl", "reload", "app"])
print("done")
"""


class Reader:
    """A person with a home, a project, and the program installed."""

    def __init__(self, base: Path) -> None:
        self.home = base / "home"
        self.project = self.home / "project"
        self.state = base / "state"
        programs = base / "bin"
        for directory in (self.project / "build", programs):
            directory.mkdir(parents=True)
        (self.project / "script.py").write_text(_SCRIPT)
        (self.project / "app.conf").write_text("port = 80\n")
        for name in ("shannot", "examples", "tools", "pyproject.toml", "LICENSE", "README.md"):
            (self.project / name).symlink_to(ROOT / name)
        (self.project / "examples").unlink()
        shutil.copytree(ROOT / "examples", self.project / "examples")
        for name, words in {"shannot": " -P -m shannot", "python3": ""}.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable}{words} "$@"\n')
            (programs / name).chmod(0o755)
        self.environment = {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.state),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "PATH": f"{programs}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
        }
        self._session = ""
        self.run(Block("", 0, "sh", "shannot run -q script.py"))

    def add_machine(self, sshd: Sshd) -> None:
        words = " ".join(sshd.introduction("web1"))
        self.run(Block("", 0, "sh", f"shannot {words}"))

    def run(self, block: Block) -> None:
        """Run a block as its comment says; it must end with the status that is expected."""
        script = re.sub(r"\bID\b", lambda _: self.session(), block.text)
        argv = ["sh", "-euc", script]
        how = block.how[1:] if block.how[:1] == ("sshd",) else block.how
        if how[:1] in (("terminal",), ("keys",)):
            status, shown = self._at_terminal(argv, how)
        else:
            done = subprocess.run(
                argv, env=self.environment, cwd=self.project, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=120, start_new_session=True, check=False,
            )  # fmt: skip
            status, shown = done.returncode, (done.stdout + done.stderr).decode()
        expected = int(how[1]) if how[:1] == ("status",) else 0
        assert status == expected, f"{block.page}:{block.line}: {status}\n{script}\n{shown}"
        assert "Traceback" not in shown, shown
        named = re.findall(r"in session (\S+)", shown)
        if named:
            self._session = named[-1]

    def session(self) -> str:
        if self._session:
            return self._session
        return max(path.name for path in (self.state / "shannot" / "sessions").iterdir())

    def _at_terminal(self, argv: list[str], how: tuple[str, ...]) -> tuple[int, str]:
        """`terminal y`: answers each question so; `keys q …`: presses one when all is still."""
        pid, master = pty.fork()
        if pid == 0:
            try:
                os.chdir(self.project)
                os.execvpe(argv[0], argv, self.environment)
            finally:
                os._exit(99)
        shown, answered, keys = b"", 0, list(how[1:])
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if not select.select([master], [], [], 0.5)[0]:
                if how[0] == "keys" and shown:
                    key = keys.pop(0) if len(keys) > 1 else keys[0]
                    os.write(master, KEYS.get(key, key.encode()))
                continue
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            shown += data
            questions = len(re.findall(rb"\[y/[^]]*\]|\[q\]uit:", shown))
            if how[0] == "terminal" and questions > answered:
                os.write(master, how[1].encode() + b"\n")
                answered = questions
        else:
            os.kill(pid, signal.SIGKILL)
        os.close(master)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def shell(page: str) -> list[Block]:
    return [block for block in blocks(page) if block.language == "sh"]


def needs_machine(page: str) -> bool:
    return any(block.how[:1] == ("sshd",) for block in shell(page))


@pytest.mark.parametrize("page", [page for page in PAGES if not needs_machine(page)])
def test_every_command_of_the_page_does_what_it_is_said_to(page: str, tmp_path: Path) -> None:
    follow(page, tmp_path, None)


@pytest.mark.skipif(bool(missing()), reason=missing() or "-")
@pytest.mark.parametrize("page", [page for page in PAGES if needs_machine(page)])
def test_every_command_with_another_machine_does_as_well(page: str, tmp_path: Path) -> None:
    with serving(tmp_path / "there", tmp_path / "state") as sshd:
        follow(page, tmp_path, sshd)


def follow(page: str, tmp_path: Path, sshd: Sshd | None) -> None:
    reader = Reader(tmp_path)
    if sshd is not None:
        reader.add_machine(sshd)
    for block in shell(page):
        if block.how[:1] == ("skip",):
            assert block.how[-1] in SKIPPED, f"{page}:{block.line}: skipped without a known reason"
        else:
            reader.run(block)


def test_no_command_stands_in_a_block_that_is_not_run() -> None:
    for page in PAGES:
        for block in blocks(page):
            assert block.language in ("sh", "text", "toml", "json", "python"), (
                f"{page}:{block.line}"
            )
