"""The screen at a real terminal: the whole program, keys as a keyboard sends them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.places import ROOT, Place
from tests.fakes.terminals import PATIENCE, Person

pyte = pytest.importorskip("pyte", reason="the terminal emulator that is the oracle here")


class Watched(Person):
    """A person, and the screen that the terminal makes of what comes."""

    def __init__(self, place: Place, *words: str, size: tuple[int, int] = (80, 24)) -> None:
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.modes: set[int] = set()
        argv = [sys.executable, "-m", "shannot", *words]
        super().__init__(argv, place.environment, place.project, size)

    def read(self, seconds: float) -> bool:
        before = len(self.shown)
        alive = super().read(seconds)
        self.stream.feed(self.shown[before:])
        return alive

    def see(self, text: str) -> str:
        """Wait until the screen shows this. All that it shows then."""
        end = time.monotonic() + PATIENCE
        while text not in (shown := "\n".join(self.screen.display)):
            if time.monotonic() > end or not self.read(0.2):
                raise AssertionError(f"{text!r} never came:\n{shown}")
        return shown

    def gone(self, text: str) -> None:
        """Wait until the screen does not show this any more."""
        end = time.monotonic() + PATIENCE
        while text in (shown := "\n".join(self.screen.display)):
            if time.monotonic() > end or not self.read(0.2):
                raise AssertionError(f"{text!r} stayed:\n{shown}")


@contextmanager
def watched(place: Place, *words: str, size: tuple[int, int] = (80, 24)) -> Iterator[Watched]:
    someone = Watched(place, *words, size=size)
    try:
        yield someone
    finally:
        someone.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def example(place: Place) -> Place:
    """The README's example, with a service that can be reloaded."""
    shutil.copytree(ROOT / "examples", place.project / "examples")
    return place


def test_from_the_readmes_example_to_executed_in_five_keys_seeing_every_effect(
    example: Place,
) -> None:
    command = ("run", "--review", "examples/reload_service.py")
    with watched(example, *command) as someone:
        seen = someone.see("x approve+execute")
        keys = 0
        while "end of the plan" not in seen:
            before = someone.screen.display
            someone.press(b" ")
            keys += 1
            while someone.screen.display == before:
                assert someone.read(PATIENCE)
            someone.see("approve+execute")
            seen += "\n" + "\n".join(someone.screen.display)
        for effect in ("+ | workers = 8", "+ | # Settings of the web", "systemctl reload app"):
            assert effect in seen
        someone.press(b"x")
        asked = someone.see("y approve and execute")
        assert "not looked at" not in asked
        someone.press(b"y")
        someone.see("back to the session")
        keys += 2
        assert keys <= 5
    data = example.project / "examples/data"
    assert "workers = 8" in (data / "app.conf").read_text()
    assert (data / "app.conf.bak").exists()


def test_the_terminal_is_as_it_was_after_every_way_out(place: Place) -> None:
    place.session()
    for keys in (b"qq", b"\x03", None):
        with watched(place, "approve") as someone:
            someone.see("approve+execute")
            assert b"\x1b[?1049h" in someone.shown
            if keys is None:
                os.kill(someone.pid, signal.SIGTERM)
            else:
                someone.press(keys)
            assert someone.wait() == (143 if keys is None else 0)
            assert someone.shown.endswith(b"\x1b[?7h\x1b[?25h\x1b[?1049l")


def test_a_terminal_that_is_closed_ends_it_and_decides_nothing(place: Place) -> None:
    session = place.session()
    with watched(place, "approve") as someone:
        someone.see("approve+execute")
        someone.press(b"x")
        someone.see("y approve and execute")
        someone.hang_up()
        end = time.monotonic() + PATIENCE
        while os.waitpid(someone.pid, os.WNOHANG) == (0, 0):
            assert time.monotonic() < end
            time.sleep(0.02)
        someone.status = 0
    assert b'"pending"' in place.shannot("show", "--json", session).stdout


def test_it_follows_the_size_of_the_terminal(place: Place) -> None:
    place.session()
    with watched(place, "approve") as someone:
        someone.see("approve+execute")
        for columns, lines in ((40, 12), (150, 30), (80, 24)):
            someone.screen.resize(lines, columns)
            someone.resize(columns, lines)
            end = time.monotonic() + PATIENCE
            while not someone.screen.display[-1].startswith("space page"):
                assert time.monotonic() < end
                someone.read(0.2)
            assert someone.screen.display[0].strip()


def test_no_color_leaves_no_colour_and_loses_no_sign(place: Place) -> None:
    place.session()
    place.environment["NO_COLOR"] = "1"
    with watched(place, "approve") as someone:
        text = someone.see("approve+execute")
        cells = [cell for row in someone.screen.buffer.values() for cell in row.values()]
        assert {(cell.fg, cell.bg) for cell in cells} == {("default", "default")}
        assert "- | port = 80" in text
        assert "+ | port = 81\\x1b[31m" in text


def test_a_dumb_terminal_gets_plain_questions(place: Place) -> None:
    session = place.session()
    place.environment["TERM"] = "dumb"
    with watched(place, "approve") as someone:
        someone.expect(b"Enter to leave: ")
        assert session.encode() in someone.shown
        someone.press(b"1\n")
        someone.expect(b"[b]ack: ")
        someone.press(b"s\n")
        someone.expect(b"+port = 81\\x1b[31m")
        someone.expect(b"[b]ack: ")
        someone.press(b"x\n")
        someone.expect(b"[y/N] ")
        someone.press(b"y\n")
        someone.expect(b"executed")
        someone.expect(b"[b]ack: ")
        someone.press(b"b\n")
        someone.expect(b"nothing waits")
        someone.expect(b"Enter to leave: ")
        someone.press(b"\n")
        assert someone.wait() == 0
        assert b"\x1b" not in someone.shown
    assert not (place.project / "left\u202eover").exists()


