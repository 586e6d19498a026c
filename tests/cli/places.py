"""A home, a project and a state directory for the command line, and a session to decide about."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

from shannot.effects.model import DeletePath, Effect, Fingerprint, WriteFile
from shannot.workflows.program import Program
from shannot.workflows.request import Caller, Request
from shannot.workflows.run import run_script
from tests.fakes.sandbox import FakeSandbox

ROOT = Path(__file__).parent.parent.parent
OLD = b"port = 80\n"
NEW = b"port = 81\x1b[31m\n"


class Place:
    """Everything that a test of the command line touches, below one directory."""

    def __init__(self, tmp_path: Path) -> None:
        self.home = tmp_path / "home"
        self.project = self.home / "project"
        self.state = tmp_path / "state"
        self.project.mkdir(parents=True)
        (self.project / "app.conf").write_bytes(OLD)
        (self.project / "app.conf").chmod(0o644)
        (self.project / "left\u202eover").write_bytes(b"x")
        (self.project / "left\u202eover").chmod(0o600)
        self.environment = {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.state),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
        }

    def shannot(
        self, *words: str, stdin: bytes = b"", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """The command line, without any terminal."""
        return subprocess.run(
            [sys.executable, "-m", "shannot", *words],
            env=self.environment,
            cwd=cwd or self.project,
            input=stdin,
            capture_output=True,
            start_new_session=True,
            timeout=60,
        )

    def at_terminal(
        self,
        *words: str,
        keys: bytes,
        stdin_is_null: bool = False,
        start: tuple[str, ...] = ("-m", "shannot"),
    ) -> tuple[int, str]:
        """The command line with a person at a terminal, who types the keys at each question.

        start: how Python begins the program.

        Returns (exit code, everything the terminal showed).
        """
        pid, master = pty.fork()
        if pid == 0:
            try:
                os.chdir(self.project)
                if stdin_is_null:
                    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
                os.execve(sys.executable, [sys.executable, *start, *words], self.environment)
            finally:
                os._exit(99)
        shown = b""
        typed = 0
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if not select.select([master], [], [], 2)[0]:
                if typed and keys[-1:] == b"\x03":
                    os.write(master, b"\x03")  # it came just before Python began to wait
                continue
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data
            if shown.rstrip().endswith(b"[y/N]") and shown.count(b"[y/N]") > typed:
                os.write(master, keys)
                typed += 1
        os.close(master)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return status, shown.decode()

    def effects(self) -> list[Effect]:
        """Rewrite app.conf, delete the file with the odd name."""
        return [
            WriteFile(str(self.project / "app.conf"), _file(OLD, 0o644), _file(NEW, 0o644)),
            DeletePath(str(self.project / "left\u202eover"), _file(b"x", 0o600)),
        ]

    def session(self, commands: tuple[tuple[str, ...], ...] = ()) -> str:
        """A pending session of these effects."""
        caller = Caller(
            self.environment, str(self.project), sys.executable, os.getuid(), "/nonexistent/c.toml"
        )
        sandbox = FakeSandbox(
            before=self.effects(),
            commands=commands,
            given=b"rm -rf \x1b[8mx\n" if commands else b"",
            blob=NEW,
            stdout=b"out\x1b[2J\n",
        )
        with open("/dev/null", "rb") as null:
            streams = null.fileno(), None, None
            request = Request(Program("code", "print('out')"), keep=True, streams=streams)
            found = run_script(request, caller, sandbox).session
        assert found is not None
        return found


def _file(data: bytes, mode: int) -> Fingerprint:
    return Fingerprint("file", mode, sha256(data).hexdigest(), len(data))
