"""Every exit code that is documented, brought about by a real process."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shannot.cli.help import topic
from tests.cli.places import Place

ASKS = "import os; raise SystemExit(os.waitstatus_to_exitcode(os.system('systemctl stop x')))"
CODES: dict[str, list[tuple[int, tuple[str, ...]]]] = {
    "0": [(0, ("list",)), (0, ("run", "-c", "pass")), (0, ("--version",))],
    "1": [(1, ("execute", "PENDING")), (1, ("run", "-c", "import sys; sys.exit('no')"))],
    "2": [
        (2, ()), (2, ("frobnicate",)), (2, ("run", "--view", "moon", "-c", "pass")),
        (2, ("run", "--profile", "./app.conf", "-c", "pass")), (2, ("run",)),
    ],
    "124": [
        (124, ("run", "--timeout", "1", "-c", "import time; time.sleep(60)")),
        (124, ("run", "--cpu", "1", "-c", "while True: pass")),
    ],
    "125": [
        (125, ("run", "--output", "10K", "-c", "print('x' * 100_000)")),
        (125, ("run", "--files", "5", "-c", "for n in range(9): open(str(n), 'w')")),
        (125, ("show", "DAMAGED")),
    ],
    "126": [
        (126, ("approve", "PENDING")),
        (126, ("run", "--on-ask", "fail", "-c", ASKS)),
    ],
    "127": [(127, ("run", "nowhere.py")), (127, ("show", "nothing"))],
    "128+N": [
        (128 + 9, ("run", "-c", "import os; os.kill(os.getpid(), 9)")),
        (128 + 15, ("run", "-c", "import os; os.kill(os.getpid(), 15)")),
    ],
}  # fmt: skip


def test_every_documented_code_is_tried_here() -> None:
    told = re.findall(r"^    (\d+(?:\+N)?) +\S", topic("exit-codes").text, re.MULTILINE)
    assert set(told) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_code_is_what_is_documented(code: str, tmp_path: Path) -> None:
    place = Place(tmp_path)
    words = {"PENDING": place.session(), "DAMAGED": place.session()}
    damaged = place.state / "shannot" / "sessions" / words["DAMAGED"] / "session.json"
    damaged.write_text("{")
    for expected, given in CODES[code]:
        result = place.shannot(*(words.get(word, word) for word in given))
        assert result.returncode == expected, (given, result.stderr)
        assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("number", [0, 1, 3, 77, 255])
def test_a_script_s_own_status_passes_through(number: int, tmp_path: Path) -> None:
    result = Place(tmp_path).shannot("run", "-c", f"raise SystemExit({number})")
    assert result.returncode == number


def test_an_interrupted_program_ends_as_by_its_signal(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "shannot", "run", "-c", "print(1, flush=True); input()"],
        env=place.environment,
        cwd=place.project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - the suite may run with it ignored
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
