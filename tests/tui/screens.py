"""The screen without a terminal: an application over a store, keys in, rows out."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

from shannot.tui.app import App
from shannot.tui.cells import Line, text_of
from shannot.tui.desk import Desk
from shannot.tui.list_view import ListView
from shannot.workflows.request import Caller
from tests.sessions.worlds import World

SIZE = (80, 24)


class Reviewer:
    """A person before a screen of this size."""

    def __init__(self, world: World, size: tuple[int, int] = SIZE) -> None:
        home = world.tree.parent / "home"
        home.mkdir(exist_ok=True)
        environment = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
        caller = Caller(environment, "/", sys.executable, os.getuid(), "/nonexistent/c.toml")
        self.desk = Desk(world.store, caller, "/dev/pts/7")
        self.app = App()
        self.size = size
        self.list = ListView(self.desk)
        self.app.push(self.list)
        only = self.list.only_one()
        if only:
            self.list.open(only, self.app)
        self.rows()

    def rows(self) -> list[Line]:
        """What the screen shows now."""
        return self.app.frame(*self.size)

    def shown(self) -> list[str]:
        """The same as text, without the blanks at the right."""
        return [text_of(row).rstrip() for row in self.rows()]

    def text(self) -> str:
        return "\n".join(self.shown())

    def press(self, *keys: str) -> str:
        """Press keys, the screen being painted after each. What it shows then."""
        for key in keys:
            self.app.press(key)
            if self.app.views:
                self.rows()
        return self.text() if self.app.views else ""

    def type(self, text: str) -> str:
        return self.press(*("space" if c == " " else c for c in text), "enter")

    def work(self) -> str:
        """Let what was begun come to its end."""
        while self.app.heard():
            select.select(self.app.heard(), [], [], 60)
            self.app.wake()
            self.rows()
        return self.text()

    def whole(self) -> str:
        """Everything from the first line to the last, page by page."""
        pages = [self.press("g")]
        for _ in range(10_000):
            before = self.app.views[-1].rows(self.size[0], self.size[1] - 2)
            pages.append(self.press("space"))
            if self.app.views[-1].rows(self.size[0], self.size[1] - 2) == before:
                break
        return "\n".join(pages)


def furnished(base: Path) -> World:
    """A world with a file, and a recorder's plan of three kinds of effects in it, pending."""
    world = World(base)
    for root in (world.tree, world.native):
        (root / "app.conf").write_text("".join(f"line {n}\n" for n in range(40)))
        (root / "app.conf").chmod(0o644)
        (root / "old").write_text("gone\n")
    recorder = world.recorder()
    lines = [f"line {n}\n" for n in range(40)]
    lines[20] = "line twenty\n"
    recorder.write("app.conf", "".join(lines).encode())
    recorder.delete("old")
    recorder.run("sh", "-c", "cat app.conf | tail -n 1; echo careful >&2", stdin=b"given\n")
    world.recorded(recorder)
    return world
