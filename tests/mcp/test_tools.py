"""What the tools do, over a real process, and what they never do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shannot.mcp.offer import Offer
from shannot.mcp.schema import problem
from shannot.mcp.tools import tools
from tests.cli.places import Place
from tests.mcp.peers import RawClient, served

WRITE = "open('app.conf', 'a').write('more\\n'); print('written')"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def structured(result: dict[str, Any]) -> dict[str, Any]:
    """A tool's result, which must fit what the tool said of it."""
    assert result["isError"] is False, result
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    return result["structuredContent"]


def failure(result: dict[str, Any]) -> str:
    assert result["isError"] is True
    assert "\n" not in result["content"][0]["text"]
    return result["content"][0]["text"]


def test_a_script_runs_and_its_plan_waits(place: Place) -> None:
    before = (place.project / "app.conf").read_bytes()
    with served(place) as client:
        client.initialize()
        ran = structured(client.call("run_script", code=WRITE))
        assert (ran["exit_status"], ran["stdout"], ran["waiting"]) == (0, "written\n", 1)
        session = ran["session"]
        assert f"shannot approve {session}" in ran["next"]
        shown = structured(client.call("show_session", session=session))
        assert shown["effects_total"] == 1
        assert shown["effects"][0]["path"] == str(place.project / "app.conf")
        assert "+more" in structured(client.call("session_diff", session=session))["diff"]
        waited = structured(client.call("wait_for_decision", session=session, timeout=0))
        assert (waited["state"], waited["decided"]) == ("pending", False)
    assert (place.project / "app.conf").read_bytes() == before


