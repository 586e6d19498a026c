"""Several machines side by side: which are meant, and how they are worked on."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from shannot.effects.document import MalformedError
from shannot.errors import NotFoundError, RefusedError, ShannotError, UsageError
from shannot.workflows.group import PARALLEL, HostResult, SideBySide, Wanted, is_many, wanted
from shannot.workflows.group_record import GroupRun, GroupRuns
from shannot.workflows.request import Caller

HOSTS = tuple(f"web{number}" for number in range(8))
REMOTES = "".join(f'[remotes.{host}]\ntarget = "{host}"\n' for host in HOSTS)
GROUPS = """\
[groups.few]
hosts = ["web1", "web2"]
parallel = 1
max_failures = 0
[groups.more]
hosts = ["web2", "web3", "ops@other"]
"""
RUN = GroupRun("20261124-141503-fix-group-7f3a", 5, "fix.py", {"web1": "20261124-141503-fix-7f3b"})


def caller(tmp_path: Path) -> Caller:
    path = tmp_path / "shannot" / "config.toml"
    path.parent.mkdir(mode=0o755)
    path.write_text(REMOTES + GROUPS)
    path.chmod(0o644)
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    return Caller(environment, str(tmp_path), "", os.getuid(), "/nonexistent/c.toml")


def do_all(
    hosts: Wanted, fails: frozenset[str] = frozenset(), bad: frozenset[str] = frozenset()
) -> list[HostResult[int]]:
    def do(host: str) -> int:
        if host in fails:
            raise ShannotError(f"{host}: lost")
        return int(host in bad)

    results, interrupted = SideBySide(hosts, do, bool, lambda _: None).work(lambda: None)
    assert not interrupted
    return results


def test_groups_and_names_mix_and_each_machine_is_meant_once(tmp_path: Path) -> None:
    found = wanted(caller(tmp_path), "@few,web5,@more", None, None)
    assert found == Wanted(("web1", "web2", "web5", "web3", "ops@other"), PARALLEL, None)
    assert is_many("@few")
    assert is_many("a,b")
    assert not is_many("user@host")


def test_a_group_says_how_unless_the_command_line_does(tmp_path: Path) -> None:
    here = caller(tmp_path)
    assert wanted(here, "@few", None, None) == Wanted(("web1", "web2"), 1, 0)
    assert wanted(here, "@few", 7, 3) == Wanted(("web1", "web2"), 7, 3)
    assert wanted(here, "@few,web1", None, None).parallel == PARALLEL


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("@none", NotFoundError),
        ("@", UsageError),
        ("web1,unknown", NotFoundError),
        ("web1,,web2", UsageError),
        ("web1,-oProxyCommand=x", UsageError),
        ("web1,u@h;id", UsageError),
        ("@few\n", UsageError),
    ],
)
def test_a_machine_that_cannot_be_meant_stops_before_anything_is_begun(
    tmp_path: Path, target: str, error: type[ShannotError]
) -> None:
    with pytest.raises(error) as found:
        wanted(caller(tmp_path), target, None, None)
    assert "\n" not in str(found.value)


def test_results_stand_in_the_order_of_the_machines() -> None:
    results = do_all(Wanted(HOSTS, 3), fails=frozenset({"web2"}))
    assert [item.host for item in results] == list(HOSTS)
    assert [item.host for item in results if item.error is not None] == ["web2"]


def test_never_more_machines_at_once_than_wanted() -> None:
    lock, at_once = threading.Lock(), [0, 0]
    meet = threading.Barrier(3)

    def do(_host: str) -> int:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        meet.wait(20)  # three are there at once
        with lock:
            at_once[0] -= 1
        meet.wait(20)
        return 0

    results, _ = SideBySide(Wanted(HOSTS[:6], 3), do, bool, lambda _: None).work(lambda: None)
    assert at_once[1] == 3
    assert all(item.value == 0 for item in results)


def test_after_too_many_failures_no_further_machine_is_begun() -> None:
    results = do_all(Wanted(HOSTS, 1, 1), fails=frozenset({"web1"}), bad=frozenset({"web3"}))
    begun = [item.host for item in results if item.value is not None or item.error is not None]
    assert begun == ["web0", "web1", "web2", "web3"]


def test_a_dead_machine_holds_up_no_other_one() -> None:
    others_are_over = threading.Event()
    over: list[str] = []

    def do(host: str) -> int:
        if host == "web0":
            assert others_are_over.wait(20)
            raise ShannotError("web0: dead")
        return 0

    def told(found: HostResult[int]) -> None:
        over.append(found.host)
        if len(over) == 7:
            others_are_over.set()

    results, _ = SideBySide(Wanted(HOSTS, 2), do, bool, told).work(lambda: None)
    assert over[-1] == "web0"
    assert str(results[0].error) == "web0: dead"


def test_a_mistake_of_ours_on_one_machine_is_not_taken_for_its_failure() -> None:
    def do(host: str) -> int:
        raise ValueError(host)

    with pytest.raises(ValueError, match="web0"):
        SideBySide(Wanted(HOSTS, 1), do, bool, lambda _: None).work(lambda: None)


def test_a_record_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    runs = GroupRuns(str(tmp_path / "state"))
    assert runs.ids() == []
    runs.add(RUN)
    assert runs.find("20261124-14") == RUN
    path = tmp_path / "state" / "groups" / f"{RUN.id}.json"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NotFoundError):
        runs.find("2027")
    with pytest.raises(UsageError):
        runs.find("../../etc")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{" * 100_000,
        '{"format": 2}',
        (
            '{"format": 1, "id": "20261124-141503-other-7f3a", "created": 1, "script": "x",'
            ' "sessions": {}}'
        ),
        (
            f'{{"format": 1, "id": "{RUN.id}", "created": 1, "script": "x",'
            ' "sessions": {"web1": "../../x"}}'
        ),
        f'{{"format": 1, "id": "{RUN.id}", "created": 1, "script": "x", "sessions": {{"a": 1}}}}',
        " " * (2 << 20),
    ],
)
def test_a_record_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    runs = GroupRuns(str(tmp_path / "state"))
    runs.add(RUN)
    (tmp_path / "state" / "groups" / f"{RUN.id}.json").write_text(text)
    with pytest.raises(MalformedError):
        runs.find(RUN.id)


def test_records_stay_out_of_a_directory_that_others_can_enter(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(0o700)
    (tmp_path / "state" / "groups").mkdir(0o755)
    (tmp_path / "state" / "groups").chmod(0o755)
    with pytest.raises(RefusedError):
        GroupRuns(str(tmp_path / "state")).add(RUN)