def test_plain_questions_offer_what_a_session_can_still_have_done(place: Place) -> None:
    first, second = sorted(place.session() for _ in range(2))
    place.environment["TERM"] = "dumb"
    with watched(place, "approve") as someone:
        for nonsense in (b"9\n", b"x\x1b[2J\n"):
            someone.expect(b"Enter to leave: ")
            someone.press(nonsense)
            someone.expect(b"there is no session ")
        someone.expect(b"Enter to leave: ")
        someone.press(b"1\n")
        someone.expect(f"{first} is pending".encode())
        someone.expect(b"[b]ack: ")
        someone.press(b"t\n")
        someone.expect(b"1 | ")
        someone.expect(b"[b]ack: ")
        someone.press(b"x\n")
        someone.expect(b"[y/N] ")
        someone.press(b"y\n")
        someone.expect(f"{first} is executed".encode())
        someone.expect(b"[s]how it, [t]ext of the script, [u]ndo what was done, [b]ack: ")
        someone.press(b"u\n")
        someone.expect(b"Put this back now? [y/N] ")
        someone.press(b"y\n")
        someone.expect(f"{first} is rolled-back".encode())
        someone.expect(b"[s]how it, [t]ext of the script, [b]ack: ")
        someone.press(b"b\n")
        someone.expect(b"Enter to leave: ")
        someone.press(b"1\n")
        someone.expect(f"{second} is pending".encode())
        someone.expect(b"[b]ack: ")
        someone.press(b"r\n")
        someone.expect(b"Why? ")
        someone.press(b"no\n")
        someone.expect(f"{second} is rejected".encode())
        someone.expect(b"[b]ack: ")
        someone.press(b"b\n")
        someone.expect(b"nothing waits")
        someone.expect(b"Enter to leave: ")
        someone.press(b"a\n")
        someone.expect(b"rolled-back")
        someone.expect(b"Enter to leave: ")
        someone.press(b"\n")
        assert someone.wait() == 0
        assert b"\x1b" not in someone.shown.replace(b"x^[[2J", b"")
    assert (place.project / "left\u202eover").exists()


def test_without_a_terminal_a_session_must_be_named(place: Place) -> None:
    place.session()
    result = place.shannot("approve")
    assert result.returncode == 2
    assert b"must be named" in result.stderr


def test_a_review_that_cannot_be_shown_is_told_before_the_script_runs(example: Place) -> None:
    result = example.shannot("run", "--review", "examples/reload_service.py")
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"needs a terminal" in result.stderr


def test_ctrl_c_stops_an_execution_and_it_can_go_on(place: Place) -> None:
    config = place.home / ".config/shannot"
    config.mkdir(parents=True)
    (config / "config.toml").write_text('[profiles.default]\nask = ["sh"]\n')
    session = place.session((("sh", "-c", "echo begun; sleep 600"),))
    with watched(place, "approve") as someone:
        someone.see("approve+execute")
        someone.press(b"x")
        someone.see("y approve and execute")
        someone.press(b"y")
        someone.see("  out | begun")
        someone.press(b"\x03")
        someone.see("executing: 2 done, 1 not")  # the end: until then the keys are the execution's
        someone.press(b"q")
        someone.gone("executing: 2 done, 1 not")
        someone.press(b"x")
        someone.see("was interrupted")
        someone.press(b"S")
        someone.see("executed: ")
    shown = json.loads(place.shannot("show", "--json", session).stdout)["result"]
    assert shown["state"] == "executed"


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_a_stop_from_outside_gives_the_terminal_back_and_takes_it_again(
    place: Place, number: signal.Signals
) -> None:
    place.session()
    with watched(place, "approve") as someone:
        before = termios.tcgetattr(someone.fd)
        someone.see("approve+execute")
        seen = len(someone.shown)
        os.kill(someone.pid, number)
        if number == signal.SIGSTOP:  # the other does not stop whom no shell could continue
            assert os.WIFSTOPPED(os.waitpid(someone.pid, os.WUNTRACED)[1])
            termios.tcsetattr(someone.fd, termios.TCSANOW, before)  # as a shell does
            os.kill(someone.pid, signal.SIGCONT)
        end = time.monotonic() + PATIENCE
        while b"\x1b[?1049h" not in someone.shown[seen:]:
            assert time.monotonic() < end
            someone.read(0.2)
        given_back = b"\x1b[?25h\x1b[?1049l" in someone.shown[seen:]
        assert given_back == (number == signal.SIGTSTP)
        someone.see("approve+execute")
        someone.press(b"\x03")
        assert someone.wait() == 0
        assert termios.tcgetattr(someone.fd) == before


def test_a_quit_signal_leaves_the_terminal_as_it_was(place: Place) -> None:
    place.session()
    with watched(place, "approve") as someone:
        before = termios.tcgetattr(someone.fd)
        someone.see("approve+execute")
        os.kill(someone.pid, signal.SIGQUIT)
        assert someone.wait() == 128 + signal.SIGQUIT
        assert termios.tcgetattr(someone.fd) == before
