from __future__ import annotations

import os
import pwd
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from shannot.effects.model import Fingerprint, RunCommand, WriteFile
from shannot.errors import NotFoundError, UsageError
from shannot.sandbox.spec import Spec
from shannot.sessions.store import Store
from shannot.workflows.program import PATH, Program
from shannot.workflows.request import Caller, Request
from shannot.workflows.run import Report, run_script
from tests.fakes import pypys
from tests.fakes.sandbox import FakeSandbox

NEW = b"port = 81\n"
WRITE = WriteFile("/srv/app.conf", None, Fingerprint("file", 0o644, sha256(NEW).hexdigest(), 10))
QUIET = (0, None, None)


class Place:
    """A home, a project in it, and a script there."""

    def __init__(self, tmp_path: Path) -> None:
        self.home = tmp_path / "home"
        self.project = self.home / "project"
        self.state = tmp_path / "state"
        self.project.mkdir(parents=True)
        self.script = self.project / "fix nginx.py"
        self.script.write_text("print(1)\n")
        self.environment = {"HOME": str(self.home), "XDG_STATE_HOME": str(self.state)}
        self.machine_config = str(tmp_path / "none.toml")

    def caller(self, directory: Path | None = None) -> Caller:
        return Caller(
            self.environment,
            str(directory or self.project),
            sys.executable,
            os.getuid(),
            self.machine_config,
        )

    def run(self, sandbox: FakeSandbox, request: Request | None = None) -> Report:
        default = Request(Program("script", "fix nginx.py"), streams=QUIET)
        return run_script(request or default, self.caller(), sandbox)

    def store(self) -> Store:
        return Store(f"{self.state}/shannot", os.geteuid())

    def configure(self, text: str) -> None:
        path = self.home / ".config" / "shannot" / "config.toml"
        path.parent.mkdir(parents=True)
        path.write_text(text)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def spec_of(sandbox: FakeSandbox) -> Spec:
    assert sandbox.spec is not None
    return sandbox.spec


def test_a_run_that_changes_nothing_leaves_nothing(place: Place) -> None:
    report = place.run(FakeSandbox(stdout=b"1\n", status=3))
    assert (report.status, report.session, report.waiting) == (3, None, 0)
    assert report.output.stdout.head == b"1\n"
    assert report.is_silent()
    assert place.store().ids() == []
    assert os.listdir(f"{place.state}/shannot/runtime") == []


def test_what_waits_is_kept_in_order_with_script_and_output(place: Place) -> None:
    sandbox = FakeSandbox(
        before=[WRITE], commands=[["systemctl", "reload", "app"]], stdout=b"out", blob=NEW
    )
    report = place.run(sandbox)
    assert report.session is not None
    assert "-fix-nginx-" in report.session
    assert report.waiting == 2
    session = place.store().load(report.session)
    first, second = session.plan.effects
    assert first == WRITE
    assert isinstance(second, RunCommand)
    assert (second.argv, second.state) == (("systemctl", "reload", "app"), "assumed")
    assert session.state == "pending"
    assert session.directory == str(place.project)
    assert place.store().script(session) == b"print(1)\n"
    assert place.store().contents(session.id, "stdout") == b"out"
    assert sandbox.answers[0].kind == "assume"
    assert sandbox.answers[0].status == 0


def test_changes_after_the_last_command_come_last(place: Place) -> None:
    report = place.run(FakeSandbox(commands=[["systemctl", "stop", "x"]], after=[WRITE], blob=NEW))
    assert [type(effect) for effect in report.effects] == [RunCommand, WriteFile]


def test_a_failed_run_leaves_no_draft(place: Place) -> None:
    class Broken(FakeSandbox):
        def __call__(self, *arguments: object) -> object:  # type: ignore[override]
            super().__call__(*arguments)  # type: ignore[arg-type]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        place.run(Broken(blob=b"x"))
    assert os.listdir(f"{place.state}/shannot/sessions") == []
    assert os.listdir(f"{place.state}/shannot/runtime") == []


def test_a_session_is_kept_where_one_is_asked_for(place: Place) -> None:
    request = Request(Program("code", "pass", ["-x"]), keep=True, streams=QUIET)
    report = place.run(FakeSandbox(), request)
    assert report.session is not None
    assert report.waiting == 0
    session = place.store().load(report.session)
    assert (session.script.name, session.argv) == ("-c", ("-x",))
    assert place.store().script(session) == b"pass"


