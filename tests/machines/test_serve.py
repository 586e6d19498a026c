"""The server over a real process: what it does, what it refuses, and hostile clients."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest

from shannot.errors import NotFoundError, RefusedError, ShannotError
from shannot.machines.client import Connection, LostError
from shannot.machines.frames import FRAME_MAX, FrameError, FrameWriter, packed, read_frame
from shannot.machines.verbs import Job
from shannot.machines.work import Work
from tests.cli.places import Place

WRITE = b"open('app.conf', 'a').write('more\\n')\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def serving(place: Place, *options: str) -> list[str]:
    """An argv that serves at the place, with its environment."""
    variables = [f"{name}={value}" for name, value in place.environment.items()]
    return ["/usr/bin/env", "-i", *variables, sys.executable, "-m", "shannot", "serve", *options]


@contextmanager
def connected(place: Place, *options: str) -> Iterator[Connection]:
    connection = Connection(serving(place, *options), "there")
    try:
        yield connection
    finally:
        connection.close()


def script(place: Place, source: bytes, **more: object) -> dict[str, Any]:
    """The fields of a request to run it."""
    fields: dict[str, Any] = {
        "script": {"name": "s.py", "source": packed(source)},
        "arguments": [],
        "options": {},
        "directory": str(place.project),
        "stdin": False,
    }
    return fields | more


def test_a_script_runs_there_and_its_plan_is_told(place: Place) -> None:
    before = (place.project / "app.conf").read_bytes()
    said: list[tuple[str, bytes]] = []
    with connected(place) as there:
        hello = there.greet()
        assert "run" in hello.allowed
        source = (
            b"import sys\nprint(sys.argv[1:])\nsys.stderr.write('e')\n" + WRITE + b"sys.exit(3)"
        )
        fields = script(place, source, arguments=["-q", "--json", "a b"])
        answer = there.ask("run", fields, output=lambda name, data: said.append((name, data)))
        document: Any = answer.document
        assert answer.status == 3
        assert document["result"]["waiting"] == 1
        session = document["result"]["session"]
        shown: Any = there.ask("show", {"id": session}).document
        assert shown["result"]["effects"][0]["path"] == str(place.project / "app.conf")
        diff: Any = there.ask("diff", {"id": session}).document
        assert "+more" in diff["result"]["diffs"][0]["diff"]["lines"]
        status: Any = there.ask("status", {}).document
        assert [item["id"] for item in status["result"]["sessions"]] == [session]
    assert b"".join(data for name, data in said if name == "stdout") == b"['-q', '--json', 'a b']\n"
    assert b"".join(data for name, data in said if name == "stderr").startswith(b"e")
    assert (place.project / "app.conf").read_bytes() == before


def test_approving_names_the_digest_that_was_seen(place: Place) -> None:
    with connected(place) as there:
        there.greet()
        ran: Any = there.ask("run", script(place, WRITE)).document
        session = ran["result"]["session"]
        shown: Any = there.ask("show", {"id": session}).document
        wrong = there.ask("approve", {"id": session, "digest": "0" * 64, "effects": None})
        assert wrong.status == 126
        digest = shown["result"]["digest"]
        right = there.ask("approve", {"id": session, "digest": digest, "effects": "1"})
        assert right.status == 0
        assert there.ask("execute", {"id": session}).status == 0
        assert (place.project / "app.conf").read_bytes().endswith(b"more\n")
        assert there.ask("rollback", {"id": session}).status == 0
    assert not (place.project / "app.conf").read_bytes().endswith(b"more\n")


def test_stdin_reaches_the_script_as_it_is_wanted(place: Place) -> None:
    data = b"line\n" * 200_000
    given = iter([data[at : at + 50_000] for at in range(0, len(data), 50_000)])
    rest = [b""]

    def stdin(credit: int) -> bytes:
        piece = rest[0] or next(given, b"")
        rest[0] = piece[credit:]
        return piece[:credit]

    output: list[bytes] = []
    with connected(place) as there:
        there.greet()
        source = b"import sys\nprint(len(sys.stdin.buffer.read()))"
        answer = there.ask(
            "run",
            script(place, source, stdin=True),
            stdin=stdin,
            output=lambda _name, data: output.append(data),
        )
    assert (answer.status, b"".join(output)) == (0, b"1000000\n")


def test_a_verb_that_is_not_allowed_is_refused_and_recorded(place: Place) -> None:
    with connected(place, "--allow", "run,show") as there:
        assert there.greet().allowed == ("run", "show")
        ran: Any = there.ask("run", script(place, WRITE)).document
        session = ran["result"]["session"]
        for verb, fields in (
            ("approve", {"id": session, "digest": "0" * 64, "effects": None}),
            ("execute", {"id": session}),
            ("status", {}),
            ("shell", {}),
            ("hello", {}),
        ):
            with pytest.raises(RefusedError, match="does not allow"):
                there.ask(verb, fields)
        assert there.ask("show", {"id": session}).status == 0
    listed = json.loads(place.shannot("audit", "list", "--json").stdout)["result"]
    assert "does not allow 'execute'" in json.dumps(listed)


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("show", {}),
    ("show", {"id": "20261124-141503-x-7f3a", "yes": True}),
    ("show", {"id": "--help"}),
    ("show", {"id": "2026"}),
    ("show", {"id": "20261124-141503-x-7f3a\n"}),
    ("execute", {"id": "../../etc/passwd"}),
    ("execute", {"id": "20261124-141503-x-7f3a", "redo": "yes"}),
    ("approve", {"id": "20261124-141503-x-7f3a", "effects": None}),
    ("approve", {"id": "20261124-141503-x-7f3a", "digest": "0" * 64, "effects": "1 --yes"}),
    ("run", {}),
    ("run", {"script": {"name": "../x", "source": ""}}),
    ("run", {"script": {"name": "x", "source": "***"}}),
    ("run", {"script": {"name": "-c", "source": ""}}),
]


def test_a_wrong_request_is_an_error_and_the_next_one_served(place: Place) -> None:
    with connected(place) as there:
        there.greet()
        for verb, fields in WRONG:
            with pytest.raises(ShannotError):
                there.ask(verb, fields)
        assert there.ask("status", {}).status == 0


NOT_ITS_OWN: list[dict[str, object]] = [
    {"profile": "ops"},
    {"view": "moon"},
    {"limits": {}},
    {"timeout": "1; id"},
    {"env": "A=1"},
    {"json_fd": "3"},
    {"ask": True},
]


def test_an_option_that_is_not_the_client_s_runs_nothing(place: Place) -> None:
    output: list[bytes] = []
    with connected(place) as there:
        there.greet()
        for options in NOT_ITS_OWN:
            try:
                answer = there.ask(
                    "run",
                    script(place, b"print('ran')", options=options),
                    output=lambda _name, data: output.append(data),
                )
            except ShannotError:
                continue
            assert answer.status == 2
    assert b"ran" not in b"".join(output)


def test_a_session_that_is_not_there_is_told(place: Place) -> None:
    with connected(place) as there:
        there.greet()
        answer = there.ask("show", {"id": "20261124-141503-none-7f3a"})
        document: Any = answer.document
        assert (answer.status, document["error"]["kind"]) == (127, NotFoundError.__name__)


def test_a_lost_connection_ends_the_script_and_keeps_its_plan(place: Place) -> None:
    source = WRITE + b"print('written', flush=True)\nimport time\ntime.sleep(60)"
    process = subprocess.Popen(
        serving(place), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for message in (
            {"hello": {"versions": [1]}},
            {"request": 1, "verb": "run", **script(place, source)},
        ):
            body = json.dumps(message).encode()
            process.stdin.write(struct.pack(">I", len(body)) + body)
        process.stdin.flush()
        while packed(b"written\n").encode() not in process.stdout.read1(1 << 16):
            pass
        process.stdin.close()
        assert process.wait(30) == 0
    listed = json.loads(place.shannot("list", "--json").stdout)["result"]["sessions"]
    assert [(item["effects"], item["complete"]) for item in listed] == [(1, False)]
    runtime = place.state / "shannot" / "runtime"
    deadline = time.monotonic() + 10
    while list(runtime.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(runtime.iterdir()) == []


HELLO = json.dumps({"hello": {"versions": [1]}}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">I", FRAME_MAX + 1),
        struct.pack(">I", 5) + b"[1,2]",
        struct.pack(">I", 5) + b"{{{{{",
        struct.pack(">I", 100) + b"{}",
        struct.pack(">I", 2) + b"{}",
        struct.pack(">I", 12) + b'{"hello": 1}',
        struct.pack(">I", 25) + b'{"hello":{"versions":[9]}}'[:25],
        struct.pack(">I", len(HELLO)) + HELLO + struct.pack(">I", 2) + b"{}",
        struct.pack(">I", len(HELLO)) + HELLO + struct.pack(">I", 13) + b'{"request":1}',
        struct.pack(">I", len(HELLO))
        + HELLO
        + struct.pack(">I", 26)
        + b'{"request":1,"verb":[1,2]}',
    ],
)
def test_what_breaks_the_protocol_is_one_line(place: Place, data: bytes) -> None:
    done = subprocess.run(serving(place), input=data, capture_output=True, timeout=60)
    assert done.returncode in (0, 125)
    assert done.stderr.count(b"\n") == (1 if done.returncode else 0), done.stderr
    assert b"Traceback" not in done.stderr


def test_a_client_of_another_version_is_told_so(place: Place) -> None:
    body = json.dumps({"hello": {"versions": [7]}}).encode()
    data = struct.pack(">I", len(body)) + body
    done = subprocess.run(serving(place), input=data, capture_output=True, timeout=60)
    assert done.returncode == 125
    assert b"install the same shannot on both" in done.stdout


@pytest.mark.parametrize("asked", ["id", "scp -t /", "shannot-serve; id", "-V", "/bin/sh"])
def test_a_restricted_key_has_no_shell(place: Place, asked: str) -> None:
    place.environment["SSH_ORIGINAL_COMMAND"] = asked
    done = place.shannot("serve", "--allow", "run")
    assert (done.returncode, done.stdout) == (126, b"")
    assert done.stderr.count(b"\n") == 1
    listed = place.shannot("audit", "list", "--json").stdout
    assert b"this key has no shell" in listed


def test_a_wrong_ceiling_is_one_line(place: Place) -> None:
    done = place.shannot("serve", "--allow", "run,everything")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1


def talking(answer: bytes) -> Connection:
    """A server that says this, whatever it hears."""
    code = f"import sys; sys.stdout.buffer.write({answer!r}); sys.stdout.flush(); sys.stdin.read()"
    return Connection([sys.executable, "-c", code], "there")


def frame(message: object) -> bytes:
    body = json.dumps(message).encode()
    return struct.pack(">I", len(body)) + body


HELLO = {"version": 1, "shannot": "0", "host": "h", "user": "u", "allowed": ["run"]}
GREETING = frame({"hello": HELLO})


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"bash: shannot: command not found\n",
        frame({"hello": {"version": 2}}),
        frame({"hello": {"version": 1, "shannot": [], "host": 1, "user": {}, "allowed": 3}}),
        frame({"hello": {**HELLO, "time": -1}}),
        frame({"hello": {**HELLO, "time": True}}),
        frame({"hello": {**HELLO, "time": 10**30}}),
        frame({"error": 7}),
        struct.pack(">I", 0xFFFFFFFF),
    ],
)
def test_what_is_no_server_is_one_error(answer: bytes) -> None:
    there = talking(answer)
    with pytest.raises(ShannotError) as caught:
        there.greet(patience=3)
    there.close()
    assert "\n" not in str(caught.value)


def test_a_server_that_is_gone_at_once_is_told_in_words() -> None:
    there = Connection([sys.executable, "-c", "import os; os.close(0)"], "there")
    there._process.wait()  # so that there is nobody to hear the first frame
    with pytest.raises(ShannotError, match=r"there: it closed the connection\Z"):
        there.greet(patience=3)


@pytest.mark.parametrize(
    "answer",
    [
        frame({"request": 9, "exit": 0}),
        frame({"request": 1, "exit": "0"}),
        frame({"request": 1, "exit": 256}),
        frame({"request": 1, "credit": -1}),
        frame({"request": 1, "stdout": 7}),
        frame({"request": 1, "unknown": 7}),
        frame({"request": 1, "document": "{"}) + frame({"request": 1, "exit": 0}),
        frame({"request": 1, "error": {"kind": "SystemExit", "message": "x", "exit_code": 0}}),
    ],
)
def test_a_hostile_server_is_one_error(answer: bytes) -> None:
    there = talking(GREETING + answer)
    there.greet()
    with pytest.raises((ShannotError, FrameError)):
        there.ask("run", {})
    there.close()


def test_a_ceiling_s_profile_holds_for_what_is_run_again(place: Place) -> None:
    with connected(place) as there:
        there.greet()
        ran: Any = there.ask("run", script(place, WRITE)).document
        session = ran["result"]["session"]
        digest = there.ask("show", {"id": session}).document
        fields = {"id": session, "effects": None, "digest": cast(Any, digest)["result"]["digest"]}
        assert there.ask("approve", fields).status == 0
        assert there.ask("execute", {"id": session}).status == 0
    with connected(place, "--profile", "none-such") as there:
        there.greet()
        for verb, more in (("run", script(place, WRITE)), ("resume", {"stdin": False})):
            named = {} if verb == "run" else {"id": session}
            answer = there.ask(verb, {**more, **named})
            assert answer.status == 2
            assert "none-such" in json.dumps(answer.document)


@pytest.mark.parametrize("sent", [b"other bytes", b"right bytes and more", b"right", b""])
def test_what_is_put_and_is_not_what_was_announced_is_not_kept(place: Place, sent: bytes) -> None:
    right = b"right bytes"
    fields = {"sha256": sha256(right).hexdigest(), "size": len(right)}
    rest = [sent]
    with connected(place) as there:
        there.greet()
        answer = there.ask("put", fields, stdin=lambda _count: rest.pop() if rest else b"")
        document: Any = answer.document
        assert (answer.status, document["error"]["kind"]) == (126, RefusedError.__name__)
        for size in (0, (64 << 20) + 1, -1):
            with pytest.raises(ShannotError, match="'size' is not"):
                there.ask("put", {**fields, "size": size})
    assert list((place.state / "shannot" / "program").iterdir()) == []


def test_a_server_that_says_nothing_is_given_up() -> None:
    there = talking(GREETING)
    there.greet()
    with pytest.raises(LostError, match="there: no answer in time"):
        there.ask("status", {}, patience=0.3)


def test_what_a_process_left_behind_says_later_is_of_no_request() -> None:
    """Its pipe was closed, and whoever read it went on with the number's next owner."""
    said = BytesIO()

    def do(_verb: str, _words: Sequence[str], _place: str) -> int:
        if os.fork() == 0:
            time.sleep(0.4)
            os.write(1, b"late")
            time.sleep(0.2)
            os._exit(0)
        return 0

    job = Job("run", (), document_only=False)
    work = Work(7, job, FrameWriter(said), do, grace=0.05)
    work.start()
    while not work.is_over():
        time.sleep(0.01)
    work.finish()
    readers = [os.pipe() for _ in range(4)]  # what the numbers would belong to next
    for reader, writer in readers:
        os.set_blocking(reader, False)
        os.write(writer, b"another's")
    time.sleep(0.7)
    assert [os.read(reader, 100) for reader, _ in readers] == [b"another's"] * 4
    for number in (number for pipe in readers for number in pipe):
        os.close(number)
    said.seek(0)
    assert read_frame(said) == {"request": 7, "exit": 0}
    assert read_frame(said) is None


def test_a_request_that_says_nothing_is_heard_of_all_the_same() -> None:
    said = BytesIO()

    def do(_verb: str, _words: Sequence[str], _place: str) -> int:
        time.sleep(0.5)
        return 0

    work = Work(7, Job("status", ()), FrameWriter(said), do, pulse=0.05)
    work.start()
    while not work.is_over():
        time.sleep(0.01)
    work.cancel()
    said.seek(0)
    assert read_frame(said) == {"request": 7, "stderr": ""}
