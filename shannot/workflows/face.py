"""The person who is asked while a script waits, as the workflows see one (`live.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shannot.sessions.store import Store
    from shannot.workflows.review import Review

    Gone = Callable[[float], bool]
    """Has the script ended, or does it within so many seconds?"""

Answer = Literal["yes", "no", "always", "quit", "gone"]


class Face(Protocol):
    """The person, as far as this knows."""

    def say(self, line: str) -> None:
        """A fact, at once."""

    def where(self) -> str:
        """The terminal that answers come from."""

    def ask(
        self, store: Store, shown: Review, numbers: Sequence[int], complaint: str, gone: Gone
    ) -> Answer:
        """Show these effects of the session, the last one being the command, and ask.

        complaint: why what was answered before could not be done. RefusedError: nobody is there.
        """