def test_a_run_that_a_limit_ended_is_incomplete(place: Place) -> None:
    report = place.run(FakeSandbox(before=[WRITE], blob=NEW, status=137, limit="timeout"))
    assert report.status == 124
    assert report.session is not None
    session = place.store().load(report.session)
    assert not session.plan.complete
    assert session.outcome.limit == "timeout"


def test_the_script_is_told_126_where_asking_is_to_fail(place: Place) -> None:
    sandbox = FakeSandbox(commands=[["systemctl", "stop", "x"]])
    program = Program("script", "fix nginx.py")
    place.run(sandbox, Request(program, on_ask="fail", streams=QUIET))
    assert sandbox.answers[0].status == 126


def test_a_denied_command_is_told_and_not_kept(place: Place) -> None:
    report = place.run(FakeSandbox(commands=[["rm", "-rf", "/"]]))
    assert report.session is None
    assert [argv for argv, _, _ in report.denied] == [("rm", "-rf", "/")]
    assert not report.is_silent()


def test_the_script_is_given_exactly_its_environment(place: Place) -> None:
    place.environment |= {"LANG": "C.UTF-8", "SECRET": "s", "PATH": "/evil", "EDITOR": "vi"}
    sandbox = FakeSandbox()
    added = ["SECRET", "A=b=c", "MISSING", "SHANNOT_SANDBOX=0"]
    place.run(sandbox, Request(Program("code", "pass"), environment=added, streams=QUIET))
    assert spec_of(sandbox).environment == {
        b"HOME": os.fsencode(place.home),
        b"USER": os.fsencode(pwd.getpwuid(os.getuid()).pw_name),
        b"LANG": b"C.UTF-8",
        b"PATH": PATH.encode(),
        b"SECRET": b"s",
        b"A": b"b=c",
        b"SHANNOT_SANDBOX": b"1",
    }


@pytest.mark.parametrize("item", ["", "=x", "A\0=b"])
def test_what_is_no_variable_is_refused(place: Place, item: str) -> None:
    with pytest.raises(UsageError, match="--env"):
        place.run(FakeSandbox(), Request(Program("code", "pass"), environment=[item]))


def test_the_spec_says_what_is_run(place: Place) -> None:
    sandbox = FakeSandbox()
    place.run(sandbox)
    spec = spec_of(sandbox)
    python = os.fsencode(sys.executable)
    assert spec.interpreter == python
    assert spec.argv == (python, b"-B", b"fix nginx.py")
    assert spec.script == os.fsencode(place.script)
    assert spec.directory == os.fsencode(place.project)
    assert spec.state == os.fsencode(f"{place.state}/shannot")
    assert spec.view == "project"
    assert sandbox.private_mode == 0o700
    assert not os.path.exists(spec.private)


def test_a_script_from_stdin_is_given_on_and_kept(place: Place) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"print(2)")
    os.close(writer)
    sandbox = FakeSandbox()
    program = Program("stdin", "-", ["x"])
    report = place.run(sandbox, Request(program, keep=True, streams=(reader, None, None)))
    assert sandbox.stdin == b"print(2)"
    assert spec_of(sandbox).argv[1:] == (b"-B", b"-", b"x")
    assert report.session is not None
    assert place.store().script(place.store().load(report.session)) == b"print(2)"


def test_nothing_starts_without_a_script(place: Place) -> None:
    sandbox = FakeSandbox()
    with pytest.raises(NotFoundError):
        place.run(sandbox, Request(Program("script", "none.py")))
    assert sandbox.spec is None


def test_nothing_starts_with_a_broken_configuration(place: Place) -> None:
    place.configure("[profile]\nauto_aprove = []\n")
    sandbox = FakeSandbox()
    with pytest.raises(UsageError, match=r"config\.toml:2"):
        place.run(sandbox)
    assert sandbox.spec is None


def test_the_command_line_goes_before_the_configuration_and_the_project_below_both(
    place: Place,
) -> None:
    place.configure(
        '[limits]\ntimeout = "9s"\nmemory = "1G"\nfiles = 50\n'
        '[run]\nview = "system"\nenv = ["A=1"]\n[files]\nmap = ["/usr:/mnt/usr:ro"]\n'
    )
    project = place.project / ".shannot"
    project.mkdir()
    (project / "config.toml").write_text("[limits]\nfiles = 20\n")
    sandbox = FakeSandbox()
    place.run(sandbox, Request(Program("code", "pass"), limits={"timeout": 3.5}, streams=QUIET))
    spec = spec_of(sandbox)
    assert (spec.limits.timeout, spec.limits.memory, spec.limits.files) == (3.5, 1 << 30, 20)
    assert spec.view == "system"
    assert spec.environment[b"A"] == b"1"
    assert [(m.host, m.guest, m.mode, m.named) for m in spec.maps] == [
        (b"/usr", b"/mnt/usr", "ro", True)
    ]


