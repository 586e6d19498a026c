"""A real sshd on loopback, with its own keys, port and configuration below one directory.

It lets in the user who runs the tests, whose home, state and configuration it replaces by
directories of the test's own: the other machine.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.places import ROOT

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
PRIVSEP = Path("/run/sshd")
"""Debian's sshd, started as root, wants this directory for as long as it serves."""
MARK = PRIVSEP / ".made-for-tests"


def missing() -> str:
    """Why no sshd can be tried here; "" where it can."""
    if SSHD is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        return "openssh-server and openssh-client are not installed"
    account = pwd.getpwuid(os.getuid())
    if not os.access(account.pw_shell, os.X_OK) or account.pw_shell.endswith(("false", "nologin")):
        return f"{account.pw_name} has no login shell"
    return ""


def hold_privsep() -> int:
    """Make it where it is missing. Returns a descriptor that keeps other workers' hands off it."""
    while True:
        try:
            PRIVSEP.mkdir(mode=0o755)
            MARK.touch()
        except FileExistsError:
            pass
        try:
            held = os.open(PRIVSEP, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(held, fcntl.LOCK_SH)
            if os.path.samestat(os.fstat(held), os.stat(PRIVSEP)):
                return held
        except FileNotFoundError:
            continue  # the last of the others has just removed it
        os.close(held)


def release_privsep(held: int) -> None:
    """Remove it, if a test has made it and no other one serves."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if MARK.exists():
            MARK.unlink()
            PRIVSEP.rmdir()
    except BlockingIOError:
        pass  # whoever is last does it
    finally:
        os.close(held)


@contextmanager
def serving(base: Path, state: Path) -> Iterator[Sshd]:
    """One that serves until the block ends. state: the client's XDG_STATE_HOME."""
    found = Sshd(base)
    found.start()
    try:
        yield found
    finally:
        found.stop(state / "shannot" / "ssh")


class Sshd:
    """Runs from `start` to `stop`. `home` and `state` are the other machine's."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.home = base / "home"
        self.state = base / "state"
        self.project = self.home / "project"
        self.keys = base / "keys"
        self.first = base / "first"
        """Commands that are found there before all others; a test may make it."""
        self.user = pwd.getpwuid(os.getuid()).pw_name
        for directory in (self.project, self.keys, self.home / ".ssh"):
            directory.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.target = f"{self.user}@127.0.0.1:{self.port}"
        self.host_key = self.key("host")
        self.known_hosts = base / "known_hosts"
        public = (self.keys / "host.pub").read_text()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public}")
        self.authorized = self.home / ".ssh" / "authorized_keys"
        self.authorized.touch(mode=0o600)
        self.program = base / "shannot"
        """An installed shannot there, for restricted keys."""
        self.program.write_text(
            f'#!/bin/sh\nexport PYTHONPATH={ROOT}\nexec {sys.executable} -m shannot "$@"\n'
        )
        self.program.chmod(0o755)
        self._privsep = -1
        self.runs_as: list[str] = []
        """Words before sshd's own."""

    def key(self, name: str) -> Path:
        """A new key. Returns the path of the private one."""
        path = self.keys / name
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        return path

    def introduction(self, name: str) -> tuple[str, ...]:
        """Lets a new key in. Returns the words of `shannot` that give the machine a name."""
        key = self.key(name)
        self.allow(key.with_name(f"{name}.pub").read_text())
        return (
            "remote", "add", name, self.target, f"--identity={key}",
            f"--known-hosts={self.known_hosts}", f"--directory={self.project}",
        )  # fmt: skip

    def allow(self, line: str) -> None:
        with self.authorized.open("a") as file:
            file.write(line.rstrip("\n") + "\n")

    def settings(self) -> str:
        """More lines of sshd_config(5): the places of the other machine."""
        path = f"{self.first}:{os.path.dirname(sys.executable)}:/usr/bin:/bin"
        return (
            f"SetEnv HOME={self.home} XDG_STATE_HOME={self.state}"
            f" XDG_CONFIG_HOME={self.home}/.config PATH={path}\n"
        )

    def start(self) -> None:
        if os.getuid() == 0:
            self._privsep = hold_privsep()
        configuration = self.base / "sshd_config"
        configuration.write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {self.host_key}\nPidFile none\n"
            f"AuthorizedKeysFile {self.authorized}\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
            "ExposeAuthInfo yes\nMaxStartups 100\nSubsystem sftp internal-sftp\n" + self.settings()
        )
        self._log = (self.base / "sshd.log").open("wb")
        self._process = subprocess.Popen(
            [*self.runs_as, str(SSHD), "-D", "-e", "-f", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError((self.base / "sshd.log").read_text())

    def stop(self, sockets: Path) -> None:
        """Also the connections that the client keeps for later, by their sockets."""
        for path in sockets.glob("*") if sockets.is_dir() else ():
            words = ["ssh", "-o", f"ControlPath={path}", "-O", "exit", "--", "nobody"]
            subprocess.run(words, capture_output=True)
        self._process.terminate()
        self._process.wait(20)
        self._log.close()
        if self._privsep >= 0:
            release_privsep(self._privsep)

    def ssh(
        self, key: Path, *words: str, options: tuple[str, ...] = (), stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """The real client with a key, without any of our own options."""
        argv = ["ssh", "-F", "/dev/null", "-i", str(key), "-o", "IdentitiesOnly=yes"]
        argv += ["-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={self.known_hosts}"]
        argv += ["-p", str(self.port), *options, f"{self.user}@127.0.0.1", "--", *words]
        return subprocess.run(
            argv, input=stdin, capture_output=True, timeout=60, start_new_session=True
        )
