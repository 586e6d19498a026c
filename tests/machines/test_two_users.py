"""One user here, another one there, over a real sshd that serves accounts of the test's own.

The accounts exist in a mount namespace only, with an /etc of its own: that of this machine is not
touched, nor may whoever replaces /etc/passwd meanwhile take a mount away with it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.users import ROOT, place_for_users
from tests.machines.sshd import Sshd, missing

HERE, THERE = 64_201, 64_202
NAMES = {HERE: "here-test", THERE: "there-test"}
ETC = [f"/etc/{name}" for name in ("passwd", "group", "nsswitch.conf", "ld.so.cache", "hosts")]
MISSING = missing() or ("" if shutil.which("setpriv") and shutil.which("unshare") else "no unshare")
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=MISSING or "-"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users"),
]
WRITE = "open('app.conf', 'a').write('more\\n')"


class Accounts(Sshd):
    """An sshd for `there-test`, whose home is empty, and a shell line for `here-test`."""

    def __init__(self, place: Path) -> None:
        super().__init__(place / "sshd")
        self.place = place
        self.user = NAMES[THERE]
        self.target = f"{self.user}@127.0.0.1:{self.port}"
        lines = ""
        for uid, name in NAMES.items():
            home = place / name
            home.mkdir(mode=0o700)
            os.chown(home, uid, uid)
            lines += f"{name}:*:{uid}:{uid}::{home}:/bin/sh\n"
        etc = place / "etc"
        etc.mkdir()
        for path in filter(Path.exists, map(Path, ETC)):
            shutil.copy(path, etc)
        (etc / "passwd").write_text(Path("/etc/passwd").read_text() + lines)
        self.mine, self.its = place / NAMES[HERE], place / NAMES[THERE]
        self.project = self.its / "project"
        self.project.mkdir()
        os.chown(self.project, THERE, THERE)
        self.authorized.parent.chmod(0o755)
        self.authorized.chmod(0o644)
        mount = f"mount --bind {etc} /etc"
        self.runs_as = ["unshare", "-m", "/bin/sh", "-c", f'{mount} && exec "$@"', "x"]

    def settings(self) -> str:
        """Not as the user of the tests: nothing of the account's is replaced."""
        return "X11Forwarding yes\nAllowAgentForwarding yes\nPermitTunnel yes\nAcceptEnv *\n"

    def mine_too(self, path: Path) -> Path:
        """The same file, as one of `here-test` alone."""
        found = self.mine / path.name
        shutil.copy(path, found)
        found.chmod(0o600)
        os.chown(found, HERE, HERE)
        return found

    def as_me(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        who = ["setpriv", f"--reuid={HERE}", f"--regid={HERE}", "--clear-groups"]
        return subprocess.run(
            [*self.runs_as, *who, *words],
            env={"HOME": str(self.mine), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT),
                 "LANG": "C.UTF-8", "DISPLAY": ":0"},
            cwd=self.mine, input=stdin, capture_output=True, start_new_session=True, timeout=60,
        )  # fmt: skip

    def shannot(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return self.as_me(sys.executable, "-m", "shannot", *words)

    def good(self, *words: str) -> bytes:
        done = self.shannot(*words)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def add(self, name: str, *options: str) -> Path:
        """A key of `here-test` and a remote of its name. Returns the path of the key."""
        key = self.mine_too(self.key(name))
        self.mine_too(self.known_hosts)
        known = f"--known-hosts={self.mine / self.known_hosts.name}"
        words = (f"--identity={key}", known, f"--directory={self.project}", *options)
        self.good("remote", "add", name, self.target, *words)
        return key

    def whole_job(self, name: str) -> None:
        """Run, approve, execute and roll back; the file changes when it should."""
        conf = self.project / "app.conf"
        conf.write_text("first\n")
        os.chown(conf, THERE, THERE)
        ran = json.loads(self.good("run", "--json", "--target", name, "-c", WRITE))
        session = ran["result"]["session"]
        assert conf.read_text() == "first\n"
        self.good("approve", "--target", name, session, "--yes")
        self.good("execute", "--target", name, session)
        assert (conf.read_text(), conf.stat().st_uid) == ("first\nmore\n", THERE)
        self.good("rollback", "--target", name, session, "--yes")
        assert conf.read_text() == "first\n"
        conf.unlink()

    def audit(self) -> list[dict[str, object]]:
        files = sorted((self.its / ".local" / "state" / "shannot" / "audit").glob("*.jsonl"))
        return [json.loads(line) for path in files for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def lab() -> Iterator[Accounts]:
    with place_for_users() as place:
        found = Accounts(place)
        found.start()
        try:
            yield found
        finally:
            found.stop(found.mine / ".local" / "state" / "shannot" / "ssh")


def test_the_other_user_has_one_private_directory_afterwards(lab: Accounts) -> None:
    assert list(lab.its.rglob("*")) == [lab.project]
    lab.add("web")
    lab.allow((lab.keys / "web.pub").read_text())
    lab.whole_job("web")
    lab.good("remote", "test", "web")
    assert sorted(path.name for path in lab.its.iterdir()) == [".local", "project"]
    assert list(lab.project.iterdir()) == []
    assert [path.name for path in (lab.its / ".local" / "state").iterdir()] == ["shannot"]
    for path in (lab.its / ".local" / "state").rglob("*"):
        status = path.lstat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode) & 0o077) == (THERE, 0), path
    left = [path for path in Path("/tmp").glob("shannot-*") if path.lstat().st_uid == THERE]
    assert left == []
    assert not (lab.mine / "app.conf").exists()