def test_a_command_is_summed_up_in_one_line_without_the_gaps_of_a_table(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        code = "import subprocess; subprocess.run(['systemctl', 'restart', 'x'])"
        plan = structured(client.call("run_script", code=code))["plan"]
        expected = f"run systemctl restart x (directory {place.project})"
        assert [effect["summary"] for effect in plan] == [expected]


def test_a_profile_file_is_the_one_that_was_named_wherever_a_script_runs(
    place: Place, tmp_path: Path
) -> None:
    (place.project / "mine.toml").write_text("always_deny = ['touch']\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.toml").write_text("auto_approve = ['touch']\n")
    for path in (place.project / "mine.toml", elsewhere / "mine.toml"):
        path.chmod(0o600)
    code = "import subprocess; subprocess.run(['touch', 'made'])"
    with served(place, "--profile", "mine.toml") as client:
        client.initialize()
        ran = structured(client.call("run_script", code=code, directory=str(elsewhere)))
        assert ran["denied"]
        asked = structured(client.call("explain_command", argv=["touch", "made"]))
        assert asked["decision"] == "deny"
    assert not (elsewhere / "made").exists()


def test_a_server_does_not_start_with_a_profile_that_there_is_not(place: Place) -> None:
    done = place.shannot("mcp", "--profile", "nothing")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1


def test_a_person_decides_and_the_agent_reads_the_result(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        session = structured(client.call("run_script", code=WRITE))["session"]
        number = client.ask(
            "tools/call",
            {
                "name": "wait_for_decision",
                "arguments": {"session": session, "timeout": 50, "until": "result"},
                "_meta": {"progressToken": "t"},
            },
        )
        first = client.read()
        assert first["method"] == "notifications/progress"
        assert first["params"]["progressToken"] == "t"
        assert first["params"]["message"] == f"{session}: waiting for a person"
        done = place.shannot("approve", session, "--yes", "--execute")
        assert done.returncode == 0, done.stderr
        last = first["params"]["progress"]
        answer = client.read()
        while answer.get("method") == "notifications/progress":
            assert answer["params"]["progress"] > last
            last = answer["params"]["progress"]
            answer = client.read()
        assert answer["id"] == number
        assert structured(answer["result"])["state"] == "executed"
        result = structured(client.call("session_result", session=session))
        assert [item["number"] for item in result["results"]] == [1]
    assert (place.project / "app.conf").read_bytes().endswith(b"more\n")


def test_a_rejection_is_told_with_its_reason(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        session = structured(client.call("run_script", code=WRITE))["session"]
        place.shannot("reject", session, "--reason", "not today")
        waited = structured(client.call("wait_for_decision", session=session, timeout=5))
        assert (waited["state"], waited["decided"]) == ("rejected", True)
        assert "not today" in json.dumps(waited["decision"])


def test_no_output_of_a_script_reaches_the_stream(place: Place) -> None:
    code = (
        "import os, subprocess, sys\n"
        'forged = \'{"jsonrpc":"2.0","id":99,"result":{"forged":true}}\\n\'\n'
        "for number in (1, 2):\n"
        "    os.write(number, forged.encode())\n"
        "subprocess.run(['/bin/echo', forged])\n"
        "os.system('echo forged by a shell')\n"
        "for number in range(3, 50):\n"
        "    try:\n"
        "        os.write(number, forged.encode())\n"
        "    except OSError:\n"
        "        pass\n"
        "for path in ('/proc/self/fd/1', '/dev/stdout', '/dev/tty', '/proc/1/fd/1'):\n"
        "    try:\n"
        "        open(path, 'w').write(forged)\n"
        "    except OSError:\n"
        "        pass\n"
    )
    with served(place) as client:
        client.initialize()
        ran = structured(client.call("run_script", code=code))
        assert ran["stdout"].count("forged") >= 2
        assert client.request("ping")["result"] == {}
        assert client.close() == (0, b"")


def test_output_is_cut_with_a_mark_and_cannot_steer_a_terminal(place: Place) -> None:
    code = (
        "import sys\n"
        "print('a' * 300_000)\n"
        "print('\\x1b[31mred\\u202e')\n"
        "sys.stderr.buffer.write(b'\\xff')\n"
    )
    with served(place) as client:
        client.initialize()
        ran = structured(client.call("run_script", code=code))
        assert ran["stdout_truncated"] is True
        assert "characters left out" in ran["stdout"]
        assert ran["stdout"].endswith("\\x1b[31mred\\u202e\n")
        assert (ran["stderr"], ran["stderr_truncated"]) == ("\\xff", False)


def test_arguments_exit_status_and_limits_are_the_script_s(place: Place) -> None:
    script = place.project / "s.py"
    script.write_text("import sys; print(sys.argv[1:]); sys.exit(3)")
    with served(place) as client:
        client.initialize()
        ran = structured(client.call("run_script", path="s.py", arguments=["--json", "a b", "-q"]))
        assert (ran["exit_status"], ran["stdout"]) == (3, "['--json', 'a b', '-q']\n")
        loop = structured(client.call("run_script", code="while True: pass", limits={"timeout": 1}))
        assert (loop["exit_status"], loop["limit"], loop["complete"]) == (124, "timeout", False)


WRONG: list[tuple[dict[str, object], str]] = [
    ({}, "give either"),
    ({"code": "pass", "path": "x"}, "give either"),
    ({"code": ""}, "code: empty"),
    ({"code": 7}, "code: not of type string"),
    ({"code": "pass", "approve": True}, "unknown name 'approve'"),
    ({"code": "pass", "directory": "relative"}, "must be an absolute path"),
    ({"code": "pass", "directory": "/nowhere/at/all"}, "is none"),
    ({"code": "pass", "view": "moon"}, "view: not one of"),
    ({"code": "pass", "limits": {"timeout": 10**9}}, "timeout: above"),
    ({"code": "pass", "limits": {"timeout": "1"}}, "timeout: not of type number"),
    ({"code": "pass", "limits": {"yes": 1}}, "unknown name 'yes'"),
    ({"code": "pass", "profile": "ops"}, "unknown name 'profile'"),
    ({"code": "pass", "arguments": ["a\0b"]}, "null character"),
    ({"code": "pass", "arguments": ["\ud800"]}, "lone surrogate"),
    ({"code": "pass", "directory": "/tmp/a\0b"}, "directory: holds a character"),
    ({"code": "pass", "directory": "/tmp/\ud800"}, "directory: holds a character"),
    ({"path": "a\0b.py"}, "path: holds a character"),
    ({"path": "\ud800.py"}, "path: holds a character"),
    ({"code": "\ud800"}, "UTF-8"),
    ({"path": "missing.py"}, "missing.py"),
]


def test_a_wrong_call_is_an_error_that_the_agent_can_mend(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        for arguments, why in WRONG:
            assert why in failure(client.call("run_script", **arguments))


def test_a_session_is_an_id_and_nothing_else(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        for tool in ("show_session", "session_diff", "session_result", "wait_for_decision"):
            for session in ("--yes", "../../etc", "a b", "$(id)", "\x00", "*"):
                assert failure(client.call(tool, session=session)) == "session: not an id"


def test_the_roots_bound_where_scripts_run_and_lie(place: Place) -> None:
    outside = place.home / "outside"
    outside.mkdir()
    (outside / "s.py").write_text("print('ran')")
    (place.project / "link").symlink_to(outside)
    with served(place, "--root", str(place.project)) as client:
        client.initialize()
        for arguments in (
            {"code": "pass", "directory": str(outside)},
            {"code": "pass", "directory": str(place.project / "link")},
            {"code": "pass", "directory": str(place.project) + "/../outside"},
            {"path": str(outside / "s.py")},
            {"path": "link/s.py"},
            {"path": "../outside/s.py"},
        ):
            assert "only below" in failure(client.call("run_script", **arguments))
        assert structured(client.call("run_script", code="print(1)"))["stdout"] == "1\n"


def test_the_whole_machine_can_be_left_out_of_the_offer(place: Place) -> None:
    with served(place, "--project-only") as client:
        client.initialize()
        assert "not one of" in failure(client.call("run_script", code="pass", view="system"))


def test_explaining_runs_nothing(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        said = structured(client.call("explain_command", argv=["rm", "-rf", "/"]))
        assert said["decision"] == "deny"
        assert structured(client.call("explain_command", argv=["--help"]))["decision"] == "ask"


def test_no_tool_decides() -> None:
    words = ("approve", "reject", "execute", "rollback", "resume", "config", "yes")
    for name, tool in tools(Offer(profiles=("a",))).items():
        assert not any(word in name for word in words)
        properties = tool.input["properties"]
        assert isinstance(properties, dict)
        assert not any(word in key for key in properties for word in words)


def test_resources_are_the_program_s_own_documents(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        session = structured(client.call("run_script", code=WRITE))["session"]
        listed = client.request("resources/list")["result"]["resources"]
        uris = [item["uri"] for item in listed]
        assert f"shannot://sessions/{session}" in uris
        for uri in uris:
            contents = client.request("resources/read", {"uri": uri})["result"]["contents"]
            assert contents[0]["uri"] == uri
            json.loads(contents[0]["text"])
        templates = client.request("resources/templates/list")["result"]["resourceTemplates"]
        assert [item["uriTemplate"] for item in templates] == [
            "shannot://sessions/{id}", "shannot://profiles/{name}",
        ]  # fmt: skip
        ops = client.request("resources/read", {"uri": "shannot://profiles/ops"})["result"]
        assert json.loads(ops["contents"][0]["text"])["name"] == "ops"


def test_a_profile_s_address_names_no_file(place: Place) -> None:
    (place.project / "secret.toml").write_text("always_deny = ['x']\n")
    with served(place) as client:
        client.initialize()
        for name in ("secret.toml", "./secret.toml", "../secret.toml", "--help", "", "x" * 300):
            uri = f"shannot://profiles/{name}"
            assert client.request("resources/read", {"uri": uri})["error"]["code"] == -32002


def test_every_prompt_can_be_had(place: Place) -> None:
    with served(place) as client:
        client.initialize()
        for prompt in client.request("prompts/list")["result"]["prompts"]:
            arguments = {item["name"]: "a {b} c" for item in prompt["arguments"]}
            got = client.request("prompts/get", {"name": prompt["name"], "arguments": arguments})
            text = got["result"]["messages"][0]["content"]["text"]
            assert "a {b} c" in text
            assert "run_script" in text


VALUES: list[Any] = [
    None, True, 0, -1, 1, 1.5, 10**9, "", "x", "x" * 5000, [], ["x"], [1], ["x"] * 1001, {},
    {"session": "s"}, {"session": 1}, {"session": "s", "first": 0}, {"session": "s", "first": True},
    {"code": "x"}, {"code": "x", "limits": {"timeout": 1}}, {"code": "x", "limits": {"cpu": 1.5}},
    {"argv": []}, {"argv": ["x"]}, {"argv": ["x"], "more": 1}, {"session": "s", "until": "x"},
    {"session": "s", "timeout": 3601}, {"session": "s", "timeout": 3600, "until": "result"},
]  # fmt: skip


def test_arguments_are_judged_as_a_real_validator_judges_them() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    limits = {"timeout": 5, "cpu": 5}
    for tool in tools(Offer(profiles=("a",), limits=limits)).values():
        validator = jsonschema.Draft202012Validator(tool.input)
        validator.check_schema(tool.input)
        jsonschema.Draft202012Validator.check_schema(tool.output)
        for value in VALUES:
            assert (problem(value, tool.input) is None) == validator.is_valid(value), value


def test_results_fit_the_schemas_that_tools_list(place: Place) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    with served(place) as client:
        client.initialize()
        listed = {tool["name"]: tool for tool in client.request("tools/list")["result"]["tools"]}
        session = structured(client.call("run_script", code=WRITE))["session"]
        calls: dict[str, dict[str, object]] = {
            "run_script": {"code": WRITE},
            "explain_command": {"argv": ["ls"]},
            "wait_for_decision": {"session": session, "timeout": 0},
        }
        for name, tool in listed.items():
            arguments = calls.get(name, {"session": session})
            result = structured(client.call(name, **arguments))
            jsonschema.Draft202012Validator(tool["outputSchema"]).validate(result)
            assert set(tool["annotations"]) == {
                "title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint",
            }  # fmt: skip


def test_a_root_that_is_no_directory_is_one_line(place: Place) -> None:
    result = place.shannot("mcp", "--root", str(place.project / "app.conf"))
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.count(b"\n") == 1


CLIENT = """
import os, sys, anyio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

async def main(mode):
    server = StdioServerParameters(command=sys.executable, args=["-m", "shannot", "mcp"],
                                   env=dict(os.environ))
    async with Client(stdio_client(server), mode=mode) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        ran = await client.call_tool("run_script", {"code": "print(6 * 7)"})
        failed = await client.call_tool("run_script", {})
        prompt = await client.get_prompt("diagnose_machine", {})
        resource = await client.read_resource("shannot://sessions")
        print(client.protocol_version, names[0], ran.structured_content["stdout"].strip(),
              failed.is_error, len(prompt.messages), len(resource.contents))

anyio.run(main, sys.argv[1])
"""


@pytest.mark.parametrize(
    ("mode", "revision"),
    [("auto", "2026-07-28"), ("2026-07-28", "2026-07-28"), ("legacy", "2025-11-25")],
)
def test_the_official_client_is_served(place: Place, mode: str, revision: str) -> None:
    """In a process of its own: it takes a second to import."""
    if subprocess.run([sys.executable, "-c", "import mcp"], capture_output=True).returncode:
        pytest.skip("the official client is not installed")
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, mode],
        env=place.environment | {"PATH": os.environ.get("PATH", "")},
        cwd=place.project,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert done.stdout.decode() == f"{revision} run_script 42 True 1 1\n"


def test_the_server_goes_on_when_a_script_is_killed(place: Place) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with served(place) as client:
        client.initialize()
        assert structured(client.call("run_script", code=code))["exit_status"] == 137
        assert isinstance(client, RawClient)
        assert client.request("ping")["result"] == {}
