"""Connections of a real ssh that are cut, at frames' borders and within, and gone on after.

The session of sshd is killed when a frame came to it (`line.py`), or the bytes between ssh and sshd
are no longer passed on. Whatever was under way is then done once and whole, or not at all.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.places import ROOT
from tests.machines.sshd import missing
from tests.machines.test_remote import Lab

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")

VERBS = "--verbs=run,status,show,diff,approve,execute,rollback"
STEP = "#!/bin/sh\necho x >> $1.count\n"
SCRIPT = """\
import subprocess, sys
name = sys.argv[1]
open(name + '.conf', 'a').write('more\\n')
subprocess.run(['./step', name])
open(name + '.after', 'w').write('after')
print('ran')
"""


class CutLab(Lab):
    """`web`: a restricted key, whose line is cut as the file `cut` there says."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self.cut_file = base / "cut"
        self.cut_file.touch()
        program = self.there.program
        server = f'{ROOT}/tests/machines/line.py {sys.executable} -m shannot "$@"'
        program.write_text(
            f"#!/bin/sh\nexport PYTHONPATH={ROOT} LINE_SSHD=1 LINE_CUT=$(cat {self.cut_file})\n"
            f"exec {sys.executable} {server}\n"
        )
        step = self.there.project / "step"
        step.write_text(STEP)
        step.chmod(0o755)

    def ask(self, *words: str, cut: str = "", target: str = "web") -> tuple[int, str]:
        """(exit code, stdout and stderr) of a command there."""
        self.cut_file.write_text(cut or "none:0")
        where = ("--target", target) if target else ()
        done = self.shannot(words[0], *where, *words[1:])
        assert b"Traceback" not in done.stderr
        return done.returncode, (done.stdout + done.stderr).decode()

    def sessions(self, name: str) -> dict[str, str]:
        """State by id, of those whose script was called so."""
        listed = json.loads(self.ask("list", "--json")[1])["result"]["sessions"]
        return {item["id"]: item["state"] for item in listed if name in item["id"]}

    def is_complete(self, session: str) -> bool:
        """Did its script come to its end? What was cut off may have been ended before."""
        return bool(json.loads(self.ask("show", "--json", session)[1])["result"]["complete"])

    def until(self, state: str, session: str, *words: str) -> tuple[str, ...]:
        """Ask again, and again while what was cut is still at its end, for this state.

        Returns what the step may have written: a command that was stopped in the middle is left as
        it is (--skip), and may have come to its line or not; any other has written it once.
        """
        written: tuple[str, ...] = ("x\n",)
        deadline = time.monotonic() + 30
        while True:
            status, said = self.ask(words[0], session, *words[1:])
            if "was interrupted; --redo" in said:
                words, written = (*words, "--skip"), ("x\n", "")
            elif "at work" not in said or time.monotonic() > deadline:
                break
        assert self.sessions("")[session] == state, (status, said)
        return written

    def text(self, name: str) -> str:
        path = self.there.project / name
        return path.read_text() if path.exists() else ""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CutLab]:
    found = CutLab(tmp_path_factory.mktemp("cut"))
    key = found.there.key("operator2")
    printed = found.shannot("setup", "key", f"{key}.pub", f"--program={found.there.program}", VERBS)
    assert printed.returncode == 0, printed.stderr
    found.there.allow(printed.stdout.decode())
    found.there.start()
    try:
        found.add("web", key, "--restricted")
        yield found
    finally:
        found.there.stop(found.here.state / "shannot" / "ssh")


CUTS = {
    "request": ("up:2", "up:3+90", "up:2+4", "up:2"),
    "first-word": ("down:2", "down:4", "down:2", "down:2+1"),
    "last-word": ("down:4+9", "down:5+3", "down:4+5", "down:3+1"),
}
"""Of run, approve, execute and rollback: the frame with which the connection ends."""


