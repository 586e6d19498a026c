from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shannot.effects import plan as plans
from shannot.effects.codec import from_json, plain_write, to_json
from shannot.effects.document import Document, MalformedError, dump, parse
from shannot.effects.model import Effect, Fingerprint, WriteFile
from shannot.effects.plan import Plan, digest, waiting
from tests.effects.samples import EACH, EFFECTS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def back(effect: Effect) -> Effect:
    return from_json(parse(dump(to_json(effect)).encode("ascii"), "there"))


@pytest.mark.parametrize("effect", EACH, ids=lambda effect: type(effect).__name__)
def test_every_effect_comes_back_as_it_was(effect: Effect) -> None:
    assert back(effect) == effect


@given(EFFECTS)
def test_any_effect_comes_back_as_it_was(effect: Effect) -> None:
    assert back(effect) == effect


def test_a_plan_comes_back_with_the_same_digest() -> None:
    plan = Plan(EACH, False, ("stopped by the time limit",))
    again = plans.from_json(parse(dump(plans.to_json(plan)).encode(), "there"))
    assert again == plan
    assert digest(again) == digest(plan)


@given(st.lists(EFFECTS, min_size=1, max_size=4), st.data())
def test_another_plan_has_another_digest(effects: list[Effect], data: st.DataObject) -> None:
    plan = Plan(tuple(effects))
    other = data.draw(st.lists(EFFECTS, max_size=4).map(tuple).filter(lambda e: e != plan.effects))
    assert digest(plan) != digest(Plan(other))
    assert digest(plan) != digest(Plan(plan.effects, complete=False))
    assert digest(plan) != digest(Plan(plan.effects, notes=("x",)))


def test_only_a_done_command_does_not_wait() -> None:
    from tests.effects.samples import command

    plan = Plan((EACH[0], command("a", state="done"), command("b"), command("c", state="assumed")))
    assert waiting(plan) == (1, 3, 4)


