"""An empty directory and environment for a built program, and the main job for it to do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path


class Place:
    """An empty directory, and nothing in the environment but where the state goes."""

    def __init__(self, program: Sequence[str], base: Path) -> None:
        self.program = tuple(program)
        self.directory = base / "empty"
        self.directory.mkdir()
        self.environment = {"XDG_STATE_HOME": str(base / "state"), "PATH": "/usr/bin:/bin"}

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.program, *words],
            cwd=self.directory,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )


def do_the_main_job(place: Place) -> None:
    """Run, review, approve, execute, roll back, and look at the record."""
    (place.directory / "app.conf").write_text("old\n")
    code = (
        "import subprocess\n"
        "open('app.conf', 'w').write('new\\n')\n"
        "print(subprocess.run(['cat', 'app.conf'], capture_output=True, text=True).stdout)\n"
        "subprocess.run(['systemctl', 'reload', 'app'])\n"
    )
    result = place.run("run", "-c", code)
    assert (result.returncode, result.stdout) == (0, "new\n\n"), result.stderr
    assert (place.directory / "app.conf").read_text() == "old\n"
    sessions = json.loads(place.run("list", "--json").stdout)["result"]["sessions"]
    assert [item["effects"] for item in sessions] == [2]
    session = sessions[0]["id"]
    assert "+new" in place.run("diff", session).stdout
    result = place.run("approve", session, "--effects", "1", "--yes", "--execute")
    assert result.returncode == 0, result.stderr
    assert (place.directory / "app.conf").read_text() == "new\n"
    result = place.run("rollback", session, "--yes")
    assert result.returncode == 0, result.stderr
    assert (place.directory / "app.conf").read_text() == "old\n"
    assert place.run("audit", "verify").returncode == 0
