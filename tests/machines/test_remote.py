"""Another machine over a real sshd: the whole way, then the same with a restricted key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


def restricted(lab: Lab, name: str, verbs: str, *options: str) -> Path:
    """A new key that may ask for these verbs, and a remote of its name that uses it."""
    key = lab.there.key(name)
    printed = lab.shannot(
        "setup", "key", f"{key}.pub", f"--verbs={verbs}", f"--program={lab.there.program}", *options
    )
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith(b'restrict,command="')
    lab.there.allow(printed.stdout.decode())
    lab.add(name, key, "--restricted")
    return key


def test_files_are_made_under_the_umask_of_the_user_there(lab: Lab) -> None:
    """They had the mode 0600 always: what receives the program left its own umask behind."""
    code = "import os; print(oct(os.umask(0)))"
    ran = lab.shannot("run", "-q", "--target", "web", "-c", code)
    assert ran.stdout.decode().strip() == oct(_umask()), ran.stderr


def _umask() -> int:
    """Of this process, which sshd and so the other machine's shell have as well."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def test_a_restricted_key_does_the_same_job_under_its_own_name(lab: Lab) -> None:
    restricted(lab, "ops-key", "run,status,show,approve,execute,rollback")
    session = lab.propose("ops-key")
    conf = lab.there.project / "app.conf"
    for words in (("approve", "--yes"), ("execute",), ("rollback", "--yes")):
        done = lab.shannot(words[0], "--target", "ops-key", session, *words[1:])
        assert done.returncode == 0, done.stderr
        assert conf.read_text() == ("first\nmore\n" if words[0] == "execute" else "first\n")
    told = [json.loads(line) for line in lab.audit_there().splitlines()]
    events = {item["event"] for item in told if item.get("key") == "ops-key"}
    assert {"request", "approved", "executing", "executed"} <= events


def test_a_restricted_key_is_refused_what_it_does_not_name(lab: Lab) -> None:
    restricted(lab, "only-run", "run,show")
    session = lab.propose("only-run")
    for words in (("approve", "--yes"), ("execute",), ("rollback", "--yes"), ("reject",)):
        done = lab.shannot(words[0], "--target", "only-run", session, *words[1:])
        assert done.returncode == 126, done.stderr
        assert b"this key does not allow" in done.stderr
    assert (lab.there.project / "app.conf").read_text() == "first\n"
    told = lab.audit_there()
    for verb in ("approve", "execute", "rollback", "reject"):
        assert f"does not allow '{verb}'" in told


def test_no_real_ssh_client_gets_more_out_of_a_restricted_key(lab: Lab, tmp_path: Path) -> None:
    key = restricted(lab, "closed", "run")
    asked = (("id",), ("/bin/sh",), ("shannot-serve; id",), ("-V",), ("scp", "-t", "/"))
    for number, words in enumerate(asked):
        done = lab.there.ssh(key, *words)
        assert done.returncode == 126, (words, done.stderr)
        assert b"uid=" not in done.stdout + done.stderr
        assert lab.audit_there().count("this key has no shell") >= number + 1
    bare = lab.there.ssh(key, stdin=b"id\nexit\n")  # what a shell would take for commands
    assert bare.returncode == 125
    assert b"uid=" not in bare.stdout + bare.stderr
    sftp = lab.there.ssh(key, "sftp", options=("-s",))
    assert sftp.returncode == 126, sftp.stderr
    forward = lab.there.ssh(key, options=("-W", f"127.0.0.1:{lab.there.port}"))
    assert forward.returncode == 255
    assert b"administratively prohibited" in forward.stderr
    back = lab.there.ssh(
        key,
        "shannot-serve",
        options=("-o", "ExitOnForwardFailure=yes", "-R", "127.0.0.1:0:[::1]:9"),
    )
    assert back.returncode == 255, back.stderr
    assert b"remote port forwarding failed" in back.stderr


