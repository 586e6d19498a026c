"""The protocol itself: revisions, errors, and what a bad or hurried client sends."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shannot.mcp import messages
from shannot.mcp.revisions import ProtocolError
from tests.cli.places import Place
from tests.mcp.peers import enveloped, served

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("asked", "given_back"),
    [("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25")],
)
def test_the_revision_is_negotiated(place: Place, asked: str, given_back: str) -> None:
    with served(place) as client:
        result = client.initialize(asked)["result"]
        assert result["protocolVersion"] == given_back
        assert set(result["capabilities"]) == {"tools", "resources", "prompts"}
        assert client.request("ping")["result"] == {}
        assert client.close() == (0, b"")


def test_a_revision_without_a_handshake_is_served_by_envelopes(place: Place) -> None:
    with served(place) as client:
        result = client.request("server/discover", enveloped())["result"]
        assert "2026-07-28" in result["supportedVersions"]
        listed = client.request("tools/list", enveloped())["result"]
        assert (listed["resultType"], listed["ttlMs"], listed["cacheScope"]) == (
            "complete",
            0,
            "private",
        )
        bare = client.request("tools/list")["error"]
        assert bare["code"] == -32602
        late = client.request("initialize", {"protocolVersion": "2025-11-25"})["error"]
        assert late["code"] == -32022
        assert client.request("ping", enveloped())["error"]["code"] == -32601
        missing = client.request("resources/read", enveloped(uri="shannot://nothing"))["error"]
        assert missing["code"] == -32602


def test_an_unknown_revision_in_an_envelope_names_those_that_are_served(place: Place) -> None:
    with served(place) as client:
        params = dict(enveloped())
        meta = dict(params["_meta"])  # type: ignore[call-overload]
        meta["io.modelcontextprotocol/protocolVersion"] = "2031-01-01"
        error = client.request("tools/list", {"_meta": meta})["error"]
        assert error["code"] == -32022
        assert error["data"]["requested"] == "2031-01-01"
        assert "2026-07-28" in error["data"]["supported"]


def test_an_envelope_after_a_handshake_is_refused(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        assert client.request("tools/list", enveloped())["error"]["code"] == -32600
        assert client.request("initialize", {"protocolVersion": "x"})["error"]["code"] == -32600


def test_nothing_is_done_before_the_handshake(place: Place) -> None:
    with served(place) as client:
        assert client.request("tools/list")["error"]["code"] == -32600
        assert client.request("ping")["result"] == {}


def test_a_handshake_that_was_refused_does_not_open_the_connection(place: Place) -> None:
    with served(place) as client:
        assert client.request("initialize", {"protocolVersion": 7})["error"]["code"] == -32602
        assert client.request("tools/list")["error"]["code"] == -32600
        assert client.initialize()["result"]["protocolVersion"] == "2025-11-25"
        assert client.request("tools/list")["result"]["tools"]


def test_a_client_whose_envelope_was_refused_may_still_shake_hands(place: Place) -> None:
    with served(place) as client:
        params = dict(enveloped())
        meta = dict(params["_meta"])  # type: ignore[call-overload]
        meta["io.modelcontextprotocol/protocolVersion"] = "2031-01-01"
        assert client.request("server/discover", {"_meta": meta})["error"]["code"] == -32022
        assert client.initialize()["result"]["protocolVersion"] == "2025-11-25"


READ = b'{"jsonrpc":"2.0","id":1,"method":"resources/read","params":'
PROMPT = b'{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":'
BAD = [
    (b"{", -32700),
    (b"\xff\xfe\n", -32700),
    (b"[" * 200_000, -32700),
    (b"[]", -32600),
    (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
    (b"null", -32600),
    (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":1}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}', -32700),
    (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}', -32600),
    (READ + b'{"uri":"shannot://status","uri":"x"}}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/approve"}', -32601),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"approve"}}', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":[]}}', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{}}', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x"}}', -32002),
    (READ + b'{"uri":"shannot://sessions/--help"}}', -32002),
    (b'{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"x"}}', -32602),
    (PROMPT + b'{"name":"diagnose_service","arguments":{"service":7}}}', -32602),
]


def test_a_bad_message_is_answered_and_the_next_one_served(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        for line, code in BAD:
            client.write(line.rstrip(b"\n") + b"\n")
            assert client.read()["error"]["code"] == code, line[:200]
            assert client.request("ping")["result"] == {}
        assert client.close()[0] == 0


def test_an_error_about_a_doubled_name_has_the_id_only_where_that_stands_once() -> None:
    twice = b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'
    within = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":{"id":7,"id":7}}}'
    assert (messages.id_of(twice), messages.id_of(within)) == (None, 1)


def test_a_huge_message_is_refused_whole(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        client.write(b'{"x":"' + b"y" * (messages.LINE_MAX + 1000) + b'"}\n')
        assert client.read()["error"]["code"] == -32700
        assert client.request("ping")["result"] == {}


def test_what_is_not_asked_for_is_not_answered(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        client.send({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"})
        client.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {}})
        client.send({"jsonrpc": "2.0", "id": 7, "result": {}})
        client.write(b"\n\n")
        assert client.request("ping")["result"] == {}


def test_requests_are_served_side_by_side(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        slow = client.ask("tools/call", {"name": "run_script", "arguments": {"code": SLEEP}})
        assert client.request("ping")["result"] == {}
        client.send(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": slow}}
        )
        assert client.request("ping")["result"] == {}
        status, rest = client.close()
        assert (status, rest) == (0, b"")  # a cancelled request has no answer


def test_an_id_that_is_in_use_is_refused(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        arguments = {"name": "run_script", "arguments": {"code": SLEEP}}
        client.ask("tools/call", arguments, request_id="twice")
        client.ask("ping", request_id="twice")
        answer = client.read()
        assert (answer["id"], answer["error"]["code"]) == ("twice", -32600)


def test_too_many_requests_at_once_are_refused(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        session = {"session": "none", "timeout": 30}
        code = {"name": "run_script", "arguments": {"code": SLEEP}}
        for _ in range(33):
            client.ask("tools/call", code)
        errors = [client.read() for _ in range(1)]
        assert errors[0]["error"]["code"] == -32000, session
        began = time.monotonic()
        client.close()
        assert time.monotonic() - began < 60


def test_a_client_that_is_gone_ends_what_it_began(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        client.ask("tools/call", {"name": "run_script", "arguments": {"code": SLEEP}})
        assert client.request("ping")["result"] == {}
        assert client.close() == (0, b"")
    runtime = place.state / "shannot" / "runtime"
    assert not runtime.exists() or list(runtime.iterdir()) == []


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(deadline=None, max_examples=200)
def test_any_line_is_a_message_or_one_error(line: bytes) -> None:
    try:
        messages.parse(line)
    except ProtocolError as error:
        json.loads(messages.refusal(messages.id_of(line), error))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "result"]), JSON))
@settings(deadline=None, max_examples=200)
def test_any_object_is_a_message_or_one_error(message: dict[str, object]) -> None:
    line = json.dumps({"jsonrpc": "2.0", **message}).encode()
    try:
        found = messages.parse(line)
    except ProtocolError as error:
        json.loads(messages.refusal(messages.id_of(line), error))
    else:
        assert found is None or isinstance(found.method, str)
