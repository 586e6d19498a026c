"""Tools at other machines: only those that a person has offered, and what they send is hostile."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.mcp.offer import Offer
from shannot.mcp.schema import problem
from shannot.mcp.text import summary
from shannot.mcp.tools import tools
from tests.cli.places import Place
from tests.machines.sshd import Sshd, missing, serving
from tests.mcp.peers import served

AT_TARGETS = {"run_script", "show_session", "session_diff", "wait_for_decision", "session_result"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_only_machines_that_are_offered_can_be_asked_for() -> None:
    for offer in (Offer(), Offer(targets=("web",))):
        for name, tool in tools(offer).items():
            arguments = {"code": "pass"} if name == "run_script" else {"session": "s"}
            taken = problem({**arguments, "target": "web"}, tool.input) is None
            assert taken == (bool(offer.targets) and name in AT_TARGETS), name
            assert problem({**arguments, "target": "root@elsewhere"}, tool.input) is not None


def test_a_machine_without_a_name_cannot_be_offered(place: Place) -> None:
    result = place.shannot("mcp", "--target", "nope")
    assert (result.returncode, result.stdout, result.stderr.count(b"\n")) == (127, b"", 1)
    assert b"no remote nope" in result.stderr


@pytest.mark.parametrize("name", ["@web", "web1,web2", "-oProxyCommand=x", "a b"])
def test_a_group_or_an_option_cannot_be_offered(place: Place, name: str) -> None:
    result = place.shannot("mcp", f"--target={name}")
    assert (result.returncode, result.stdout, result.stderr.count(b"\n")) == (2, b"", 1)


@pytest.mark.parametrize("says", ["exit 255", "echo garbage; exec cat >/dev/null", "yes"])
def test_a_machine_that_answers_with_anything_is_an_error_of_the_tool(
    place: Place, says: str
) -> None:
    programs = place.home / "programs"
    programs.mkdir()
    (programs / "ssh").write_text(f"#!/bin/sh\n{says}\n")
    (programs / "ssh").chmod(0o755)
    place.environment["PATH"] = f"{programs}:/usr/bin:/bin"
    place.environment["XDG_CONFIG_HOME"] = str(place.home / "config")
    assert place.shannot("remote", "add", "web", "ops@web.example").returncode == 0
    with served(place, "--target", "web") as client:
        client.initialize()
        for tool, arguments in (
            ("run_script", {"code": "pass"}),
            ("show_session", {"session": "2026"}),
        ):
            result = client.call(tool, target="web", **arguments)
            assert result["isError"] is True
            assert "\n" not in result["content"][0]["text"]
        relative = client.call("run_script", target="web", code="pass", directory="tmp")
        assert "absolute" in relative["content"][0]["text"]


def test_an_effect_that_cannot_be_read_is_no_fault(place: Place) -> None:
    with pytest.raises(Exception, match="effect") as error:
        summary({"effect": "WriteFile", "path": 7})
    assert type(error.value).__name__ == "MalformedError", "which the server tells the agent"


def bearers(mark: str) -> int:
    """How many processes have this in their command line."""
    found = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            found += mark.encode() in Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue
    return found


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with serving(tmp_path / "there", tmp_path / "state") as found:
        yield found


@pytest.mark.skipif(bool(missing()), reason=missing() or "-")
def test_a_cancelled_request_ends_the_script_on_the_other_machine(place: Place, sshd: Sshd) -> None:
    place.environment["XDG_CONFIG_HOME"] = str(place.home / "config")
    assert place.shannot(*sshd.introduction("web")).returncode == 0
    mark = f"--mark-{os.getpid()}-{time.monotonic_ns()}"
    with served(place, "--target", "web") as client:
        client.initialize()
        code = "import time\ntime.sleep(300)"
        arguments = {"code": code, "arguments": [mark], "target": "web"}
        number = client.ask("tools/call", {"name": "run_script", "arguments": arguments})
        deadline = time.monotonic() + 60
        while bearers(mark) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert bearers(mark) >= 2, "the program here, and the script there"
        client.send({"jsonrpc": "2.0", "method": "notifications/cancelled",
                     "params": {"requestId": number}})  # fmt: skip
        deadline = time.monotonic() + 60
        while bearers(mark) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not bearers(mark)
        assert client.request("ping")["result"] == {}


@pytest.mark.skipif(bool(missing()), reason=missing() or "-")
def test_the_default_profile_is_for_this_machine_and_keeps_no_script_from_another(
    place: Place, sshd: Sshd
) -> None:
    place.environment["XDG_CONFIG_HOME"] = str(place.home / "config")
    assert place.shannot(*sshd.introduction("web")).returncode == 0
    with served(place, "--target", "web", "--profile", "readonly") as client:
        client.initialize()
        ran = client.call("run_script", target="web", code="print(6 * 7)")
        assert ran["isError"] is False, ran
        assert ran["structuredContent"]["stdout"] == "42\n"
        chosen = client.call("run_script", target="web", code="pass", profile="readonly")
        assert "--profile" in chosen["content"][0]["text"]