def test_the_key_of_one_command_executes_one_approved_session_and_nothing_else(lab: Lab) -> None:
    key = lab.there.key("historical")
    public = key.with_name("historical.pub").read_text()
    command = f"{lab.there.program} execute --session-id ${{SSH_ORIGINAL_COMMAND}}"
    lab.there.allow(f'restrict,command="{command}" {public}')
    session, other = lab.propose("web"), lab.propose("web")
    assert lab.shannot("approve", "--target", "web", session, "--yes").returncode == 0
    conf = lab.there.project / "app.conf"
    for asked in (
        "", "id", "*", "/bin/sh", f"{session} {session}", f"{session} --redo", f"--json {session}",
        f"-- {session}", f"{session}; id", f"{session}\nid", f"{session[:-1]}", f"$(id) {session}",
        "--help", f"{session} && id", f"`id`{session}",
    ):  # fmt: skip
        done = lab.there.ssh(key, asked) if asked else lab.there.ssh(key)
        assert done.returncode == 126, (asked, done.stdout, done.stderr)
        assert b"uid=" not in done.stdout + done.stderr
    assert lab.there.ssh(key, other).returncode == 1  # nobody has approved it
    assert conf.read_text() == "first\n"
    assert lab.there.ssh(key, session).returncode == 0
    assert conf.read_text() == "first\nmore\n"
    assert "expected exactly one session id" in lab.audit_there()


@pytest.mark.parametrize(
    "target",
    [
        "-oProxyCommand=touch${IFS}PWNED", "-oProxyCommand=touch PWNED@h", "u@-oProxyCommand=x",
        "u@h`touch PWNED`", "u@h;touch PWNED", "u@h:22 -oX", "u@h:0", "u@h:99999", "u@h\n", "u u@h",
        "u@%h", "u@h$(touch PWNED)", "u@[::1", "--@h", "u@", "@-h", "u@h:22:22", "u@\u202eh",
    ],
)  # fmt: skip
def test_a_target_that_ssh_would_read_as_more_is_refused(lab: Lab, target: str) -> None:
    ran = lab.shannot("run", f"--target={target}", "-c", "1")
    assert ran.returncode == 2, ran.stderr
    added = lab.shannot("remote", "add", "x", "--", target)
    assert added.returncode == 2, added.stderr
    assert not (lab.here.project / "PWNED").exists()
    assert b" x " not in lab.shannot("remote", "list").stdout


def test_a_path_that_ssh_would_read_as_more_is_refused(lab: Lab) -> None:
    for path in ("/k -oProxyCommand=x", "/k%d", "~root/k", "k", '/k"', "/k\n", "/${HOME}"):
        for option in ("--identity", "--known-hosts"):
            done = lab.shannot("remote", "add", "x", "u@h", f"{option}={path}")
            assert done.returncode == 2, done.stderr


def program_there(lab: Lab) -> Path:
    """The single file there. Raises ValueError where it is not exactly one."""
    assert lab.shannot("remote", "deploy", "web").returncode == 0
    (found,) = (lab.there.state / "shannot" / "program").iterdir()
    return found


def refused(lab: Lab, said: bytes) -> None:
    done = lab.shannot("run", "--target", "web", "-c", "print('ran')")
    assert done.returncode == 126, done.stderr
    assert said in done.stderr
    assert done.stdout == b""


def test_a_file_that_was_replaced_or_planted_is_refused_and_left_alone(
    lab: Lab, tmp_path: Path
) -> None:
    stands = program_there(lab)
    right = stands.read_bytes()
    evil = b"#!/usr/bin/env python3\nprint('evil')\n"
    try:
        stands.write_bytes(evil.ljust(len(right), b"#"))
        refused(lab, b"not the file that was sent")
        assert stands.read_bytes().startswith(evil)
        stands.unlink()
        copy = tmp_path / "copy.pyz"
        copy.write_bytes(right)
        copy.chmod(0o600)
        stands.symlink_to(copy)
        refused(lab, b"not the file that was sent")
        stands.unlink()
        os.link(copy, stands)  # another name, by which it can be changed
        refused(lab, b"not the file that was sent")
        stands.unlink()
        os.mkfifo(stands, 0o600)
        refused(lab, b"not the file that was sent")
        stands.unlink()
        stands.write_bytes(right)
        stands.chmod(0o666)
        refused(lab, b"not the file that was sent")
    finally:
        stands.unlink(missing_ok=True)
    assert program_there(lab).read_bytes() == right


