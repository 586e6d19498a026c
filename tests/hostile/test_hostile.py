"""Every script here tries to get out of the sandbox; each says in its docstring what stops it.

The host is compared before and after: the project, what lies beside it, the home directory with
its planted keys, a bystander process. No planted secret may be printed, no process may survive.
"""

from __future__ import annotations

import ast
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trees import plant, snapshot

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
SCRIPTS = sorted(path.name for path in HERE.glob("*.py") if not path.name.startswith("test_"))
CANARY = "CANARY-6f1d"
KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n-----END OPENSSH PRIVATE KEY-----\n"
HOME_SECRETS = (
    ".ssh/id_rsa", ".aws/credentials", ".netrc", ".bash_history", ".git-credentials",
    ".gnupg/secring.gpg", ".kube/config", ".docker/config.json", ".pypirc", ".npmrc",
    ".config/gcloud/token", ".local/state/shannot/canary",
)  # fmt: skip
BYSTANDER = """\
import signal, sys, time
signal.signal(signal.SIGURG, lambda number, frame: open(sys.argv[1], "w").write("hit"))
print("ready", flush=True)
time.sleep(300)
"""


class Host:
    """What stands around the sandbox, planted below one temporary directory."""

    def __init__(self, root: Path) -> None:
        self.tree = root / "tree"
        self.outside = root / "outside"
        self.home = root / "home"
        self.hit = root / "bystander-was-hit"
        plant(self.tree)
        for support in (HERE / "standard").glob("*.py"):
            shutil.copy(support, self.tree)
        self._plant_outside()
        self._plant_secrets()
        descriptor, self.private = tempfile.mkstemp(prefix="shannot-canary-")
        os.write(descriptor, CANARY.encode())
        os.close(descriptor)
        self.bystander = subprocess.Popen(
            [sys.executable, "-I", "-c", BYSTANDER, str(self.hit)],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.bystander.stdout is not None
        self.bystander.stdout.readline()

    def _plant_outside(self) -> None:
        self.outside.mkdir()
        (self.outside / "secret.txt").write_text(f"{CANARY}\n")
        (self.outside / "evil_module.py").write_text(f"{CANARY.replace('-', '_')} = 1\n")
        evil = self.outside / "evil.sh"
        evil.write_text(f"#!/bin/sh\necho > {self.outside}/planted\nexit 66\n")
        evil.chmod(0o755)
        (self.tree / "planted_link").symlink_to(self.outside / "secret.txt")
        (self.tree / "planted_directory").symlink_to(self.outside)
        (self.tree / "planted_root").symlink_to("/")

    def _plant_secrets(self) -> None:
        for name in HOME_SECRETS:
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{CANARY}\n")
        (self.home / ".ssh" / "id_rsa").write_text(KEY)
        (self.home / "planted_ssh_link").symlink_to(".ssh")
        configuration = self.home / ".config" / "shannot" / "config.toml"
        configuration.parent.mkdir()
        configuration.write_text(f'# {CANARY}\n[profiles.default]\nconfine = ["*"]\n')
        configuration.chmod(0o600)
        for directory in (self.home / ".local" / "state" / "shannot", configuration.parent):
            directory.chmod(0o700)
        for name in (".env", ".env.production", "sub/.env"):
            (self.tree / name).write_text(f"TOKEN={CANARY}\n")
        (self.tree / "innocent.txt").write_text(KEY)
        (self.tree / "planted_env_link").symlink_to(".env")
        (self.tree / "planted_key_link").symlink_to(self.home / ".ssh" / "id_rsa")
        with socket.socket(socket.AF_UNIX) as planted:
            os.chdir(self.home)  # the name of a socket is short
            planted.bind("planted.sock")

    def state(self) -> object:
        """Everything that a sandboxed run must leave alone."""
        own = (b".local", b".config/shannot", b".cache")
        home = snapshot(self.home, times=False)
        return (
            snapshot(self.tree),
            snapshot(self.outside),
            {path: what for path, what in home.items() if not path.startswith(own)},
            self.bystander.poll(),
            self.hit.exists(),
        )

    def close(self) -> None:
        self.bystander.kill()
        self.bystander.wait()
        os.unlink(self.private)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.chdir(tmp_path)
    made = Host(tmp_path)
    yield made
    made.close()


def wishes(script: Path) -> tuple[str, list[str], set[int], bool]:
    """The docstring, the options, the permitted exit statuses, and whether at a terminal."""
    module = ast.parse(script.read_text())
    declared = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("OPTIONS", "STATUS", "TERMINAL")
    }
    return (
        ast.get_docstring(module) or "",
        declared.get("OPTIONS", []),
        declared.get("STATUS", {0}),
        declared.get("TERMINAL", False),
    )


def echoed(master: int) -> bytes:
    """What came out at a terminal's other end: nobody types, so nothing should."""
    try:
        return os.read(master, 1000)
    except OSError:
        return b""


def survivors(mark: str) -> list[str]:
    """Processes whose command line names `mark`; they get two seconds to go."""
    found: list[str] = []
    for _ in range(20):
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != os.getpid():
                try:
                    line = Path(f"/proc/{name}/cmdline").read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if mark in line.split("\0"):
                    found.append(line)
        if not found:
            break
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_that_names_what_stops_it(script: str) -> None:
    assert "Stopped by:" in " ".join(wishes(HERE / script)[0].split())


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_hostile_script_does_not_get_out(script: str, host: Host) -> None:
    _, options, statuses, at_terminal = wishes(HERE / script)
    options = [option.format(home=host.home) for option in options]
    before = host.state()
    inherited = os.open(host.outside / "secret.txt", os.O_RDWR)
    os.dup2(inherited, 37)
    # `exec` keeps the number, so the script is told the mediator's as its last argument. The
    # first terminal that a session's leader opens becomes the one that controls it.
    master, slave = os.openpty()
    os.set_blocking(master, False)
    shell = 'exec "$@" "$$"' + (f" <{os.ttyname(slave)}" if at_terminal else "")
    command = [
        "/bin/sh", "-c", shell, "sh", sys.executable, "-m", "shannot", "run", "-q", *options,
        str(HERE / script), str(host.outside), str(host.home), str(host.bystander.pid),
        host.private,
    ]  # fmt: skip
    variables = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(host.home),
        "LANG": "C.UTF-8",
        "XDG_STATE_HOME": str(host.home / ".local" / "state"),
        "XDG_CONFIG_HOME": str(host.home / ".config"),
        "PYTHONPATH": str(REPOSITORY),
        "SECRET_TOKEN": CANARY,
    }
    process = subprocess.Popen(
        command,
        cwd=host.tree,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        pass_fds=(inherited, 37),
    )
    try:
        output, errors = (
            data.decode(errors="backslashreplace") for data in process.communicate(timeout=120)
        )
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        typed = echoed(master)
        for descriptor in (37, inherited, master, slave):
            os.close(descriptor)
    noted = errors[-3000:]
    status = process.returncode if process.returncode >= 0 else 128 - process.returncode

    assert [line for line in output.splitlines() if "ESCAPED" in line] == []
    assert output.count(CANARY) + errors.count(CANARY) == 0
    assert "SAFE" in output, noted
    assert status in statuses, noted
    assert typed == b""
    assert host.state() == before
    assert survivors(str(host.outside)) == []