def mutations(value: object) -> Iterator[object]:
    """The value with one thing in it replaced, dropped or added, at every place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: item for name, item in value.items() if name != key}
            for changed in mutations(inner):
                yield {**value, key: changed}
        yield {**value, "extra": 1}
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            for changed in mutations(inner):
                yield [*value[:number], changed, *value[number + 1 :]]
    yield from (3.5, True, [], {}, -(1 << 70), 1 << 70, "\0", "\ud800", "x" * 300_000)


@pytest.mark.parametrize("effect", EACH, ids=lambda effect: type(effect).__name__)
def test_a_changed_effect_is_refused_or_is_another_effect(effect: Effect) -> None:
    plain = to_json(effect)
    for changed in mutations(plain):
        try:
            other = from_json(Document(changed, "there"))
        except MalformedError as error:
            message = str(error)
        else:
            message = ""
            assert other != effect or changed == plain
        assert "\n" not in message
        assert len(message) < 600


@pytest.mark.parametrize(
    "path",
    ["", "/", "a", "./a", "/a/", "//a", "/a//b", "/a/./b", "/a/../b", "/..", "/a\0",
     "/" + "n" * 256, "/\udcc3\udca9", "/\ud83d", 7, None],
)  # fmt: skip
def test_a_path_that_is_not_absolute_and_normalised_is_refused(path: object) -> None:
    plain = to_json(EACH[0])
    assert isinstance(plain, dict)
    with pytest.raises(MalformedError, match="path"):
        from_json(Document({**plain, "path": path}, "there"))


@pytest.mark.parametrize(
    "sha", [None, 0, [], "AB" * 32, "ab" * 31, "ab" * 32 + "\n", "../" * 21 + "a", 5]
)
def test_a_hash_that_is_none_is_refused(sha: object) -> None:
    plain = to_json(EACH[-1])
    assert isinstance(plain, dict)
    with pytest.raises(MalformedError, match="SHA-256"):
        from_json(Document({**plain, "executable_sha256": sha}, "there"))


@pytest.mark.parametrize(
    "paths", [["a/b"], ["a", "a"], ["a/b", "a"], ["f", "f/x"], ["../x"], ["/x"]], ids=str
)
def test_entries_that_are_no_tree_are_refused(paths: list[str]) -> None:
    kinds = {"a": "directory"}
    entries = [
        {
            "path": path,
            "fingerprint": {
                "kind": kinds.get(path, "file"),
                "mode": 0,
                "sha256": "" if path in kinds else "ab" * 32,
                "size": 0,
            },
        }
        for path in paths
    ]
    plain = to_json(EACH[3])
    assert isinstance(plain, dict)
    with pytest.raises(MalformedError):
        from_json(Document({**plain, "entries": entries}, "there"))


@pytest.mark.parametrize(
    "unread",
    [
        {"path": "y", "kind": "file", "below": 0, "sha256": ""},  # it was read
        {"path": "../x", "kind": "file", "below": 0, "sha256": ""},
        {"path": "q/x", "kind": "file", "below": 0, "sha256": ""},
        {"path": "x", "kind": "door", "below": 0, "sha256": ""},
        {"path": "x", "kind": "file", "below": 1, "sha256": ""},
        {"path": "x", "kind": "file", "below": 0, "sha256": "ab" * 32},
        {"path": "x", "kind": "directory", "below": 0, "sha256": ""},
        {"path": "x", "kind": "file", "below": 0},
    ],
    ids=str,
)
def test_what_moves_along_unread_is_checked_as_well(unread: dict[str, object]) -> None:
    plain = to_json(EACH[8])
    assert isinstance(plain, dict)
    with pytest.raises(MalformedError):
        from_json(Document({**plain, "unread": [unread]}, "there"))


def test_a_move_into_itself_is_refused() -> None:
    plain = to_json(EACH[8])
    assert isinstance(plain, dict)
    with pytest.raises(MalformedError, match="lies in the other"):
        from_json(Document({**plain, "path": "/srv/j/inside"}, "there"))


def test_an_unknown_effect_and_a_newer_format_are_named() -> None:
    with pytest.raises(MalformedError, match="unknown effect 'Explode'"):
        from_json(Document({"effect": "Explode"}, "there"))
    with pytest.raises(MalformedError, match="newer shannot"):
        plans.from_json(Document({"format": 2}, "there"))


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"NaN", b'{"a":Infinity}', b"[" * 100_000, b"\xff", b"9" * 5000]
)
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(text, "there")


@given(JSON)
def test_any_json_is_refused_or_read_and_never_a_traceback(value: object) -> None:
    for name in ("WriteFile", "RunCommand", "MovePath"):
        document = {"effect": name, "path": value, "argv": value, "before": value, "source": value}
        with pytest.raises(MalformedError):
            from_json(Document(document, "there"))
    with pytest.raises(MalformedError):
        plans.from_json(Document({"format": 1, "effects": [value], "complete": value}, "there"))


def test_json_text_is_ascii_even_for_undecodable_names() -> None:
    text = dump(to_json(EACH[0]))
    assert text.isascii()
    assert json.loads(text)["path"] == EACH[0].path  # type: ignore[union-attr]


@pytest.mark.parametrize("effect", EACH, ids=lambda effect: type(effect).__name__)
def test_what_is_told_at_a_look_is_what_a_close_look_tells(effect: Effect) -> None:
    for changed in [to_json(effect), *mutations(to_json(effect))]:
        quick = plain_write(changed)
        if quick is not None:
            assert from_json(Document(changed, "there")) == quick


def test_a_written_file_without_anything_unusual_is_told_at_a_look() -> None:
    after = Fingerprint("file", 0o644, "ab" * 32, 7)
    for effect in (WriteFile("/srv/x", None, after), WriteFile("/srv/x", after, after)):
        assert plain_write(to_json(effect)) == effect
