"""Commands of a script in a real sandboxed PyPy, from the command line to the plan."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.fakes.real_pypy import REPOSITORY, RealPypy

pytestmark = pytest.mark.pypy
ALLOWS = """\
[profiles.default]
auto_approve = ["false", "uname", "tr"]
"""


@pytest.fixture
def pypy(tmp_path: Path) -> RealPypy:
    return RealPypy(tmp_path, ALLOWS)


def script(pypy: RealPypy, *lines: str) -> str:
    (pypy.project / "script.py").write_text(
        "import os, subprocess, sys\n" + "\n".join(lines) + "\n"
    )
    return "script.py"


def test_a_command_that_ran_has_its_own_status_and_output(pypy: RealPypy) -> None:
    name = script(
        pypy,
        "print(subprocess.run(['false']).returncode)",
        "print(subprocess.run(['tr', 'a-z', 'A-Z'], input=b'loud', stdout=-1).stdout)",
        "try: subprocess.run(['false'], check=True)",
        "except subprocess.CalledProcessError as error: print(error.returncode)",
        "print(os.system('exit 4') >> 8, subprocess.call(['sh', '-c', 'kill -9 $$']))",
    )
    done = pypy.run(name)
    assert done.stdout.splitlines() == ["1", "b'LOUD'", "1", "4 -9"]
    assert done.stderr.count("ran false on this machine (exit status 1)") == 2


def test_a_command_whose_reader_ends_dies_of_it_and_says_nothing(pypy: RealPypy) -> None:
    """It had SIGPIPE ignored, as Python has for itself: `yes` complained, others never ended."""
    name = script(
        pypy,
        "def run(**named):",
        "    line = 'yes | head -n 1; grep SigIgn /proc/self/status'",
        "    print(subprocess.run(line, shell=True, stdout=-1, stderr=-1, **named))",
        "run()",
        "print(os.popen('yes 2>&1 | head -n 1').read())",
        "run(restore_signals=False)",
    )
    done = pypy.run(name)
    restored, popen, _, left = done.stdout.splitlines()
    assert popen == "y"
    assert "stderr=b''" in restored
    ignored = [int(line.partition("SigIgn:\\t")[2][:16], 16) for line in (restored, left)]
    pipe_and_size = 1 << 12 | 1 << 24  # SIGPIPE, SIGXFSZ
    assert [mask & pipe_and_size for mask in ignored] == [0, pipe_and_size]


def test_pipes_that_nobody_refers_to_make_room_for_others(pypy: RealPypy) -> None:
    """CPython closes them at once; here the 256th command or so had too many open files."""
    name = script(
        pypy,
        "for _ in range(400):",
        "    process = subprocess.Popen(['true'], stdin=-1, stdout=-1, stderr=-1)",
        "    process.wait()",
        "print(process.returncode)",
    )
    done = pypy.run(name)
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr


def test_the_end_time_of_a_wait_is_said_to_be_deprecated(pypy: RealPypy) -> None:
    name = script(
        pypy,
        "import time, warnings",
        "with warnings.catch_warnings(record=True) as caught:",
        "    warnings.simplefilter('always')",
        "    print(subprocess.Popen(['true']).wait(endtime=time.monotonic() + 30))",
        "print([(w.category.__name__, w.filename[-9:]) for w in caught])",
    )
    assert pypy.run(name).stdout == "0\n[('DeprecationWarning', 'script.py')]\n"


def test_confined_commands_work_on_the_layer_and_their_writes_are_in_the_plan(
    pypy: RealPypy,
) -> None:
    (pypy.project / "there").write_text("one\n")
    name = script(
        pypy,
        "with open('mine', 'w') as file: file.write('two\\n')",
        "subprocess.check_call(['sed', '-i', 's/one/1/', 'there'])",
        "print(subprocess.check_output(['cat', 'there', 'mine']))",
        "subprocess.check_call('git init -q r && cd r && git status --short && mv ../mine .',"
        " shell=True)",
        "print(os.listdir('.'), open('there').read())",
    )
    done = pypy.run("--json", name)
    result = json.loads(done.stdout)["result"]
    assert result["stdout"]["text"].startswith("b'1\\ntwo\\n'\n")
    changed = {effect.get("path", "")[len(str(pypy.project)) :] for effect in result["effects"]}
    assert {"/there", "/r", "/r/mine", "/r/.git/HEAD"} <= changed
    assert (pypy.project / "there").read_text() == "one\n"
    assert not (pypy.project / "r").exists()
    assert result["faults"] == []


def test_verdicts_are_those_of_the_other_runtime(pypy: RealPypy) -> None:
    name = script(
        pypy,
        "try: subprocess.run(['rm', '-rf', '/'])",
        "except PermissionError as error: print(error.errno)",
        "try: subprocess.run(['no-such-program'])",
        "except FileNotFoundError as error: print(error.filename)",
        "print(subprocess.run(['mount', 'x'], input=b'body').returncode)",
    )
    outcomes = []
    for runtime in ("pypy", "cpython"):
        result = json.loads(pypy.shannot("run", "--json", "--runtime", runtime, name).stdout)[
            "result"
        ]
        outcomes.append({key: result[key] for key in ("stdout", "effects", "denied", "status")})
    assert outcomes[0] == outcomes[1]
    assert outcomes[0]["stdout"]["text"].split() == ["1", "no-such-program", "0"]
    assert outcomes[0]["effects"][0]["stdin_sha256"]
    asked = pypy.run("-q", "--on-ask", "fail", name)
    assert asked.stdout.split()[-1] == "126"


def test_a_time_limit_ends_whatever_the_script_waits_for(pypy: RealPypy) -> None:
    for wait in (
        "subprocess.run(['sleep', '300'])",
        "os.system('sleep 300')",
        "subprocess.Popen(['sleep', '300'], stdout=-1).communicate()",
        "import select; select.select([os.pipe()[0]], [], [])",
        "os.read(os.pipe()[0], 1)",
    ):
        done = pypy.run("--timeout", "1", "-c", f"import os, subprocess; {wait}")
        assert done.returncode == 124
        assert "mistake" not in done.stderr


def test_what_the_script_leaves_running_ends_with_it(pypy: RealPypy) -> None:
    line = "sleep 3; touch late"
    done = pypy.run("-c", f"import subprocess; subprocess.Popen(['sh', '-c', {line!r}]); print(1)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


def test_the_group_of_a_command_can_be_ended_wherever_it_runs(pypy: RealPypy) -> None:
    """As a script does that has a shell, with what that has started, come to its end."""
    name = script(
        pypy,
        "for words in (['sh', '-c', 'sleep 300 & wait'], ['tr', 'a', 'b']):",
        "    process = subprocess.Popen(words, stdin=-1, stdout=-1, start_new_session=True)",
        "    os.killpg(os.getpgid(process.pid), 9)",
        "    print(process.communicate()[0], process.returncode)",
    )
    done = pypy.run("-q", name, timeout=60)
    assert done.stdout.splitlines() == ["b'' -9", "b'' -9"]


def test_interrupting_the_only_thread_calls_its_handler(pypy: RealPypy) -> None:
    """It raised KeyboardInterrupt whatever was to become of SIGINT. A build that has threads of
    its own, as 3.8, brings its own function, which does."""
    name = script(
        pypy,
        "import _thread, signal",
        "if hasattr(_thread, '__file__'):",
        "    for handler in (signal.SIG_IGN, signal.SIG_DFL):",
        "        signal.signal(signal.SIGINT, handler)",
        "        _thread.interrupt_main()",
        "    signal.signal(signal.SIGINT, lambda number, frame: print('got', number))",
        "    _thread.interrupt_main()",
        "    signal.signal(signal.SIGINT, signal.default_int_handler)",
        "try: _thread.interrupt_main()",
        "except KeyboardInterrupt: print('interrupted')",
    )
    assert pypy.run(name).stdout.splitlines()[-2:] in (["got 2", "interrupted"], ["interrupted"])


def test_asyncio_runs_and_threads_say_what_is_missing(pypy: RealPypy) -> None:
    name = script(
        pypy,
        "import asyncio, threading",
        "async def wait(number):",
        "    await asyncio.sleep(0.01 * number)",
        "    return number",
        "loop = asyncio.new_event_loop()",
        "asyncio.set_event_loop(loop)",
        "print(loop.run_until_complete(asyncio.gather(wait(1), wait(0))))",
        "try: threading.Thread(target=print).start()",
        "except RuntimeError as error: print(str(error)[:22])",
        "try: os.fork()",
        "except OSError as error: print(error.errno)",
    )
    done = pypy.run("-q", name)
    assert done.stdout.splitlines() == ["[1, 0]", "can't start new thread", "38"]


def test_a_network_that_is_looked_for_is_told_of(pypy: RealPypy) -> None:
    """Its `_socket` is in Python, so no call of the kernel is refused; nothing was told."""
    name = script(
        pypy,
        "import socket",
        "for look in (lambda: socket.gethostbyname('example.org'),",
        "             lambda: socket.create_connection(('example.org', 80)),",
        "             lambda: socket.create_connection(('localhost', 80)),",
        "             lambda: socket.socket(socket.AF_INET6)):",
        "    try: look()",
        "    except OSError as error: print(type(error).__name__)",
        "socket.socketpair()",
    )
    done = pypy.run(name)
    assert done.stdout.split() == ["gaierror", "gaierror", "PermissionError", "PermissionError"]
    assert [line for line in done.stderr.splitlines() if "refused" in line] == [
        "shannot: refused socket call AF_INET, 3 times: sockets do not exist here",
        "shannot: refused socket call AF_INET6, 1 time: sockets do not exist here",
    ]


def test_names_of_files_and_words_are_utf_8(pypy: RealPypy) -> None:
    name = script(
        pypy,
        "open('ö', 'w').close()",
        "print(os.listdir('.') == ['script.py', 'ö'], sys.argv[1], os.environ['X'])",
        "print(subprocess.check_output(['echo', 'ß'], universal_newlines=True))",
    )
    done = pypy.run("-q", "--env", "X=ä", name, "é")
    assert done.stdout == "True é ä\nß\n\n"


def test_the_example_of_the_readme_gives_the_plan_of_the_other_runtime(tmp_path: Path) -> None:
    pypy = RealPypy(tmp_path)
    plans = []
    shutil.copytree(REPOSITORY / "examples", pypy.project / "examples")
    for runtime in ("pypy", "cpython"):
        done = pypy.shannot(
            "run",
            "--json",
            "--runtime",
            runtime,
            "examples/reload_service.py",  # before Python 3.9 its `__file__` is that, too
        )
        result = json.loads(done.stdout)["result"]
        plans.append({key: result[key] for key in ("effects", "stdout", "status", "waiting")})
    assert plans[0] == plans[1]
    assert [effect["effect"] for effect in plans[0]["effects"]] == [
        "WriteFile", "WriteFile", "RunCommand",
    ]  # fmt: skip
