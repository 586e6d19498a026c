"""Commands: confined, performed, assumed, refused, by every way to start one."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.sandbox.running import boxed, same_as_natively

HOST = """
import os, subprocess, sys, time
def host(line, name="HOST", **options):
    return subprocess.run([name, line], executable="/bin/true", **options)
"""


@pytest.mark.parametrize("script", ["executing.py", "spawning.py"])
def test_a_script_does_the_same_as_natively(script: str, tmp_path: Path) -> None:
    same_as_natively(script, tmp_path)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_a_program_that_exists_only_in_the_layer_runs_confined(tmp_path: Path) -> None:
    code = """
import os, subprocess
with open("x.c", "w") as file:
    file.write('#include <stdio.h>\\nint main(int c, char **v) { puts(v[0]); return c; }')
print(subprocess.run("gcc -o x x.c && ./x 1 2", shell=True, capture_output=True))
print(subprocess.run(["LAYER", "0"], executable="./x").returncode)
"""
    ran = boxed(code, tmp_path)
    assert "returncode=3, stdout=b'./x\\n', stderr=b''" in ran.stdout
    assert ran.stdout.endswith("\n1\n")
    assert not (tmp_path / "x").exists()


def test_a_host_command_has_the_scripts_streams_and_its_own_status(tmp_path: Path) -> None:
    code = (
        HOST
        + """
done = host("cat; echo err >&2; exit 3", input=b"x" * 100_000, capture_output=True)
print(len(done.stdout), done.stderr, done.returncode)
print(host("exit 7").returncode, host("kill -9 $$").returncode, host("kill -TERM $$").returncode)
print(host("kill -PIPE $$", restore_signals=False).returncode)  # the script ignores it
print(os.posix_spawn("/bin/true", ["HOST", "exit 9"], {}) and os.wait()[1])
with open("out", "w") as out:
    host("echo text", stdout=out)
print(open("out").read())
"""
    )
    ran = boxed(code, tmp_path)
    assert ran.stdout.splitlines() == ["100000 b'err\\n' 3", "7 -9 -15", "141", "2304", "text", ""]
    assert "finished with 137\n" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_a_host_command_ends_with_the_process_it_stands_for(tmp_path: Path) -> None:
    code = (
        HOST
        + """
began = time.monotonic()
try:
    host("echo $$ > PLACE/pid; sleep 50; echo > PLACE/survived", cwd="/", timeout=1)
except subprocess.TimeoutExpired:
    print("timeout", time.monotonic() - began < 10)
""".replace("PLACE", str(tmp_path))
    )
    assert boxed(code, tmp_path).stdout == "timeout True\n"


def test_more_host_commands_than_threads_all_run(tmp_path: Path) -> None:
    code = (
        HOST
        + """
many = [subprocess.Popen(["HOST", f"exit {n}"], executable="/bin/true") for n in range(100)]
print([process.wait() for process in many] == list(range(100)))
"""
    )
    assert boxed(code, tmp_path).stdout == "True\n"


def test_a_host_command_that_still_runs_at_the_end_of_the_script_is_let_finish(
    tmp_path: Path,
) -> None:
    done = tmp_path / "done"
    code = HOST + f"subprocess.Popen(['HOST', 'sleep 1; echo > {done}'], executable='/bin/true')\n"
    boxed(code, tmp_path)
    for _ in range(50):
        if done.exists():
            break
        time.sleep(0.1)
    assert done.exists()


def test_a_recorded_command_takes_what_is_piped_into_it(tmp_path: Path) -> None:
    code = (
        HOST
        + """
print(host("4", "ASSUME", input=b"x" * 200_000).returncode)
with open("given", "w+") as given:
    given.write("12345")
    given.flush()
    given.seek(1)
    print(host("0", "ASSUME", stdin=given).returncode)
print(host("5", "ASSUME").returncode)  # the script's own stdin is not taken
print(sys.stdin.read())
"""
    )
    ran = boxed(code, tmp_path, stdin=b"for the script")
    assert ran.stdout.splitlines() == ["4", "0", "5", "for the script"]
    assert ran.stderr.splitlines() == ["received 200000 bytes", "received 4 bytes"]


def test_a_refused_command_is_not_permitted(tmp_path: Path) -> None:
    code = (
        HOST
        + """
try:
    host("", "REFUSE")
except PermissionError:
    print("refused")
"""
    )
    assert boxed(code, tmp_path).stdout == "refused\n"


def test_the_interpreter_is_known_as_the_runs_own(tmp_path: Path) -> None:
    code = (
        HOST
        + """
def own(path):
    return subprocess.run(["OWN", "0"], executable=path).returncode
print(own(sys.executable), own("/proc/self/exe"), own("/bin/sh"))
with open("script", "w") as script:
    script.write(f"#!{sys.executable}\\n")
os.chmod("script", 0o755)
os.symlink(sys.executable, "link")
print(own("./script"), own("./link"))
"""
    )
    assert boxed(code, tmp_path).stdout.splitlines() == ["1 1 0", "0 1"]


def test_spawning_from_many_threads_never_fails(tmp_path: Path) -> None:
    code = """
import os, subprocess, threading
bad = []
def work():
    for n in range(40):
        status = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 3"], {})
        if os.waitpid(status, 0)[1] != 3 << 8:
            bad.append("spawn")
        if subprocess.run("echo 1", shell=True, capture_output=True).stdout != b"1\\n":
            bad.append("run")
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(bad)
"""
    assert boxed(code, tmp_path).stdout == "[]\n"


def test_a_thread_that_is_not_the_first_may_execute_a_program(tmp_path: Path) -> None:
    code = """
import os, sys, threading, time
def busy():
    while True:
        os.stat("/usr")
threading.Thread(target=busy, daemon=True).start()
program = f"import os, sys; print(os.getpid() == {os.getpid()}); sys.exit(4)"
threading.Thread(target=lambda: os.execv(sys.executable, ["python", "-c", program])).start()
time.sleep(30)
"""
    ran = boxed(code, tmp_path)
    assert (ran.stdout, ran.status) == ("True\n", 4)


def test_a_host_command_that_is_only_starting_when_the_script_ends_is_run(tmp_path: Path) -> None:
    code = HOST + "import os\n"
    code += "for n in range(8):\n"
    code += (
        f"    subprocess.Popen(['HOST', f'echo > {tmp_path}/done{{n}}'], executable='/bin/true')\n"
    )
    code += "os._exit(0)\n"
    boxed(code, tmp_path)
    end = time.monotonic() + 5
    while len(list(tmp_path.glob("done*"))) < 8 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(list(tmp_path.glob("done*"))) == 8


def test_a_pipeline_whose_first_command_ends_at_once_is_started_whole(tmp_path: Path) -> None:
    """SIGCHLD of the first one interrupted the fork of the second: "Cannot fork"."""
    code = """
import subprocess
for _ in range(25):
    done = subprocess.run("true | true; echo x | cat", shell=True, capture_output=True)
    print(done.stdout, done.stderr, done.returncode)
"""
    ran = boxed(code, tmp_path)
    assert ran.stdout.splitlines() == ["b'x\\n' b'' 0"] * 25
