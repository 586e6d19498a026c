"""The server as a real process, and a client that says exactly what a test wants said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.cli.places import Place

Message = dict[str, Any]


class RawClient:
    """Writes lines and reads lines; knows nothing of the protocol."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._id = 0

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def send(self, message: object) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    def read(self) -> Message:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), line
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def ask(self, method: str, params: object = None, request_id: object = None) -> int | object:
        """Send a request. Returns its id."""
        self._id += 1
        number = self._id if request_id is None else request_id
        message: Message = {"jsonrpc": "2.0", "id": number, "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)
        return number

    def request(self, method: str, params: object = None) -> Message:
        """Send a request and read what comes next, which must be its answer."""
        number = self.ask(method, params)
        answer = self.read()
        assert answer.get("id") == number, answer
        return answer

    def initialize(self, version: str = "2025-11-25") -> Message:
        answer = self.request(
            "initialize",
            {
                "protocolVersion": version,
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        )
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer

    def call(self, tool: str, **arguments: object) -> Message:
        """Call a tool. Returns its result."""
        return self.request("tools/call", {"name": tool, "arguments": arguments})["result"]

    def close(self) -> tuple[int, bytes]:
        """End the stream. Returns exit status and what is left on it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        rest = self.process.stdout.read()
        return self.process.wait(30), rest


@contextmanager
def served(place: Place, *options: str) -> Iterator[RawClient]:
    """`shannot mcp` in the place's project."""
    with subprocess.Popen(
        [sys.executable, "-m", "shannot", "mcp", *options],
        env=place.environment,
        cwd=place.project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield RawClient(process)
        finally:
            process.kill()


def enveloped(**params: object) -> Mapping[str, object]:
    """Parameters as revisions without a handshake have them."""
    return {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
        **params,
    }
