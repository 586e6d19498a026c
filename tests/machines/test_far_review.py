"""The document of another machine's session: what is believed of it, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from shannot.effects.document import Document, MalformedError
from shannot.errors import RefusedError, ShannotError
from shannot.workflows.far import result_of
from shannot.workflows.far_review import read_review
from shannot.workflows.far_run import read_report
from shannot.workflows.review import Review
from tests.cli.places import Place


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = Place(tmp_path_factory.mktemp("there"))
    session = place.session(commands=(("systemctl", "reload", "nginx"),))
    found: dict[str, Any] = json.loads(place.shannot("show", "--json", session).stdout)["result"]
    return found


def read(shown: dict[str, Any], **changed: object) -> Review:
    document = Document({**copy.deepcopy(shown), **changed}, "web")
    return read_review(document, shown["id"]).review


def test_a_plan_that_came_has_the_digest_of_what_it_says(shown: dict[str, Any]) -> None:
    assert read(shown).digest == shown["digest"]


@pytest.mark.parametrize("name", ["path", "argv"])
def test_a_plan_that_shows_something_else_than_its_digest_is_refused(
    shown: dict[str, Any], name: str
) -> None:
    other = copy.deepcopy(shown)
    for effect in other["effects"]:
        if name in effect:
            effect[name] = "/etc/motd" if name == "path" else ["true"]
            break
    else:
        raise AssertionError(name)
    with pytest.raises(RefusedError, match="digest"):
        read(other)


def test_another_session_than_was_asked_for_is_refused(shown: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        read_review(Document(copy.deepcopy(shown), "web"), "20261124-141503-other-7f3a")


def test_warnings_and_dangers_are_computed_and_not_believed(shown: dict[str, Any]) -> None:
    silent = copy.deepcopy(shown)
    for effect in silent["effects"]:
        effect["warnings"], effect["dangers"], effect["danger"] = [], [], "none"
    assert [(e.warnings, e.dangers) for e in read(silent).effects] == [
        (e.warnings, e.dangers) for e in read(shown).effects
    ]
    assert any(e.dangers for e in read(silent).effects)


def test_an_input_that_is_not_the_plan_s_is_refused(shown: dict[str, Any]) -> None:
    other = copy.deepcopy(shown)
    (effect,) = (item for item in other["effects"] if item["stdin"] is not None)
    effect["stdin"] = {"text": "echo harmless\n"}
    with pytest.raises(MalformedError, match="input"):
        read(other)


WRONG: list[dict[str, Any]] = [
    {"effects": None},
    {"effects": [1]},
    {"effects": [{"number": 1}]},
    {"digest": "0" * 64},
    {"digest": None},
    {"id": "../../x"},
    {"state": "approved", "decision": None},
    {"state": "fine"},
    {"complete": "yes"},
    {"notes": "text"},
    {"outcome": {}},
    {"directory": "relative"},
    {"history": [{}]},
    {"script": []},
]


@pytest.mark.parametrize("changed", WRONG, ids=str)
def test_a_wrong_document_is_one_clear_error(
    shown: dict[str, Any], changed: dict[str, Any]
) -> None:
    with pytest.raises(ShannotError):
        read(shown, **changed)


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"error": 1}, {"error": {"kind": "X"}}, {"result": 7}]
)
def test_an_envelope_that_is_none_is_one_clear_error(document: object) -> None:
    with pytest.raises(ShannotError):
        result_of(document, "web")


def test_an_error_there_keeps_its_kind_and_exit_code() -> None:
    error = {"kind": "LifecycleError", "message": "it is executed", "exit_code": 1}
    with pytest.raises(ShannotError, match="web: it is executed") as caught:
        result_of({"ok": False, "error": error}, "web")
    assert caught.value.exit_code == 1
    with pytest.raises(MalformedError):
        result_of({"error": {**error, "exit_code": 0}}, "web")


def test_a_report_that_says_nonsense_is_one_clear_error(tmp_path: Path) -> None:
    place = Place(tmp_path)
    right = json.loads(place.shannot("run", "--json", "-c", "print(1)").stdout)["result"]
    assert read_report(Document(right, "web"), 0).is_silent()
    for changed in (
        {"session": "-x"}, {"waiting": 3}, {"effects": [{}]}, {"missing": ["\ud800"]},
        {"calls_refused": {"a": -1}}, {"left_out": {"a": 1}}, {"denied": [{}]}, {"limit": 1},
    ):  # fmt: skip
        with pytest.raises(MalformedError):
            read_report(Document({**right, **changed}, "web"), 0)
