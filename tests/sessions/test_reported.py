"""What an operator's execution came to, as it is told: in short, and read as an enemy's."""

from __future__ import annotations

import pytest

from shannot.effects.document import Document, MalformedError
from shannot.sessions.model import EffectResult
from shannot.sessions.reported import report, report_from_json


def test_what_is_told_is_what_was_done_and_not_what_was_printed() -> None:
    results = [
        EffectResult(1, "done"),
        EffectResult(2, "done", exit_status=0, stdout_size=7),
        EffectResult(4, "failed", "it ended", 3, 10, 20),
        EffectResult(5, "skipped", "m" * 9000),
    ]
    told = report_from_json(Document(report(results), "here"), 5)
    assert [result.number for result in told] == [1, 2, 4, 5]
    assert told[2] == EffectResult(4, "failed", "it ended", 3)
    assert len(told[3].message) == 500


def test_a_plan_of_any_size_is_told_in_few_bytes() -> None:
    results = [EffectResult(number, "done") for number in range(1, 100_001)]
    results += [EffectResult(number, "failed", "x") for number in range(100_001, 100_500)]
    told = report(results)
    assert told["done"] == [[1, 100_000]]
    assert len(report_from_json(Document(told, "here"), 100_499)) == 100_100


@pytest.mark.parametrize(
    "told",
    [
        {"done": [[1, 6]], "others": []},
        {"done": [[0, 1]], "others": []},
        {"done": [[2, 1]], "others": []},
        {"done": [[True, 1]], "others": []},
        {"done": [1], "others": []},
        {"done": [[1, 1]], "others": [report([EffectResult(1, "failed")])["others"]]},
        {"done": [], "others": report([EffectResult(6, "failed")])["others"]},
        {"done": [[1, 1]], "others": report([EffectResult(1, "failed")])["others"]},
        {"done": [], "others": [], "more": 1},
        {"done": []},
    ],
)
def test_what_cannot_be_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(MalformedError):
        report_from_json(Document(told, "here"), 5)