@contextmanager
def interpreters(lab: Lab, scripts: Mapping[str, str]) -> Iterator[Path]:
    """Commands that the other machine finds first. Yields the file that each start is told to."""
    log = lab.there.first / "log"
    lab.there.first.mkdir()
    try:
        for name, script in scripts.items():
            path = lab.there.first / name
            path.write_text(f"#!/bin/sh\necho {name} >> {log}\n{script}\n")
            path.chmod(0o755)
        yield log
    finally:
        shutil.rmtree(lab.there.first)


OWN = f"python3.{sys.version_info.minor}"
NAMES = sorted({OWN, "python3.11", "python3.12", "python3.13", "python3.14"})


def test_one_start_of_python_there_serves_a_connection(lab: Lab) -> None:
    """Four were: one to ask for the version, one for the file, the server, and the request."""
    with interpreters(lab, {OWN: f'exec {sys.executable} "$@"'}) as log:
        done = lab.shannot("run", "--target", "web", "-c", "print(1)")
        assert (done.returncode, done.stdout) == (0, b"1\n"), done.stderr
        assert log.read_text() == f"{OWN}\n"


def test_a_python_that_cannot_be_started_or_is_too_old_is_passed_over(lab: Lab) -> None:
    broken = dict.fromkeys(NAMES, "echo no such version >&2; exit 127")
    good = f'exec {sys.executable} "$@"'
    old = f'exec {sys.executable} -I -S -c "import sys; sys.version_info = (3, 9); $4" "$5"'
    for script, status, said in ((good, 0, b""), (old, 125, b"no Python 3.11 or later there")):
        with interpreters(lab, {**broken, "python3": script}) as log:
            done = lab.shannot("run", "--target", "web", "-c", "print(1)")
            assert (done.returncode, said in done.stderr) == (status, True), done.stderr
            assert sorted(log.read_text().split()) == [*sorted({*NAMES, "python3"})]


