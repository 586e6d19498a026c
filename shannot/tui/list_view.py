"""The sessions, the newest first, and where each stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shannot.errors import ShannotError
from shannot.tui.cells import Span, spans
from shannot.tui.head_rows import moment
from shannot.tui.pager import Pager
from shannot.tui.rows import Row
from shannot.tui.session_view import SessionView
from shannot.tui.view import MOVING, PagerView

if TYPE_CHECKING:
    from shannot.sessions.model import Summary
    from shannot.tui.desk import Desk
    from shannot.tui.view import Asks
    from shannot.workflows.review import Listing

_WAITING = ("pending", "approved", "executing", "failed", "rolling-back")
_STATE = 12  # columns of the longest state


class ListView(PagerView):
    """Those that wait, or all of them. Each is one line, and what cannot be read is one as well."""

    __slots__ = ("_all", "_desk", "_lines", "_listing")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._all = False
        self._listing: Listing = desk.listing()
        self._lines: list[Summary | str] = []
        self._sort()
        super().__init__(Pager(1, lambda _: self))

    def _sort(self) -> None:
        sessions = [s for s in self._listing.sessions if self._all or s.state in _WAITING]
        self._lines = [*reversed(sessions), *self._listing.broken]

    # -- the block -------------------------------------------------------------------------------

    @property
    def is_folded(self) -> bool:
        return False

    def __len__(self) -> int:
        return max(1, len(self._lines))

    def row(self, index: int) -> Row:
        if not self._lines:
            text = "no session" if self._all else "nothing waits; `shannot run SCRIPT` begins"
            return Row((Span(text, "dim"),))
        summary = self._lines[index]
        if isinstance(summary, str):
            return Row(spans(summary, "danger"), (Span("! ", "danger"),))
        style = "strong" if summary.state == "pending" else "plain"
        gutter = (Span(f"{summary.state:<{_STATE}} ", style),)
        effects = f"{summary.effects} effect{'' if summary.effects == 1 else 's'}"
        incomplete = "" if summary.complete else ", incomplete"
        if summary.asking is not None and self._desk.is_live(summary.id):
            incomplete = f", the script waits for effect {summary.asking}"
        text = f"{summary.id}  {effects}{incomplete}  {summary.script}"
        text += f"  ({summary.user}@{summary.host} {summary.directory}, {moment(summary.created)})"
        return Row(spans(text, style), gutter, (Span(" " * _STATE + ":"),))

    # -- the view --------------------------------------------------------------------------------

    def only_one(self) -> str | None:
        """The session that waits, where there is just one."""
        return self._lines[0].id if len(self._lines) == 1 and not isinstance(
            self._lines[0], str
        ) else None  # fmt: skip

    def title(self) -> str:
        return "shannot: all sessions" if self._all else "shannot: sessions that wait"

    def place(self) -> str:
        other = len(self._listing.sessions) + len(self._listing.broken) - len(self._lines)
        more = f", {other} more (A)" if other else ""
        return f"{len(self._lines)}{more}"

    def hint(self) -> str:
        return "enter open  A all or waiting  / search  ? help  q leave"

    def key_list(self) -> Sequence[tuple[str, str]]:
        return (
            ("Enter, l", "open the session"),
            ("A", "all sessions, or those that wait"),
            ("R, Ctrl-L", "look again"),
            *MOVING,
        )

    def press(self, key: str, asks: Asks) -> None:
        match key:
            case "enter" | "o":
                self._open(asks)
            case "A":
                self._all = not self._all
                self._sort()
                self.pager.rearranged()
                self.pager.home()
            case "R" | "ctrl-l":
                self.wake(asks)
            case _:
                super().press(key, asks)

    def wake(self, asks: Asks) -> None:
        """Look again: something may have been decided."""
        try:
            self._listing = self._desk.listing()
        except ShannotError as error:
            asks.say(str(error), "danger")
            return
        self._sort()
        self.pager.rearranged()

    def _open(self, asks: Asks) -> None:
        index = self.pager.cursor[1]
        summary = self._lines[index] if self._lines else ""
        if isinstance(summary, str):
            asks.say("there is no session to open")
            return
        self.open(summary.id, asks)

    def open(self, session_id: str, asks: Asks) -> None:
        """Show one session."""
        try:
            review = self._desk.review(session_id)
        except ShannotError as error:
            asks.say(str(error), "danger")
            return
        asks.push(SessionView(self._desk, review))
