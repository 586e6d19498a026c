"""`--map HOST:GUEST`: what is recorded, shown, compared and run is the host's."""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.places import Place

TOOL = "#!/bin/sh\npwd -P > here\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    (tmp_path / "mapped" / "sub").mkdir(parents=True)
    (tmp_path / "mapped" / "tool").write_text(TOOL)
    (tmp_path / "mapped" / "tool").chmod(0o755)
    return made


@pytest.mark.parametrize("form", ["{empty}:{bin}", "{bin}:hide", "{python}:hide"])
def test_a_map_that_hides_the_interpreter_is_a_mistake_of_the_caller(
    form: str, place: Place, tmp_path: Path
) -> None:
    directory = os.path.dirname(sys.executable)
    words = form.format(empty=tmp_path / "mapped", bin=directory, python=sys.executable)
    done = place.shannot("run", "--map", words, "-c", "pass")
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("shannot: a map hides the interpreter")


def test_a_command_is_recorded_shown_and_run_where_the_host_has_it(
    place: Place, tmp_path: Path
) -> None:
    host = tmp_path / "mapped"
    code = (
        "import os, subprocess; os.chdir('/elsewhere/sub'); os.mkdir('made'); os.chdir('made');"
        "print(subprocess.run(['/elsewhere/tool', 'word']).returncode, os.getcwd())"
    )
    done = place.shannot("run", "--json", "--map", f"{host}:/elsewhere", "-c", code)
    result = json.loads(done.stdout)["result"]
    assert result["stdout"]["text"] == "0 /elsewhere/sub/made\n"
    made, command = result["effects"]
    assert made["path"] == str(host / "sub" / "made")
    assert command["argv"] == ["/elsewhere/tool", "word"]
    assert command["directory"] == str(host / "sub" / "made")
    assert command["executable"] == str(host / "tool")
    assert command["executable_sha256"] == sha256(TOOL.encode()).hexdigest()
    (note,) = result["notes"]
    assert note.startswith(f"the script saw {host} as /elsewhere: ")
    executed = place.shannot("approve", result["session"], "--yes", "--execute")
    assert executed.returncode == 0, executed.stderr
    assert (host / "sub" / "made" / "here").read_text() == f"{host}/sub/made\n"


def test_a_mapped_program_that_has_changed_since_is_not_run(place: Place, tmp_path: Path) -> None:
    host = tmp_path / "mapped"
    code = "import subprocess; subprocess.run(['/elsewhere/tool'])"
    done = place.shannot("run", "--json", "--map", f"{host}:/elsewhere:ro", "-c", code)
    session = json.loads(done.stdout)["result"]["session"]
    (host / "tool").write_text("#!/bin/sh\necho other\n")
    executed = place.shannot("approve", session, "--yes", "--execute")
    assert executed.returncode == 1
    assert f"{host}/tool: the program has changed" in executed.stderr.decode()
