"""The server on stdio: reads messages, answers each request on a thread of its own.

Only this module writes to the protocol's stream, one whole line at a time. The process's own
descriptor 1 leads to stderr meanwhile, so that nothing printed by mistake can get there.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from . import messages
from .program import Call, CancelledError
from .revisions import BUSY, INTERNAL_ERROR, INVALID_REQUEST, ProtocolError
from .service import Service

if TYPE_CHECKING:
    from typing import BinaryIO

    from .messages import Request, RequestId
    from .offer import Offer
    from .revisions import Json, Object

REQUESTS_MAX = 32
"""Requests under way at once; more are refused."""
QUICK = frozenset(
    {
        "initialize",
        "ping",
        "server/discover",
        "tools/list",
        "resources/templates/list",
        "prompts/list",
        "prompts/get",
    }
)
"""What is answered at once, in order, without a thread."""
_PATIENCE = 1.0
"""Seconds in which requests under way may still be answered when there is nothing more to read."""
_FAREWELL = 10.0
"""Seconds that those get to end which are cancelled then."""


def serve_stdio(offer: Offer) -> None:
    """Serve on descriptors 0 and 1 until the client closes them."""
    sys.stdout.flush()
    answers = os.dup(1)
    os.dup2(2, 1)
    with open(answers, "wb", buffering=0) as writer, open(0, "rb", closefd=False) as reader:
        Server(offer, reader, writer).run()


class Server:
    """One client."""

    def __init__(self, offer: Offer, reader: BinaryIO, writer: BinaryIO) -> None:
        self._service = Service(offer)
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()
        self._calls: dict[RequestId, tuple[Call, threading.Thread]] = {}
        self._gone = False

    def run(self) -> None:
        """Until the end of the stream; what is under way then is cancelled."""
        try:
            while self._one():
                pass
        finally:
            self._leave()

    def _one(self) -> bool:
        """Take one line. False: there is none."""
        try:
            line = messages.read_line(self._reader)
        except ProtocolError as error:
            self._send(messages.refusal(None, error))
            return True
        if line is None:
            return False
        if not line:
            return not self._gone
        try:
            message = messages.parse(line)
            if message is not None:
                self._take(message)
        except ProtocolError as error:
            self._send(messages.refusal(messages.id_of(line), error))
        return not self._gone

    def _take(self, message: Request) -> None:
        if message.id is None:
            if message.method == "notifications/cancelled":
                self._cancel(message.params.get("requestId"))
            return  # others tell us nothing
        if message.id in self._calls:
            raise ProtocolError(INVALID_REQUEST, "this id is in use")
        self._service.admit(message)
        if len(self._calls) >= REQUESTS_MAX:
            raise ProtocolError(BUSY, f"{REQUESTS_MAX} requests are under way; wait for one")
        call = Call(self._progress_of(message.params))
        if message.method in QUICK:
            self._work(message, call)
            return
        thread = threading.Thread(target=self._work, args=(message, call), daemon=True)
        self._calls[message.id] = (call, thread)
        thread.start()

    def _work(self, request: Request, call: Call) -> None:
        """On the request's thread. A cancelled request gets no answer."""
        try:
            response = messages.answer(request.id, self._service.answer(request, call))
        except CancelledError:
            response = b""
        except ProtocolError as error:
            response = messages.refusal(request.id, error)
        except Exception as fault:  # noqa: BLE001 - the boundary: our own fault ends one call
            kind = type(fault).__name__  # never its text, which may hold anything
            response = messages.refusal(
                request.id, ProtocolError(INTERNAL_ERROR, f"a mistake in shannot: {kind}")
            )
        if request.id is not None:
            self._calls.pop(request.id, None)
        if response and not call.cancelled.is_set():
            self._send(response)

    def _cancel(self, request_id: Json) -> None:
        found = self._calls.get(request_id) if isinstance(request_id, str | int) else None
        if found is not None:
            found[0].cancelled.set()

    def _progress_of(self, params: Object) -> _Progress | None:
        meta = params.get("_meta")
        token = meta.get("progressToken") if isinstance(meta, dict) else None
        return _Progress(self, token) if messages.is_id(token) else None

    def send_progress(self, token: Json, progress: float, message: str) -> None:
        """Tell how a request goes."""
        params = {"progressToken": token, "progress": progress, "message": message}
        self._send(messages.notification("notifications/progress", params))

    def _send(self, line: bytes) -> None:
        with self._lock:
            view = memoryview(line)
            try:
                while view:
                    view = view[self._writer.write(view) :]
            except OSError:
                self._gone = True  # nobody reads any more

    def _leave(self) -> None:
        under_way = list(self._calls.values())
        patience = time.monotonic() + _PATIENCE
        for _, thread in under_way:  # what was asked in a pipeline is answered
            thread.join(max(0.0, patience - time.monotonic()))
        for call, _ in under_way:
            call.cancelled.set()
        for _, thread in under_way:
            thread.join(_FAREWELL)


class _Progress:
    """How one request's progress reaches the client."""

    __slots__ = ("_server", "_token")

    def __init__(self, server: Server, token: Json) -> None:
        self._server = server
        self._token = token

    def __call__(self, progress: float, message: str) -> None:
        self._server.send_progress(self._token, progress, message)
