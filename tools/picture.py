"""Makes docs/review.svg, the picture of the review screen: `python3 tools/picture.py`.

The real program runs an example and opens its review on a pseudo-terminal; what that shows is
drawn. What differs from run to run (the session's id, the time, user, machine, directory) is
replaced by fixed words. Needs pyte, the terminal emulator of the tests.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Mapping
from html import escape
from pathlib import Path

import pyte

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "review.svg"
COLUMNS, ROWS = 96, 38
_HOME = "/home/me/shannot"
_STILL = 0.3  # seconds without a change, after which a screen is whole
_WAIT = 30.0
_WIDTH, _HEIGHT, _SIZE = 8.4, 18, 14  # of one character, in pixels
_COLOURS = {
    "default": "#d8dee9", "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b",
    "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#ffffff",
    "black": "#1e222a",
}  # fmt: skip
_FIXED = (
    (r"\d{8}-\d{6}-reload-service-[0-9a-f]{4}", "20261124-141503-reload-service-7f3a"),
    (r"(ran +)\S+ \S+ \S+ as \S+ in", r"\g<1>2026-11-24 14:15:03 +0000 as me@web1 in"),
    (r"\b[0-9a-f]{64}\b", "0123456789abcdef" * 4),
)


def screen() -> pyte.Screen:
    """What the program shows of the example's session."""
    # As long as the directory that is shown, so that nothing is moved by its replacement.
    base = Path(tempfile.mkdtemp(prefix="s", dir="/tmp"))
    home = base / ("x" * (len(_HOME) - len(str(base)) - 1))
    try:
        shutil.copytree(ROOT / "examples", home / "examples")
        environment = {
            "HOME": str(base), "XDG_STATE_HOME": f"{base}/s", "XDG_CONFIG_HOME": f"{base}/c",
            "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }  # fmt: skip
        program = [sys.executable, "-m", "shannot"]
        subprocess.run(
            [*program, "run", "examples/reload_service.py"],
            env=environment, cwd=home, check=True, capture_output=True,
        )  # fmt: skip
        found = _shown([*program, "approve"], environment, home)
        _fix(found, str(home))
        return found
    finally:
        shutil.rmtree(base)


def _shown(argv: list[str], environment: Mapping[str, str], directory: Path) -> pyte.Screen:
    found = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(found)
    pid, master = pty.fork()
    if pid == 0:
        try:
            os.chdir(directory)
            time.sleep(0.1)  # until the size is set
            os.execve(argv[0], argv, dict(environment))
        finally:
            os._exit(99)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        if select.select([master], [], [], _STILL)[0]:
            stream.feed(os.read(master, 1 << 16))
        elif any("digest" in line for line in found.display):
            break
    os.write(master, b"q")
    while select.select([master], [], [], _STILL)[0]:
        try:
            if not os.read(master, 1 << 16):
                break
        except OSError:
            break
    os.close(master)
    os.waitpid(pid, 0)
    return found


def _fix(found: pyte.Screen, home: str) -> None:
    """Put fixed words in the place of what differs; the cells keep how they look."""
    for row, line in enumerate(found.display):
        fixed = line.replace(home, _HOME)
        for pattern, word in _FIXED:
            fixed = re.sub(pattern, word, fixed)
        for column, character in enumerate(fixed.rstrip().ljust(COLUMNS)[:COLUMNS]):
            cell = found.buffer[row][column]
            found.buffer[row][column] = cell._replace(data=character)


def drawn(found: pyte.Screen) -> str:
    """The screen as SVG."""
    width, height = round(COLUMNS * _WIDTH) + 24, ROWS * _HEIGHT + 24
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">',
        f'<rect width="{width}" height="{height}" rx="6" fill="{_COLOURS["black"]}"/>',
        f'<g font-family="monospace" font-size="{_SIZE}" xml:space="preserve">',
    ]
    for row in range(ROWS):
        lines += _row(found, row)
    return "\n".join([*lines, "</g>", "</svg>"]) + "\n"


def _row(found: pyte.Screen, row: int) -> list[str]:
    lines: list[str] = []
    column = 0
    while column < COLUMNS:
        cell = found.buffer[row][column]
        end = column
        while end < COLUMNS and found.buffer[row][end]._replace(data="") == cell._replace(data=""):
            end += 1
        text = "".join(found.buffer[row][place].data for place in range(column, end))
        x, y, width = f"{12 + column * _WIDTH:.1f}", 12 + row * _HEIGHT, (end - column) * _WIDTH
        box = f'x="{x}" y="{y}" width="{width:.1f}" height="{_HEIGHT}"'
        ink, ground = _COLOURS.get(cell.fg, "#d8dee9"), _COLOURS.get(cell.bg, "")
        if cell.reverse:
            ink, ground = _COLOURS["black"], _COLOURS["default"]
        if ground and (cell.reverse or cell.bg != "default"):
            lines.append(f'<rect {box} fill="{ground}"/>')
        if text.strip():
            weight = ' font-weight="bold"' if cell.bold else ""
            lines.append(
                f'<text x="{x}" y="{y + _SIZE}" fill="{ink}"{weight}'
                f' textLength="{width:.1f}">{escape(text)}</text>'
            )
        column = end
    return lines


def main() -> None:
    """Write it."""
    PICTURE.write_text(drawn(screen()), encoding="utf-8")


if __name__ == "__main__":
    main()
