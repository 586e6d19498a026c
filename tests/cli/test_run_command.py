from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.places import OLD, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def script(place: Place, text: str) -> str:
    (place.project / "s.py").write_text(text)
    return "s.py"


def test_the_exit_status_is_the_scripts(place: Place) -> None:
    result = place.shannot("run", "-q", "-c", "import sys; sys.exit(3)")
    assert (result.returncode, result.stdout, result.stderr) == (3, b"", b"")


def test_a_signal_is_128_and_its_number(place: Place) -> None:
    result = place.shannot("run", "-q", "-c", "import os; os.kill(os.getpid(), 15)")
    assert result.returncode == 128 + 15


def test_output_is_byte_for_byte_and_stdin_reaches_the_script(place: Place) -> None:
    code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])"
    data = bytes(range(256)) * 1000
    result = place.shannot("run", "-c", code, stdin=data)
    assert result.stdout == data[::-1]
    assert (result.returncode, result.stderr) == (0, b"")


def test_everything_after_the_script_is_the_scripts(place: Place) -> None:
    name = script(place, "import sys; print(sys.argv)")
    result = place.shannot("run", "-q", name, "-q", "--help", "--", "-c", "x y")
    assert result.stdout.decode() == f"{['s.py', '-q', '--help', '--', '-c', 'x y']}\n"


def test_a_module_and_a_script_on_stdin_run_too(place: Place) -> None:
    (place.project / "part.py").write_text("import sys; print('part', sys.argv[1:])")
    assert place.shannot("run", "-m", "part", "-q").stdout == b"part ['-q']\n"
    source = b"import sys; print('stdin', sys.argv)"
    assert place.shannot("run", "-", "-x", stdin=source).stdout == b"stdin ['-', '-x']\n"


def test_what_a_script_changes_waits_and_is_told(place: Place) -> None:
    name = script(place, "open('app.conf', 'w').write('port = 81\\n'); print('hi')")
    result = place.shannot("run", name)
    assert result.stdout == b"hi\n"
    lines = result.stderr.decode().splitlines()
    assert lines[0] == f"shannot: writes {place.project}/app.conf"
    assert "1 effect waits for approval in session " in lines[1]
    session = lines[1].split()[-1]
    assert lines[2:] == [
        f"shannot: next: shannot show {session}",
        f"shannot: then: shannot approve {session} --execute",
    ]
    assert (place.project / "app.conf").read_bytes() == OLD


def test_quiet_says_nothing_and_keeps_the_session(place: Place) -> None:
    name = script(place, "open('new', 'w')")
    assert place.shannot("run", "--quiet", name).stderr == b""
    assert place.shannot("list").stdout.count(b"pending") == 1


def test_json_holds_the_scripts_output(place: Place) -> None:
    code = (
        "import os, sys; os.write(1, b'text'); os.write(2, b'\\xff')\n"
        "open('new', 'w').write('x'); sys.exit(5)"
    )
    result = place.shannot("run", "--json", "-c", code)
    document = json.loads(result.stdout)["result"]
    assert (result.returncode, result.stderr) == (5, b"")
    assert document["status"] == 5
    assert document["stdout"] == {"text": "text"}
    assert document["stderr"] == {"base64": "/w=="}
    assert [effect["effect"] for effect in document["effects"]] == ["WriteFile"]
    assert document["waiting"] == 1
    assert place.shannot("show", document["session"]).returncode == 0


def test_a_value_of_the_environment_is_never_told(place: Place) -> None:
    code = "import os; open('x', 'w'); raise SystemExit(os.environ['TOKEN'] != 'hunter2')"
    result = place.shannot("run", "--env", "TOKEN=hunter2", "-c", code)
    assert result.returncode == 0
    assert b"hunter2" not in result.stderr


@pytest.mark.parametrize(
    ("option", "code", "status"),
    [
        ("--timeout=1s", "import time; time.sleep(60)", 124),
        ("--output=1000", "while True: print('x' * 100)", 125),
    ],
)
def test_a_limit_is_named_and_has_its_exit_code(
    place: Place, option: str, code: str, status: int
) -> None:
    result = place.shannot("run", option, "-c", f"open('x', 'w')\n{code}")
    assert result.returncode == status
    text = result.stderr.decode()
    assert option.partition("=")[0] in text
    assert "incomplete" in text


def test_what_is_not_mapped_is_named_with_the_option(place: Place) -> None:
    outside = place.home / "outside"
    outside.mkdir()
    (outside / "file").write_text("x")
    result = place.shannot("run", "-c", f"open({str(outside / 'file')!r})")
    assert result.returncode == 1
    assert f"--map {outside}" in result.stderr.decode()
    code = f"print(open({str(outside / 'file')!r}).read())"
    assert place.shannot("run", "--map", str(outside), "-c", code).stdout == b"x\n"


def test_a_terminal_is_never_told_what_to_do(place: Place) -> None:
    code = "print('\\x1b[31mred\\x1b[0m \\x1b[2J'); open('x', 'w')"
    status, shown = place.at_terminal("run", "-c", code, keys=b"")
    assert status == 0, shown
    assert "\x1b[31mred\x1b[0m \\x1b[2J\r\n" in shown
    assert "shannot: creates" in shown


def test_a_line_left_open_does_not_swallow_ours(place: Place) -> None:
    code = "import sys; sys.stdout.write('half'); open('x', 'w')"
    _, shown = place.at_terminal("run", "-c", code, keys=b"")
    assert "half\r\nshannot: creates" in shown