def test_the_home_directory_is_not_shown_and_that_is_said(place: Place) -> None:
    request = Request(Program("code", "pass"), streams=QUIET)
    report = run_script(request, place.caller(place.home), FakeSandbox())
    assert report.notes == [
        f"{place.home} is not shown to the script (`--map {place.home}` shows it)"
    ]
    request = Request(Program("code", "pass"), maps=["."], streams=QUIET)
    assert not run_script(request, place.caller(place.home), FakeSandbox()).notes


def test_a_state_directory_that_cannot_be_written_is_one_clear_line(place: Place) -> None:
    place.state.write_text("a file in its place")
    with pytest.raises(UsageError, match="cannot write the state directory"):
        place.run(FakeSandbox())


def test_the_state_directory_is_made_private_and_must_be_ours(place: Place) -> None:
    place.run(FakeSandbox())
    for name in ("shannot", "shannot/runtime"):
        assert (place.state / name).stat().st_mode & 0o7777 == 0o700
    (place.state / "shannot" / "runtime").chmod(0o777)
    sandbox = FakeSandbox()
    with pytest.raises(UsageError, match="nobody else may write"):
        place.run(sandbox)
    assert sandbox.spec is None


def test_a_rule_of_the_configuration_decides(place: Place) -> None:
    place.configure('[profile]\nalways_deny = ["systemctl"]\n')
    sandbox = FakeSandbox(commands=[["systemctl", "status"]])
    place.run(sandbox)
    assert sandbox.answers[0].kind == "refuse"


def test_pypy_without_one_installed_says_what_installs_it(place: Place) -> None:
    sandbox = FakeSandbox()
    request = Request(Program("code", "pass"), runtime="pypy", streams=QUIET)
    with pytest.raises(NotFoundError, match="shannot setup pypy"):
        place.run(sandbox, request)
    assert sandbox.spec is None


def install_pypy(place: Place) -> str:
    directory = place.state / "shannot" / "runtime" / "pypy"
    for name in ("lib-python", "lib_pypy"):
        (directory / name).mkdir(parents=True)
    (directory / "pypy3-c").write_bytes(pypys.program())
    (directory / "pypy3-c").chmod(0o755)
    return str(directory / "pypy3-c")


def test_the_runtime_is_chosen_by_option_before_configuration(place: Place) -> None:
    binary = install_pypy(place)
    place.configure('[run]\nruntime = "pypy"\npython = "/no/such/python"\n')
    sandbox = FakeSandbox()
    place.run(sandbox)
    spec = spec_of(sandbox)
    assert (spec.runtime, spec.interpreter) == ("pypy", os.fsencode(binary))
    chosen = Request(
        Program("code", "pass"), runtime="cpython", python=sys.executable, streams=QUIET
    )
    place.run(sandbox, chosen)
    spec = spec_of(sandbox)
    assert (spec.runtime, spec.interpreter) == ("cpython", os.fsencode(sys.executable))


def test_an_interpreter_of_the_other_runtime_is_refused(place: Place) -> None:
    install_pypy(place)
    request = Request(Program("code", "pass"), runtime="pypy", python=sys.executable, streams=QUIET)
    with pytest.raises(UsageError, match="--python"):
        place.run(FakeSandbox(), request)


def test_a_session_keeps_the_runtime_whatever_the_configuration_says_later(place: Place) -> None:
    install_pypy(place)
    place.configure('[run]\nruntime = "pypy"\n')
    report = place.run(
        FakeSandbox(after=[WRITE], blob=NEW), Request(Program("code", "pass"), streams=QUIET)
    )
    assert report.session is not None
    session = place.store().load(report.session)
    assert session.runtime == "pypy"
    assert "--runtime=pypy" in session.options


def test_where_nobody_can_be_asked_that_is_a_usage_error(place: Place) -> None:
    program = Program("code", "print()")
    with pytest.raises(UsageError, match="nobody can be asked"):
        place.run(FakeSandbox(), Request(program, on_ask="wait", streams=QUIET))
