"""A script that takes the output of each command into the next: resumed until nothing waits."""

from __future__ import annotations

from pathlib import Path

from tests.cli.places import Place

SCRIPT = """\
import pathlib, subprocess
said = "0"
for name in "abc":
    done = subprocess.run(["sh", "-c", f"echo {name}{said}; echo {name}{said} >>log"],
                          capture_output=True, text=True)
    said = done.stdout.strip()
    pathlib.Path(name).write_text(said)
"""
CONFIG = '[profiles.default]\nask = ["sh"]\n'


def test_a_chain_in_which_the_script_went_another_way_comes_to_its_end(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.home / ".config/shannot").mkdir(parents=True)
    (place.home / ".config/shannot/config.toml").write_text(CONFIG)
    (place.project / "s.py").write_text(SCRIPT)
    said = place.shannot("run", "s.py").stderr.decode()
    sessions: list[str] = []
    while "in session " in said:
        assert len(sessions) < 5, "it never comes to its end"
        sessions.append(said.split("in session ")[1].split()[0])
        done = place.shannot("approve", sessions[-1], "--yes", "--execute")
        assert done.returncode == 0, done.stderr
        said = place.shannot("resume", sessions[-1]).stderr.decode()
    # All of the first plan was executed: `b` and `c` with what they would not have been given.
    log = (place.project / "log").read_text().split()
    assert log == ["a0", "b", "c", "ba0", "c", "cba0"]
    assert [(place.project / name).read_text() for name in "abc"] == ["a0", "ba0", "cba0"]
    assert said.count("answered from what was executed") == 3
    for session in reversed(sessions):
        assert place.shannot("rollback", session, "--yes").returncode == 0
    assert not (place.project / "a").exists()
