from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from shannot.effects.document import MalformedError
from shannot.sessions.recall import Past, Recall, used_from_json, way
from tests.effects.samples import command

ID = "20261124-141503-x-7f3a"


def past(tmp_path: Path, name: str, status: int = 0, whole: bool = True) -> Past:
    out, err = tmp_path / f"{name}.out", tmp_path / f"{name}.err"
    out.write_bytes(f"out of {name}".encode())
    err.write_bytes(f"err of {name}".encode())
    return Past(ID, 7, command(name), status, str(out), str(err), whole)


def test_results_answer_in_the_order_in_which_the_commands_ran(tmp_path: Path) -> None:
    told: list[str] = []
    recall = Recall([past(tmp_path, "a"), past(tmp_path, "b", 3)])
    assert recall.answer(command("b"), told.append) is None
    for name, status in (("a", 0), ("b", 3)):
        answer = recall.answer(command(name), told.append)
        assert answer is not None
        done = subprocess.run(
            answer.argv, executable=answer.executable, env=dict(answer.environment),
            cwd=answer.directory, input=b"given", capture_output=True, check=False,
        )  # fmt: skip
        assert (done.stdout, done.stderr) == (f"out of {name}".encode(), f"err of {name}".encode())
        assert done.returncode == status
    assert recall.answer(command("a"), told.append) is None
    assert recall.rest() == []
    way = f"the script goes another way than before: it runs b where a (effect 7 of {ID}) was run;"
    assert told == [
        f"{way} that waits, like all that is new",
        f"answered from what was executed: a (effect 7 of {ID})",
        f"answered from what was executed: b (effect 7 of {ID})",
    ]


@pytest.mark.parametrize("change", ["argv", "directory", "executable"])
def test_another_command_gets_no_recorded_answer(tmp_path: Path, change: str) -> None:
    recall = Recall([past(tmp_path, "a")])
    changes: dict[str, object] = {change: ("a", "-f") if change == "argv" else "/other"}
    other = replace(command("a"), **changes)  # type: ignore[arg-type]
    assert recall.answer(other, lambda _line: None) is None
    assert recall.rest() == [f"a (effect 7 of {ID}) was run before; the script did not come to it"]


def test_what_is_not_quite_the_same_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    recall = Recall([past(tmp_path, "a", whole=False)])
    other = replace(command("a"), environment=(("LANG", "C"),))
    assert recall.answer(other, told.append) is not None
    assert told[1:] == [
        "a would have another environment now", "only the beginning of what a printed was kept",
    ]  # fmt: skip


def test_many_commands_that_did_not_come_are_counted(tmp_path: Path) -> None:
    lines = Recall([past(tmp_path, f"c{n}") for n in range(30)]).rest()
    assert len(lines) == 21
    assert lines[-1] == "and 10 more commands that were run before"


def test_what_a_run_strayed_from_is_not_on_its_way(tmp_path: Path) -> None:
    first = [replace(past(tmp_path, name), number=n) for n, name in enumerate("abc", 1)]
    recall = Recall(first)
    for position, name in enumerate("axb"):
        recall.answer(command(name), lambda _line: None, position)
    used = used_from_json(recall.used())
    assert [(item.number, item.position) for item in used] == [(1, 0), (2, 2)]
    every = {(item.session_id, item.number): item for item in first}
    own = [replace(past(tmp_path, "x"), number=3, session_id="other")]
    assert [item.command.argv[0] for item in way(used, every, own)] == ["a", "b", "x"]
    own = [replace(own[0], number=2)]
    assert [item.command.argv[0] for item in way(used, every, own)] == ["a", "x", "b"]
    with pytest.raises(MalformedError, match="is not there any more"):
        way(used, {}, own)


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b'{"format":1}',
        b'{"format":2,"used":[]}',
        b'{"format":1,"used":[{"session_id":"../x","number":1,"position":0}]}',
        b'{"format":1,"used":[{"session_id":"20261124-141503-x-7f3a","number":0,"position":0}]}',
        b'{"format":1,"used":[{"session_id":"20261124-141503-x-7f3a","number":1,"position":-1}]}',
        b'{"format":1,"used":[],"more":1}',
    ],
)
def test_a_way_that_no_run_has_written_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        used_from_json(data)