def test_no_class_of_ours_is_compiled_there_again(lab: Lab, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    hook = (
        "import sys; sys.addaudithook(lambda event, words:"
        " event == 'compile' and 'def __init__(self' in str(words[0])[:2000]"
        f" and print(words[0], file=open('{seen}', 'a'), flush=True))"
    )
    own = f'exec {sys.executable} -I -S -c "{hook}; $4" "$5"'
    with interpreters(lab, {OWN: own}):
        session = lab.propose("web")
        assert lab.shannot("show", "--target", "web", session).returncode == 0
    assert not seen.exists(), seen.read_text()


def test_another_version_of_python_there_compiles_what_it_needs(lab: Lab) -> None:
    """The magic number of its compiled files is another one."""
    magic = "external = sys.modules['_frozen_importlib_external']; external.MAGIC_NUMBER = b'none'"
    other = f'exec {sys.executable} -I -S -c "import sys; {magic}; $4" "$5"'
    with interpreters(lab, {OWN: other}):
        done = lab.shannot("run", "--target", "web", "-c", "print(1)")
    assert (done.returncode, done.stdout) == (0, b"1\n"), done.stderr


def test_a_planted_module_beside_the_file_is_not_loaded(lab: Lab) -> None:
    directory = program_there(lab).parent
    planted = [directory / f"{name}.py" for name in ("json", "shannot", "sitecustomize", "zipfile")]
    try:
        for path in planted:
            path.write_text("print('evil', flush=True)\nraise SystemExit(99)\n")
        done = lab.shannot("run", "--target", "web", "-c", "import json\nprint('ran')")
        assert (done.returncode, done.stdout) == (0, b"ran\n"), done.stderr
    finally:
        for path in planted:
            path.unlink()


@pytest.mark.parametrize(
    "line",
    [
        'target = "-oProxyCommand=touch PWNED"',
        'target = "u@-oProxyCommand=touch PWNED"',
        'target = "u@h"\nidentity = "/k -oProxyCommand=touch"',
        'target = "u@h"\nProxyCommand = "touch PWNED"',
        'target = "u@h"\nknown_hosts = "-oProxyCommand=touch"',
    ],
)
def test_an_option_of_ssh_in_the_configuration_is_refused(lab: Lab, line: str) -> None:
    config = lab.here.home.parent / "config" / "shannot" / "config.toml"
    before = config.read_text()
    try:
        config.write_text(f"{before}\n[remotes.evil]\n{line}\n")
        done = lab.shannot("run", "--target", "evil", "-c", "1")
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
    finally:
        config.write_text(before)
    assert not (lab.here.project / "PWNED").exists()


def test_a_directory_of_others_is_refused_and_no_link_is_followed(lab: Lab, tmp_path: Path) -> None:
    stands = program_there(lab)
    directory = stands.parent
    directory.chmod(0o770)
    refused(lab, b"other users can enter it")
    directory.chmod(0o700)
    moved = tmp_path / "moved"
    directory.rename(moved)
    directory.symlink_to(moved)
    refused(lab, b"not a directory")
    directory.unlink()
    moved.rename(directory)
    assert lab.shannot("remote", "deploy", "web").returncode == 0


def test_a_host_key_that_is_not_known_or_has_changed_is_refused(lab: Lab, tmp_path: Path) -> None:
    empty = tmp_path / "known"
    empty.touch()
    other = lab.there.key("other-host").with_name("other-host.pub").read_text()
    words = ("remote", "add", "odd", lab.there.target, f"--identity={lab.key}")
    changed = f"[127.0.0.1]:{lab.there.port} {other}"
    tried = (
        ("", (), 125, b"nobody has seen its host key: "),
        (changed, ("--accept-new",), 125, b"its host key has changed; "),
        ("", ("--accept-new",), 0, b""),
    )
    for text, options, status, said in tried:
        empty.write_text(text)
        assert lab.shannot(*words, f"--known-hosts={empty}", *options).returncode == 0
        tested = lab.shannot("remote", "test", "odd")
        assert tested.returncode == status, tested.stderr
        assert said in tested.stderr
        assert len(tested.stderr.splitlines()) <= 1
        assert lab.shannot("remote", "remove", "odd").returncode == 0


def test_removing_leaves_the_other_text_and_takes_the_file_away(lab: Lab) -> None:
    config = lab.here.home.parent / "config" / "shannot" / "config.toml"
    before = config.read_text()
    lab.add("gone", lab.key)
    assert lab.shannot("remote", "deploy", "gone").returncode == 0
    done = lab.shannot("remote", "remove", "gone", "--program")
    assert done.returncode == 0, done.stderr
    assert config.read_text().rstrip() == before.rstrip()
    assert not (lab.there.state / "shannot" / "program").exists()
    assert lab.shannot("remote", "remove", "gone").returncode == 127


def test_a_plain_run_here_loads_nothing_of_this(lab: Lab) -> None:
    code = (
        "import sys; from shannot.cli.main import main\n"
        "status = main(['run', '-q', '-c', 'print(1)'])\n"
        "print([n for n in sys.modules if n.startswith(('shannot.machines', 'shannot.cli.far',"
        " 'shannot.workflows.far'))])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=lab.here.environment,
        cwd=lab.here.project,
        capture_output=True,
    )
    assert done.stdout.splitlines()[-1] == b"[]", (done.stdout, done.stderr)
