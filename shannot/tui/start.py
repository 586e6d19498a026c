"""`shannot approve` without a session's name: the screen, from the first row to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.tui.app import App, run
from shannot.tui.desk import Desk
from shannot.tui.list_view import ListView
from shannot.tui.terminal import Terminal

if TYPE_CHECKING:
    from shannot.sessions.store import Store
    from shannot.workflows.request import Caller


def open_screen(store: Store, caller: Caller, terminal_name: str, session_id: str = "") -> None:
    """Until the person leaves. Where one session waits, or one is named, it is open at once.

    RefusedError where there is no terminal.
    """
    desk = Desk(store, caller, terminal_name)
    with Terminal(caller.environment) as terminal:
        app = App(terminal.pressed, terminal.forget_keys)
        listing = ListView(desk)
        app.push(listing)
        only = session_id or listing.only_one()
        if only:
            listing.open(only, app)
        try:
            run(app, terminal)
        except EOFError:
            pass  # the terminal is gone: nobody is there to decide
        finally:
            app.leave()