def test_a_reader_that_goes_away_ends_the_script_as_natively(place: Place) -> None:
    line = f"{sys.executable} -m shannot run -q -c 'while True: print(1)' | head -1"
    result = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", line],
        env=place.environment,
        cwd=place.project,
        capture_output=True,
        timeout=60,
    )
    assert result.stdout == b"1\n"
    assert b"BrokenPipeError" in result.stderr


def test_the_script_may_have_no_standard_streams(place: Place) -> None:
    line = f'{sys.executable} -m shannot run -q -c \'open("x", "w")\' <&- >&- 2>&-'
    result = subprocess.run(
        ["/bin/sh", "-c", line], env=place.environment, cwd=place.project, timeout=60
    )
    assert result.returncode == 0


def test_interrupting_ends_the_script_without_a_traceback_of_ours(place: Place) -> None:
    code = (
        "import time\n"
        "try: print('[y/N]', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt: raise SystemExit(7)"
    )
    status, shown = place.at_terminal("run", "-c", code, keys=b"\x03")
    assert status == 7, shown
    assert "Traceback" not in shown


def test_a_project_that_is_gone_is_one_clear_line(place: Place) -> None:
    line = f"mkdir d; cd d; rmdir ../d; exec {sys.executable} -m shannot run -c pass"
    result = subprocess.run(
        ["/bin/sh", "-c", line],
        env={**os.environ, **place.environment},
        cwd=place.project,
        capture_output=True,
        timeout=60,
    )
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1


def test_output_that_cannot_be_written_is_no_success(place: Place) -> None:
    for code, status in (("print(1)", 125), ("import sys; print(1); sys.exit(3)", 3)):
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [sys.executable, "-m", "shannot", "run", "-c", code],
                env=place.environment,
                cwd=place.project,
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=60,
            )
        assert result.returncode == status
        assert result.stderr == b"shannot: cannot write output: No space left on device\n"


def test_too_many_files_end_the_run_and_are_named(place: Place) -> None:
    code = "for i in range(9): open(f'f{i}', 'w')"
    result = place.shannot("run", "--files", "5", "-c", code)
    lines = result.stderr.decode().splitlines()
    assert result.returncode == 125
    assert lines[0] == "shannot: ended: the script reached its limit of new files (--files)"
    assert lines[1].startswith("shannot: incomplete")
    assert sum(": creates " in line for line in lines) == 5


def test_a_command_denied_along_the_path_is_told_once(place: Place) -> None:
    code = "import subprocess; subprocess.run(['rm', '-rf', '/'])"
    lines = place.shannot("run", "-c", code).stderr.decode().splitlines()
    assert sum(line.startswith("shannot: denied rm -rf /") for line in lines) == 1


def test_home_and_user_are_there_without_the_callers(place: Place) -> None:
    del place.environment["HOME"]
    code = "import os; print(os.environ['HOME'], os.environ['USER'])"
    found = pwd.getpwuid(os.getuid())
    result = place.shannot("run", "-c", code)
    assert result.stdout.decode() == f"{found.pw_dir} {found.pw_name}\n"
    assert result.stderr == b""


def test_what_a_map_hides_is_not_called_unmapped(place: Place) -> None:
    (place.home / "other").mkdir()
    code = "import os; print(os.path.exists('app.conf'), os.path.exists('../other'))"
    maps = ["--map", "app.conf:hide", "--map", "../other:hide"]
    result = place.shannot("run", *maps, "-c", code)
    assert result.stdout == b"False False\n"
    lines = result.stderr.decode().splitlines()
    assert [line.partition(" (")[0] for line in lines] == [
        f"shannot: hidden: {place.project}/app.conf",
        f"shannot: hidden: {place.home}/other",
    ]


def test_what_somebody_else_puts_in_the_place_of_a_removed_directory_is_in_no_plan(
    place: Place,
) -> None:
    """A file that came while the script ran is not deleted for the directory that stood there."""
    (place.project / "cache").mkdir()
    code = "import os; os.listdir('cache'); print('seen', flush=True); input(); os.rmdir('cache')"
    with subprocess.Popen(
        [sys.executable, "-m", "shannot", "run", "-c", code],
        env=place.environment,
        cwd=place.project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"seen\n"
        (place.project / "cache").rename(place.home / "cache")
        (place.project / "cache").write_bytes(b"theirs")
        _, stderr = running.communicate(b"\n", timeout=60)
    assert running.returncode == 0, stderr
    path = place.project / "cache"
    told = f"not in the plan: {path}: the script saw a directory; now it is a file\n"
    assert told in stderr.decode()
    assert "deletes" not in stderr.decode()
    assert path.read_bytes() == b"theirs"


def test_what_no_plan_can_hold_is_named_to_the_reviewer_too(place: Place) -> None:
    (place.project / "tree").mkdir()
    os.mkfifo(place.project / "tree/pipe")
    code = "import shutil; shutil.rmtree('tree'); open('new', 'w').close()"
    done = place.shannot("run", "-c", code)
    assert b"not in the plan: " in done.stderr
    assert b"it did more than a plan can hold" in done.stderr
    session = done.stderr.decode().split("in session ")[1].split()[0]
    shown = place.shannot("show", session).stdout.decode()
    assert "\nincomplete the script did more than this plan can hold" in shown
    assert f"\nnote       not in the plan: {place.project}/tree: it holds a pipe" in shown
    refused = place.shannot("approve", session, "--yes", "--execute")
    assert refused.returncode == 126
    assert b"more than this plan can hold" in refused.stderr
