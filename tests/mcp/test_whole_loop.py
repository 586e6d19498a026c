"""An agent's whole way with the official client: it runs a script, a person at a terminal approves
what the agent was told to have typed, and the agent gets the result. Here, and over ssh."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.places import Place
from tests.machines.sshd import Sshd, missing, serving

AGENT = """
import json, os, re, sys, anyio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

CODE = "open('app.conf', 'a').write('more\\\\n'); print('written')"
target = {"target": sys.argv[1]} if len(sys.argv) > 1 else {}
words = ["--target", sys.argv[1]] if target else []

async def main():
    server = StdioServerParameters(command=sys.executable, args=["-m", "shannot", "mcp", *words],
                                   env=dict(os.environ))
    async with Client(stdio_client(server), mode="auto") as client:
        async def call(tool, **arguments):
            found = await client.call_tool(tool, {**arguments, **target})
            assert not found.is_error, found
            return found.structured_content
        ran = await call("run_script", code=CODE)
        assert (ran["stdout"], ran["waiting"]) == ("written\\n", 1), ran
        session = {"session": ran["session"]}
        shown = await call("show_session", **session)
        assert shown["effects"][0]["path"].endswith("/app.conf"), shown
        assert "+more" in (await call("session_diff", **session))["diff"]
        print(re.search(r"shannot (approve [^;]*?) —", ran["next"])[1], flush=True)
        waited = await call("wait_for_decision", timeout=100, **session)
        assert waited["state"] in ("approved", "executing", "executed"), waited
        waited = await call("wait_for_decision", timeout=100, until="result", **session)
        assert waited["state"] == "executed", waited
        result = await call("session_result", **session)
        print(json.dumps([item["result"]["state"] for item in result["results"]]))

anyio.run(main)
"""

pytestmark = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import mcp"], capture_output=True).returncode != 0,
    reason="the official client is not installed",
)


def loop(place: Place, *target: str) -> None:
    """The agent is a process; the person types what it prints, with `--execute`, and says yes."""
    with subprocess.Popen(
        [sys.executable, "-c", AGENT, *target],
        env=place.environment | {"PATH": os.environ.get("PATH", "")},
        cwd=place.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as agent:
        assert agent.stdout is not None
        assert agent.stderr is not None
        try:
            words = shlex.split(agent.stdout.readline().decode())
            assert words, agent.stderr.read().decode()[-3000:]
            status, shown = place.at_terminal(*words, "--execute", keys=b"y\n")
            assert status == 0, shown
            assert "+more" in shown
            rest = agent.stdout.read()
            assert agent.wait(60) == 0, agent.stderr.read().decode()[-3000:]
            assert json.loads(rest) == ["done"]
        finally:
            agent.kill()


def test_the_agent_proposes_and_the_person_decides_here(tmp_path: Path) -> None:
    place = Place(tmp_path)
    loop(place)
    assert (place.project / "app.conf").read_bytes().endswith(b"more\n")


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    with serving(tmp_path / "there", tmp_path / "state") as found:
        yield found


@pytest.mark.skipif(bool(missing()), reason=missing() or "-")
def test_the_agent_proposes_and_the_person_decides_over_ssh(tmp_path: Path, sshd: Sshd) -> None:
    place = Place(tmp_path)
    (sshd.project / "app.conf").write_text("first\n")
    assert place.shannot(*sshd.introduction("web")).returncode == 0
    loop(place, "web")
    assert (sshd.project / "app.conf").read_text() == "first\nmore\n"
    assert (place.project / "app.conf").read_bytes() == b"port = 80\n"
