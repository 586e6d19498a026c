"""Each message that the page about troubleshooting explains is brought about, as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.places import Place
from tests.documentation.pages import blocks

Words = tuple[str, ...]
FIFO = "import os; os.mkfifo('f')"
CAUSES: dict[str, Words] = {
    "not mapped: …": ("run", "-c", "open('/etc/hostname')"),
    "… is not shown to the script (`--map … shows it)": ("HOME", "run", "-c", "pass"),
    "hidden: …": ("run", "-c", "open('.env')"),
    "refused socket call …": ("run", "-c", "import socket; socket.socket()"),
    "refused system call …": (
        "run", "-c", "import ctypes; ctypes.CDLL(None).syscall(9999)",
    ),
    "asks to run … (assumed to succeed)": ("run", "-c", "import os; os.system('systemctl stop x')"),
    "denied …": ("run", "-c", "import os; os.system('rm -rf /')"),
    "not in the plan: …": ("run", "-c", FIFO),
    "ended: the script reached its limit of …": (
        "run", "--timeout", "1", "-c", "import time; time.sleep(60)",
    ),
    "approving needs a person at a terminal, and there is none …": ("approve", "PENDING"),
    "… is pending and cannot be executed…": ("execute", "PENDING"),
    "nothing was changed: … have changed since the script ran; --skip-conflicts does the rest": (
        "CHANGED", "approve", "PENDING", "--yes", "--execute",
    ),
    "… unknown key …": ("run", "--profile", "./wrong.toml", "-c", "pass"),
    "… other users can write it…": ("run", "--profile", "./open.toml", "-c", "pass"),
    "no such script: …": ("run", "nowhere.py"),
    "there is no session …": ("show", "nothing"),
    "no remote …": ("list", "--target", "nothing"),
    "no PyPy is installed: …": ("run", "--runtime", "pypy", "-c", "pass"),
}  # fmt: skip


def explained() -> list[str]:
    return [block.text for block in blocks("docs/troubleshooting.md") if block.language == "text"]


def test_every_message_of_the_page_is_tried_here() -> None:
    assert set(explained()) == set(CAUSES)


@pytest.mark.parametrize("message", CAUSES)
def test_the_message_is_printed_as_it_is_explained(message: str, tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.project / ".env").write_text("KEY=1\n")
    for name, mode in (("wrong.toml", 0o600), ("open.toml", 0o666)):
        (place.project / name).write_text("alway_deny = ['x']\n")
        (place.project / name).chmod(mode)
    words = {"PENDING": place.session() if "PENDING" in CAUSES[message] else ""}
    cause = list(CAUSES[message])
    directory = place.home if cause[0] == "HOME" else place.project
    if cause[0] == "CHANGED":
        (place.project / "app.conf").write_text("another\n")
    if cause[0].isupper():
        del cause[0]
    result = place.shannot(*(words.get(word, word) for word in cause), cwd=directory)
    pattern = "^shannot: .*" + ".*".join(re.escape(part) for part in message.split("…"))
    assert re.search(pattern, result.stderr.decode(), re.MULTILINE), result.stderr.decode()