@pytest.mark.parametrize("name", CUTS)
def test_what_a_killed_connection_was_asked_is_done_once_or_not_at_all(
    lab: CutLab, name: str
) -> None:
    run, approve, execute, rollback = CUTS[name]
    script = lab.here.project / f"{name}.py"
    script.write_text(SCRIPT)
    conf = lab.there.project / f"{name}.conf"
    conf.write_text("first\n")

    assert lab.ask("run", str(script), name, cut=run)[0] == 125
    assert conf.read_text() == "first\n"
    found = lab.sessions(name)
    for session in found:
        if not lab.is_complete(session):
            assert lab.ask("reject", session)[0] == 0
            found = {}
    if not found:  # it was ended before it wanted anything, or all that it would have wanted
        assert run in ("up:2", "down:2")
        assert lab.ask("run", str(script), name)[0] == 0
        found = lab.sessions(name)
    ((session, state),) = ((one, state) for one, state in found.items() if state != "rejected")
    assert state == "pending"

    assert lab.ask("approve", session, "--yes", cut=approve)[0] == 125
    assert lab.sessions(name)[session] in (("pending",) if approve[0] == "u" else ("approved",))
    lab.until("approved", session, "approve", "--yes")
    assert conf.read_text() == "first\n"

    assert lab.ask("execute", session, cut=execute)[0] == 125
    written = lab.until("executed", session, "execute")
    assert conf.read_text() == "first\nmore\n"
    assert lab.text(f"{name}.count") in written
    assert lab.text(f"{name}.after") in ("after", "")

    assert lab.ask("rollback", session, "--yes", cut=rollback)[0] == 125
    lab.until("rolled-back", session, "rollback", "--yes")
    assert conf.read_text() == "first\n"


class Relay:
    """Passes on what ssh and sshd say to each other, and no byte of sshd's after so many."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.limit = 1 << 40
        self.count = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        try:
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self.count = 0
                for source, sink in ((near, far), (far, near)):
                    given = (source, sink, source is far)
                    threading.Thread(target=self._pass_on, args=given, daemon=True).start()
        except OSError:
            pass  # closed

    def _pass_on(self, source: socket.socket, sink: socket.socket, is_counted: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if is_counted:
                    data = data[: max(self.limit - self.count, 0)]
                    self.count += len(data)
                sink.sendall(data)
                if is_counted and self.count >= self.limit:
                    break
        except OSError:
            pass  # the other direction was cut
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def test_a_line_that_is_cut_at_any_byte_loses_no_plan_and_does_nothing_twice(lab: CutLab) -> None:
    relay = Relay(lab.there.port)
    known = lab.there.known_hosts.read_text().replace(f":{lab.there.port} ", f":{relay.port} ")
    with lab.there.known_hosts.open("a") as file:
        file.write(known)
    lab.there.target = f"{lab.there.user}@127.0.0.1:{relay.port}"
    lab.add("relay", lab.key)
    try:
        assert lab.ask("remote", "deploy", "relay", target="")[0] == 0  # not to be measured
        whole = approved(lab, "whole")
        drop(lab)
        assert lab.ask("execute", whole, target="relay")[0] == 0
        length = relay.count
        for part in (0.6, 0.8):
            name = f"part-{part}".replace(".", "-")
            session = approved(lab, name)
            drop(lab)
            relay.limit = int(length * part)
            assert lab.ask("execute", session, target="relay")[0] == 125
            relay.limit = 1 << 40
            written = lab.until("executed", session, "execute")
            assert lab.text(f"{name}.conf") == "more\n"
            assert lab.text(f"{name}.count") in written
    finally:
        relay.close()


def approved(lab: CutLab, name: str) -> str:
    script = lab.here.project / f"{name}.py"
    script.write_text(SCRIPT)
    assert lab.ask("run", str(script), name)[0] == 0
    (session,) = lab.sessions(name)
    assert lab.ask("approve", session, "--yes")[0] == 0
    return session


def drop(lab: CutLab) -> None:
    """End the connections that are kept."""
    for path in (lab.here.state / "shannot" / "ssh").glob("*"):
        words = ["ssh", "-o", f"ControlPath={path}", "-O", "exit", "--", "nobody"]
        subprocess.run(words, capture_output=True)