def restricted(lab: Accounts, name: str, verbs: str) -> Path:
    key = lab.add(name, "--restricted")
    public = lab.mine_too(lab.keys / f"{name}.pub")
    line = lab.good("setup", "key", str(public), f"--verbs={verbs}", f"--program={lab.program}")
    lab.allow(line.decode())
    return key


def test_a_restricted_key_alone_does_the_whole_job(lab: Accounts) -> None:
    restricted(lab, "ops", "run,status,show,approve,execute,rollback")
    lab.whole_job("ops")
    events = {item["event"] for item in lab.audit() if item.get("key") == "ops"}
    assert {"request", "approved", "executing", "executed"} <= events


COMMANDS = (
    "id", "/bin/sh -i", "shannot list", "shannot-serve --allow=run", "shannot-serve\nid", "\nid",
    "shannot-serve; id", "$(id)", "`id`", "/etc/*", "-V", "--help", "scp -f /etc/passwd",
    "/usr/lib/openssh/sftp-server", "internal-sftp", "shannot-serve ", "'", '"', "a" * 5000,
)  # fmt: skip
OPTIONS = (("-s",), ("-tt",), ("-A",), ("-X",), ("-o", "SetEnv=SHANNOT_SSH_KEY=x"))


def port_bytes(port: int) -> bytes:
    return port.to_bytes(2, "big")


def assert_nothing_is_forwarded(lab: Accounts, key: Path, option: str, ask: bytes) -> None:
    """-L to the sshd itself, -D: SOCKS 5 (RFC 1928) with a CONNECT to it. The client listens, since
    it learns only at a connection that the server opens none."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    where = f"127.0.0.1:{port}" + (f":127.0.0.1:{lab.port}" if option == "-L" else "")
    argv = [
        *lab.runs_as, "setpriv", f"--reuid={HERE}", f"--regid={HERE}", "--clear-groups",
        "ssh", "-F", "/dev/null", "-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
        "-o", f"UserKnownHostsFile={lab.mine / 'known_hosts'}", "-p", str(lab.port),
        "-o", "ExitOnForwardFailure=yes", "-N", option, where, f"{lab.user}@127.0.0.1",
    ]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        got = talked(port, ask)
    finally:
        process.kill()
        said = process.communicate(timeout=20)[1]
    assert b"SSH-2.0" not in got, (option, got)
    assert b"administratively prohibited" in said, (option, said)


def talked(port: int, ask: bytes) -> bytes:
    """What a listener that comes soon answers, to its end."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 20) as connection:
                connection.sendall(ask)
                got = b""
                while piece := connection.recv(1000):
                    got += piece
                return got
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        except ConnectionResetError:
            return b""


def test_nothing_else_is_had_by_a_real_ssh_client_and_each_try_is_recorded(lab: Accounts) -> None:
    key = restricted(lab, "closed", "run,status")

    def ssh(*words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[bytes]:
        return lab.as_me(
            "ssh", "-F", "/dev/null", "-i", str(key), "-o", "IdentitiesOnly=yes",
            "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={lab.mine / 'known_hosts'}",
            "-p", str(lab.port), *options, f"{lab.user}@127.0.0.1", "--", *words,
        )  # fmt: skip

    tries = 0
    for command in COMMANDS:
        done = ssh(command)
        assert (done.returncode, done.stdout) == (126, b""), (command, done.stderr)
        assert done.stderr.count(b"\n") == 1
        tries += 1
    for options in OPTIONS:
        done = ssh("sftp", options=options)
        if options == ("-tt",):  # the client goes no further
            assert b"PTY allocation request failed" in done.stderr
            continue
        assert done.returncode == 126, (options, done.stderr)
        tries += 1
        if options == ("-X",):
            assert b"X11 forwarding request failed" in done.stderr
    for options, said in (
        (("-W", f"127.0.0.1:{lab.port}"), b"administratively prohibited"),
        (("-N", "-R", "127.0.0.1:0:[::1]:9"), b"remote port forwarding failed"),
        (("-N", "-R", f"{lab.place}/s:[::1]:9"), b"remote port forwarding failed"),
        (("-N", "-R", "0"), b"remote port forwarding failed"),  # SOCKS from there
    ):
        done = ssh(options=("-o", "ExitOnForwardFailure=yes", *options))
        assert done.returncode == 255, (options, done.stderr)
        assert said in done.stderr
    for option, ask in (("-L", b"?"), ("-D", b"\5\1\0\5\1\0\1\x7f\0\0\1" + port_bytes(lab.port))):
        assert_nothing_is_forwarded(lab, key, option, ask)
    login = (
        "-F", "/dev/null", "-i", str(key), "-o", "BatchMode=yes", "-P", str(lab.port),
        "-o", f"UserKnownHostsFile={lab.mine / 'known_hosts'}",
    )  # fmt: skip
    source, stolen = f"{lab.user}@127.0.0.1:/etc/passwd", lab.mine / "stolen"
    for words in (("scp", *login, source), ("scp", "-O", *login, source), ("sftp", *login, source)):
        copied = lab.as_me(*words, str(stolen))  # scp's own protocol as well, and sftp(1)
        assert copied.returncode != 0, words
        tries += 1
        assert not stolen.exists()
    said_no = [item for item in lab.audit() if item.get("key") == "closed"]
    recorded = len([item for item in said_no if "no shell" in json.dumps(item)])
    assert recorded in (tries, tries + 1)  # with what was asked for together with a terminal
