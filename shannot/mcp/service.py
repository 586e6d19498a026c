"""What each method of the protocol does. Counterpart: `server.py`, which reads and writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shannot.errors import ShannotError

from . import prompts, resources, text
from .program import CommandError
from .revisions import (
    CAPABILITIES,
    HANDSHAKE,
    INSTRUCTIONS,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    RESOURCE_NOT_FOUND,
    SERVER,
    SUPPORTED,
    UNSUPPORTED_VERSION,
    ProtocolError,
    check_envelope,
    finished,
    is_enveloped,
)
from .schema import problem
from .tools import tools

if TYPE_CHECKING:
    from collections.abc import Callable

    from .messages import Request
    from .offer import Offer
    from .program import Call
    from .revisions import Json, Object


class Service:
    """One connection: its era is decided by the first request that is admitted, once."""

    def __init__(self, offer: Offer) -> None:
        self.stateless: bool | None = None  # None: nothing was admitted yet
        self.initialized = False
        self.tools = tools(offer)
        self._methods: dict[str, Callable[[Call, Object], Object]] = {
            "tools/list": lambda _call, params: _page(params, "tools", self._listed()),
            "tools/call": self._call_tool,
            "resources/list": lambda call, params: _page(
                params, "resources", resources.listed(call)
            ),
            "resources/templates/list": lambda _call, params: _page(
                params, "resourceTemplates", resources.TEMPLATES
            ),
            "resources/read": self._read_resource,
            "prompts/list": lambda _call, params: _page(params, "prompts", prompts.listed()),
            "prompts/get": lambda _call, params: prompts.get(
                params.get("name"), params.get("arguments")
            ),
        }

    def admit(self, request: Request) -> None:
        """Decide the era, and whether the request belongs to it; in the order of arrival.

        Raises ProtocolError.
        """
        enveloped = request.method != "initialize" and is_enveloped(request.params)
        if self.stateless or (self.stateless is None and enveloped):
            if request.method == "initialize":
                raise ProtocolError(
                    UNSUPPORTED_VERSION,
                    "this connection has no handshake",
                    {"supported": list(SUPPORTED), "requested": "initialize"},
                )
            check_envelope(request.params)
            self.stateless = True  # only now: after a refusal the client may begin otherwise
            return
        self.stateless = False
        if enveloped:
            raise ProtocolError(INVALID_REQUEST, "this connection began with a handshake")
        if request.method == "initialize":
            if self.initialized:
                raise ProtocolError(INVALID_REQUEST, "initialized already")
            _revision(request.params)
            self.initialized = True
        elif not self.initialized and request.method != "ping":
            raise ProtocolError(INVALID_REQUEST, "not initialized")

    def answer(self, request: Request, call: Call) -> Object:
        """The result. Raises ProtocolError, CancelledError."""
        if self.stateless:
            if request.method == "server/discover":
                result: Object = {
                    "supportedVersions": list(SUPPORTED),
                    "capabilities": CAPABILITIES,
                    "instructions": INSTRUCTIONS,
                }
            else:
                result = self._method(request.method)(call, request.params)
            return finished(request.method, result)
        if request.method == "initialize":
            return _initialize(request.params)
        if request.method == "ping":
            return {}
        return self._method(request.method)(call, request.params)

    def _method(self, name: str) -> Callable[[Call, Object], Object]:
        found = self._methods.get(name)
        if found is None:
            raise ProtocolError(METHOD_NOT_FOUND, f"no such method: {name}")
        return found

    def _listed(self) -> list[Json]:
        return [tool.listed() for tool in self.tools.values()]

    def _call_tool(self, call: Call, params: Object) -> Object:
        name = params.get("name")
        tool = self.tools.get(name) if isinstance(name, str) else None
        if tool is None:
            raise ProtocolError(INVALID_PARAMS, "no such tool")
        arguments = params.get("arguments")
        arguments = {} if arguments is None else arguments
        wrong = problem(arguments, tool.input)
        if wrong is not None or not isinstance(arguments, dict):
            return _failed(wrong or "arguments: not of type object")
        try:
            result = tool.work(call, arguments)
        except (CommandError, ShannotError) as error:  # the latter: of a document that came
            return _failed(text.shown(str(error)))
        return {
            "content": [{"type": "text", "text": json.dumps(result, indent=1)}],
            "structuredContent": result,
            "isError": False,
        }

    def _read_resource(self, call: Call, params: Object) -> Object:
        uri = params.get("uri")
        if not isinstance(uri, str):
            raise ProtocolError(INVALID_PARAMS, "uri is missing")
        try:
            found = resources.read(call, uri)
        except CommandError as error:
            raise ProtocolError(INVALID_PARAMS, str(error)) from None
        if found is None:
            code = INVALID_PARAMS if self.stateless else RESOURCE_NOT_FOUND
            raise ProtocolError(code, "no such resource", {"uri": uri})
        return found


def _revision(params: Object) -> str:
    asked = params.get("protocolVersion")
    if not isinstance(asked, str):
        raise ProtocolError(INVALID_PARAMS, "protocolVersion is missing")
    return asked if asked in HANDSHAKE else HANDSHAKE[-1]


def _initialize(params: Object) -> Object:
    return {
        "protocolVersion": _revision(params),
        "capabilities": CAPABILITIES,
        "serverInfo": SERVER,
        "instructions": INSTRUCTIONS,
    }


def _page(params: Object, name: str, items: list[Json]) -> Object:
    """All of a list: it is short. A cursor can only be one that we never gave."""
    if params.get("cursor") is not None:
        raise ProtocolError(INVALID_PARAMS, "no such cursor")
    return {name: items}


def _failed(why: str) -> Object:
    """An error of the tool, which the agent reads and may mend."""
    return {"content": [{"type": "text", "text": why}], "isError": True}
