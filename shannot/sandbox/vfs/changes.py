"""Changes: the difference between the layer and what was there at the last cut, as effects.

Theory of operation
-------------------
A cut has two sides: the *layer*, and the *base* (`base.py`), which is the host with all effects so
far applied. The *survey* (`survey.py`) walks over what the layer changed and finds what stood
elsewhere before. The *planner* (`order.py`) then goes from the top down and makes the base what
the layer is, one effect at a time (`expression.py`). Nothing is compared twice: what a cut made is
the base of the next one.

Contents are hashed and saved as blobs in one reading (`contents.py`). A file that the script is
still writing is taken as it is at the cut. What stands on the host is taken as it is at the cut as
well: if somebody else changed a file since the script looked at it, the effect says what is there
now, and the review shows the whole difference to that. But nothing goes that the script has not
seen: where another kind of thing stands now, or a directory that it removed holds a name that it
did not remove, no effect says what was meant. What cannot be read or expressed is left out of the
plan and named in `left_out`, and the plan is incomplete.

A file of the host with several names is one thing under those that the script has looked up, and,
once it was written, under all that stand where changes are effects (`other_names.py`). Moved,
linked and deleted it stays one; written, it is replaced under those names, with the number of the
others, and `execute` refuses it where there are any.

What a cut costs is linear in what the layer has changed since the start: about 6 microseconds a
name, and for a file with new contents 60 (tmpfs) to 230 (ext4), nearly all of it spent making the
blob's file.

Only loaded when something changed.
"""

from __future__ import annotations

from .base import Bases
from .contents import Contents
from .expression import DifferenceFound, Expression
from .fingerprints import Fingerprints
from .node import Directory, Node, is_clean
from .order import Planner
from .other_names import OtherNames
from .survey import Survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from shannot.effects.model import Effect
    from shannot.sandbox.spec import Blobs

    from .base import Base
    from .overlay import Overlay

_LEFT_OUT_MAX = 1000


class Cutter:
    """Cuts the changes of one run into pieces of the plan."""

    __slots__ = (
        "_bases", "_contents", "_mounts", "_other_names", "_overlay", "_prints", "_tops",
        "left_out",
    )  # fmt: skip

    def __init__(self, mounts: Sequence[Node], overlay: Overlay, blobs: Blobs) -> None:
        self._mounts = mounts
        self._overlay = overlay
        self._bases = Bases(overlay.hidden, overlay.covered)
        self._prints = Fingerprints(self._bases, blobs)
        self._contents = Contents(overlay, blobs)
        self._other_names = OtherNames(mounts, overlay)
        self._tops: dict[Node, tuple[Directory, Base]] = {}
        self.left_out: dict[bytes, str] = {}
        """Host paths of changes that are in no plan, at most 1000, and why."""

    def cut(self, last: bool = False) -> list[Effect]:
        """The effects since the last cut, in an order in which they can be done.

        last: no process of the script is left, and nothing of the layer is wanted afterwards.
        """
        return self._settle(only_ask=False, last=last)

    def pending(self) -> bool:
        """Would `cut` return anything? Cheap where something is new or gone, else as dear as a cut.

        The answer is not kept: the script writes natively, so only looking tells.
        """
        try:
            self._settle(only_ask=True)
        except DifferenceFound:
            return True
        return False

    def _settle(self, only_ask: bool, last: bool = False) -> list[Effect]:
        self._contents.begin(last)
        self._other_names.seek()
        tops = [self._top(mounted) for mounted in self._mounts if not is_clean(mounted)]
        survey = Survey(self._bases, self._overlay)
        if survey.look(tops, only_ask):
            raise DifferenceFound
        identity = self._overlay.identity
        express = Expression(self._bases, self._prints, self._contents, identity, only_ask)
        Planner(self._bases, survey, express, self._leave_out).run(tops)
        return express.effects

    def _top(self, mounted: Node) -> tuple[Directory, Base]:
        """A directory with nothing in it but what is mounted, and what that was."""
        if mounted not in self._tops:
            base, name = self._bases.anchor(mounted)
            directory = Directory(mounted.mount, base.mode, 0, base.uid, base.gid)
            directory.upper[name] = mounted
            self._tops[mounted] = (directory, base)
        return self._tops[mounted]

    def _leave_out(self, path: bytes, reason: str) -> None:
        if len(self.left_out) < _LEFT_OUT_MAX:
            self.left_out[path] = reason
