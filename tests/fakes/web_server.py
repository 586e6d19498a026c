"""A web server on this machine that can be as bad as one wants."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Asks the server's routes."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Range") or ""))
        route = self.server.routes.get(self.path, missing)
        try:
            route(self)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client has had enough

    def head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Says nothing."""


Route = Callable[[Handler], None]


class Server(ThreadingHTTPServer):
    """Its routes by path, and what was asked for: (path, Range)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes: dict[str, Route] = {}
        self.asked: list[tuple[str, str]] = []
        self.closing = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that broke off is no event."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def missing(handler: Handler) -> None:
    handler.head(404, Content_Length="0")


def whole(data: bytes) -> Route:
    """A server that knows no ranges."""

    def route(handler: Handler) -> None:
        handler.head(200, Content_Length=str(len(data)))
        handler.wfile.write(data)

    return route


def ranged(data: bytes) -> Route:
    def route(handler: Handler) -> None:
        found = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
        if not found:
            return whole(data)(handler)
        start = int(found[1])
        if start >= len(data):
            return handler.head(416, Content_Range=f"bytes */{len(data)}", Content_Length="0")
        handler.head(
            206,
            Content_Length=str(len(data) - start),
            Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}",
        )
        handler.wfile.write(data[start:])
        return None

    return route


def in_turn(*routes: Route) -> Route:
    """One after the other; the last one for ever."""
    left = list(routes)

    def route(handler: Handler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return route


def cut_off(data: bytes, size: int) -> Route:
    """Promises everything, and closes after so many bytes."""

    def route(handler: Handler) -> None:
        handler.head(200, Content_Length=str(len(data)))
        handler.wfile.write(data[:size])

    return route


def stalling(data: bytes, size: int) -> Route:
    """Sends so many bytes and then nothing more, but does not close."""

    def route(handler: Handler) -> None:
        handler.head(200, Content_Length=str(len(data)))
        handler.wfile.write(data[:size])
        handler.wfile.flush()
        handler.server.closing.wait(30)

    return route


def dripping(data: bytes) -> Route:
    """One byte at a time, for ever."""

    def route(handler: Handler) -> None:
        handler.head(200, Content_Length=str(len(data)))
        for number in range(len(data)):
            handler.wfile.write(data[number : number + 1])
            handler.wfile.flush()
            if handler.server.closing.wait(0.02):
                return

    return route


def endless(handler: Handler) -> None:
    """Never says how much it is, and never ends."""
    handler.head(200)
    while not handler.server.closing.is_set():
        handler.wfile.write(bytes(1 << 16))


def redirect(to: str, status: int = 302) -> Route:
    def route(handler: Handler) -> None:
        handler.head(status, Location=to, Content_Length="0")

    return route


def chatty_redirect(to: str) -> Route:
    """With a body that never ends: nobody must read it."""

    def route(handler: Handler) -> None:
        handler.head(302, Location=to)
        while not handler.server.closing.is_set():
            handler.wfile.write(bytes(1 << 16))

    return route


def paced(data: bytes, seconds: float) -> Route:
    """Everything, evenly over so many seconds."""

    def route(handler: Handler) -> None:
        handler.head(200, Content_Length=str(len(data)))
        size = len(data) // 20 + 1
        for start in range(0, len(data), size):
            handler.wfile.write(data[start : start + size])
            handler.wfile.flush()
            handler.server.closing.wait(seconds / 20)

    return route
