from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.sandbox.runtimes.releases import RELEASES
from tests.cli.places import Place
from tests.fakes import pypys, web_server
from tests.fakes.web_server import Server, serving


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.environment["no_proxy"] = "*"
    return place


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def archives(place: Place) -> Path:
    directory = place.home / "archives"
    directory.mkdir()
    (directory / "program.tar.gz").write_bytes(pypys.program_archive())
    (directory / "library.tar.bz2").write_bytes(pypys.library_archive())
    return directory


def test_setup_installs_says_so_once_and_removes(place: Place) -> None:
    directory = str(archives(place))
    pypy = place.state / "shannot" / "runtime" / "pypy"
    expected = [
        (["--from", directory], f"shannot: installed the PyPy in {pypy} (library.tar.bz2, "),
        (["--from", directory], f"shannot: already installed: the PyPy in {pypy}"),
        (["--from", directory, "--force"], f"shannot: replaced the PyPy in {pypy}"),
        (["--remove"], f"shannot: removed the PyPy in {pypy}"),
        (["--remove"], "shannot: no PyPy is installed"),
    ]
    for words, line in expected:
        result = place.shannot("setup", "pypy", *words)
        assert (result.returncode, result.stdout) == (0, b""), result.stderr
        assert result.stderr.decode().splitlines()[0].startswith(line)
        assert b"\x1b" not in result.stderr


def test_setup_tells_the_next_step(place: Place) -> None:
    result = place.shannot("setup", "pypy", "--from", str(archives(place)))
    assert result.stderr.endswith(b"shannot: next: shannot run --runtime pypy SCRIPT\n")


def test_setup_prints_one_document(place: Place) -> None:
    directory = str(archives(place))
    for action in ("installed", "present"):
        result = place.shannot("setup", "pypy", "--json", "--from", directory)
        assert (result.returncode, result.stderr) == (0, b"")
        document = json.loads(result.stdout)
        assert document["command"] == "setup"
        assert (document["result"]["part"], document["result"]["action"]) == ("pypy", action)
        names = [part["name"] for part in document["result"]["installation"]["parts"]]
        assert names == ["library.tar.bz2", "program.tar.gz"]
    result = place.shannot("setup", "pypy", "--json", "--from", "/no/such/place")
    assert json.loads(result.stdout)["error"]["exit_code"] == 127
    assert result.returncode == 127


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "PART"),
        (["perl"], 2, "perl"),
        (["pypy", "--frobnicate"], 2, "--frobnicate"),
        (["pypy", "--sha256", "0" * 64], 2, "--sha256 belongs to a --from"),
        (["pypy", "--remove", "--force"], 2, "--remove goes with none of"),
        (["pypy", "--from", "http://127.0.0.1:1/x"], 2, "--sha256 is missing"),
        (["pypy", "--from", "http://127.0.0.1:1/x", "--sha256", "0" * 64], 1, "refused"),
        (["pypy", "--from", "missing\x1b"], 127, "missing\\x1b"),
    ],
)
def test_a_wrong_set_up_is_one_clear_line(
    place: Place, words: list[str], status: int, message: str
) -> None:
    result = place.shannot("setup", *words)
    assert result.returncode == status
    lines = [line for line in result.stderr.decode().splitlines() if "downloading" not in line]
    assert len(lines) == 1
    assert message in lines[0]
    assert b"Traceback" not in result.stderr


def test_the_public_release_is_what_is_asked_for_without_a_source(place: Place) -> None:
    place.environment["no_proxy"] = ""
    place.environment["https_proxy"] = "http://127.0.0.1:1"
    result = place.shannot("setup", "pypy")
    known = RELEASES.get((sys.platform, os.uname().machine))
    if known is None:
        assert result.returncode == 2
        assert b"there is no public release" in result.stderr
        return
    assert result.returncode == 1
    lines = result.stderr.decode().splitlines()
    assert lines[0] == f"shannot: downloading {known.program.url}"
    assert lines[1] == (
        f"shannot: cannot download {known.program.url}: Connection refused;"
        " `shannot help pypy` says how to do without a network"
    )


def test_the_topic_names_what_to_fetch_for_every_platform(place: Place) -> None:
    text = place.shannot("help", "pypy").stdout.decode()
    for release in RELEASES.values():
        for archive in (release.program, release.library):
            assert f"    {archive.url}\n        {archive.sha256}\n" in text + "\n"


def test_an_interrupted_download_is_quiet_and_goes_on(place: Place, server: Server) -> None:
    data, library = pypys.program_archive(), str(archives(place) / "library.tar.bz2")
    server.routes["/p.tar.gz"] = web_server.stalling(data, 100)
    url = f"{server.address}/p.tar.gz"
    words = ["setup", "pypy", "--from", url, "--sha256", pypys.digest(data), "--from", library]
    # A shell that runs the tests in its background has them ignore the signal.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from shannot.cli.main import program; program()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        env=place.environment,
        cwd=place.project,
        stderr=subprocess.PIPE,
    )
    part = place.state / "shannot" / "runtime" / "download" / pypys.digest(data)
    while not (part.exists() and part.stat().st_size == 100):
        assert process.poll() is None
    told = b""
    for _ in range(10):
        # Again, as a person would: Python looks for a signal before it waits, and one that comes
        # in the moment between is only seen when the wait is over.
        process.send_signal(signal.SIGINT)
        try:
            _, told = process.communicate(timeout=3)
            break
        except subprocess.TimeoutExpired:
            continue
    assert process.returncode == 130
    assert told == f"shannot: downloading {url}\n".encode()
    server.routes["/p.tar.gz"] = web_server.ranged(data)
    result = place.shannot(*words)
    assert result.returncode == 0, result.stderr
    assert server.asked[-1] == ("/p.tar.gz", "bytes=100-")


def test_two_processes_at_once_give_one_installation(place: Place) -> None:
    words = ["setup", "pypy", "--json", "--from", str(archives(place))]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "shannot", *words],
            env=place.environment,
            cwd=place.project,
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    documents = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    actions = sorted(document["result"]["action"] for document in documents)
    assert actions == ["installed", "present", "present"]


def test_progress_is_for_people_who_wait(place: Place, server: Server) -> None:
    """Nothing in the first second, nothing in a pipe; drawn over itself on a terminal."""
    data = pypys.program_archive()
    library = str(archives(place) / "library.tar.bz2")
    server.routes["/p.tar.gz"] = web_server.paced(data, seconds=1.5)
    words = ["setup", "pypy", "--from", f"{server.address}/p.tar.gz"]
    words += ["--sha256", pypys.digest(data), "--from", library]
    status, shown = place.at_terminal(*words, keys=b"")
    assert status == 0, shown
    assert "\r\x1b[Kdownloading p.tar.gz: " in shown
    assert shown.rpartition("\x1b[K")[2].lstrip().startswith("shannot: installed")
    result = place.shannot(*words, "--force")
    assert b"\r" not in result.stderr
