"""The review on the screen, key by key, over a real store."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from shannot.effects.plan import digest
from shannot.tui.app import App
from shannot.tui.cells import length, text_of
from shannot.tui.desk import Desk
from shannot.tui.session_view import SessionView
from tests.sessions.worlds import World
from tests.tui.screens import Reviewer, furnished


@pytest.fixture
def world(tmp_path: Path) -> World:
    return furnished(tmp_path)


def only(world: World) -> str:
    (found,) = world.store.ids()
    return found


def test_the_one_session_that_waits_is_open_at_once(world: World) -> None:
    text = Reviewer(world).text()
    assert only(world) in text
    assert "[x]     1 !  write" in text


def test_everything_about_a_session_can_be_seen(world: World) -> None:
    text = Reviewer(world, (119, 24)).whole()
    for expected in (
        "fix nginx.py a $'\\xff'", "- | line 20", "+ | line twenty", "delete    ", "- | gone",
        "[x]     3", "run       sh -c", "in | given", "shell line", "end of the plan: 3 effects",
        str(world.tree / "app.conf"), digest(world.store.load(only(world)).plan),
    ):  # fmt: skip
        assert expected in text


def test_what_was_looked_at_whole_is_approved_as_it_was_shown(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.whole()
    text = reviewer.press("a")
    assert "all 3 effects" in text
    assert "commands that run on this machine: effect 3" in text
    assert "not looked at" not in text
    assert "approved: effects 1-3" in reviewer.press("y")
    session = world.store.load(only(world))
    assert session.state == "approved"
    assert session.decision is not None
    assert session.decision.digest == digest(session.plan)
    assert session.decision.person.where == "/dev/pts/7"


def test_the_number_of_one_command_is_not_taken_for_a_count_of_three(world: World) -> None:
    lines = [line.strip(" >") for line in Reviewer(world).press("a").splitlines()]
    assert "commands that run on this machine: effect 3" in lines
    assert not [line for line in lines if line.endswith("machine: 3")]


def test_what_was_not_looked_at_is_said_before_the_approval(world: World) -> None:
    assert "not looked at from beginning to end: effects 2-3" in Reviewer(world).press("a")


def test_no_key_but_yes_approves(world: World) -> None:
    reviewer = Reviewer(world)
    for key in ("n", "q", "escape", "ctrl-c", "Y", "enter", "space"):
        if reviewer.app.views:
            reviewer.press("a", key)
        assert world.store.load(only(world)).state == "pending"
        reviewer = Reviewer(world)


def test_an_effect_can_be_left_out_and_what_needs_it_is_said(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.press("]")
    assert "[ ]     1" in reviewer.press("t")
    text = reviewer.press("a")
    assert "only 2 of 3 effects: 2-3" in text
    assert "left out: effect 1" in text
    assert "effect 3 may need effect 1" in text
    reviewer.press("y")
    session = world.store.load(only(world))
    assert session.decision is not None
    assert session.decision.effects == (2, 3)


def test_all_can_be_left_out_and_taken_again(world: World) -> None:
    reviewer = Reviewer(world)
    assert "0 chosen" in reviewer.press("T")
    assert "no effect is chosen" in reviewer.press("a")
    assert "3 chosen" in reviewer.press("T")


def test_folding_leaves_a_count_and_the_warnings(world: World) -> None:
    reviewer = Reviewer(world)
    text = reviewer.press("z")
    assert text.count("lines folded away: Tab shows them") == 3
    assert "runs a shell line" in text
    assert "+ | line twenty" not in text
    assert "not looked at" in reviewer.press("a")
    reviewer.press("n", "]")
    assert "+ | line twenty" in reviewer.press("tab")
    assert "folded away" not in reviewer.press("z", "g")


def test_a_rejection_takes_a_reason_and_escape_takes_it_back(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.press("r", "n", "o", "escape")
    assert world.store.load(only(world)).state == "pending"
    reviewer.press("r")
    assert "rejected" in reviewer.type("too wide")
    session = world.store.load(only(world))
    assert session.state == "rejected"
    assert session.decision is not None
    assert session.decision.reason == "too wide"


def test_executed_with_progress_output_and_results_then_rolled_back(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.press("x", "y")
    text = reviewer.work()
    assert "    1  write" in text
    assert "  out | line 39" in text
    assert "  err | careful" in text
    assert "executed: 3 done, 0 not" in text
    assert "line twenty" in (world.tree / "app.conf").read_text()
    text = reviewer.press("q")
    assert "executed" in text
    assert "=> | done" in text
    text = reviewer.press("R")
    assert "not undone: what effect 3 did" in text
    reviewer.press("y")
    assert "rolled-back" in reviewer.work()
    assert "line 20\n" in (world.tree / "app.conf").read_text()
    assert (world.tree / "old").read_text() == "gone\n"


def test_a_conflict_changes_nothing_and_is_named(world: World) -> None:
    (world.tree / "old").write_text("somebody else's\n")
    reviewer = Reviewer(world)
    reviewer.press("x", "y")
    assert "nothing was changed" in reviewer.work()
    assert "line 20\n" in (world.tree / "app.conf").read_text()
    assert "approved" in reviewer.press("q")


def test_a_command_that_failed_is_redone_or_skipped_only_when_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    recorder = world.recorder()
    recorder.run("sh", "-c", "test -e ready")
    recorder.write("new", b"x")
    world.recorded(recorder)
    reviewer = Reviewer(world)
    reviewer.press("x", "y")
    assert "failed: it ended with exit status 1" in reviewer.work()
    text = reviewer.press("q", "x")
    assert "R run such a command again" in text
    (world.tree / "ready").write_text("")
    reviewer.press("R")
    assert "executed: 2 done" in reviewer.work()


def test_of_two_reviewers_one_wins_and_the_other_is_told(world: World) -> None:
    first, second = Reviewer(world), Reviewer(world)
    second.press("a")
    first.press("r")
    first.type("no")
    text = second.press("y")
    assert "is rejected and cannot be approved" in text
    assert "rejected" in second.shown()[0]
    assert world.store.load(only(world)).state == "rejected"


def test_a_plan_that_is_another_one_by_now_is_not_approved(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.press("a")
    place = world.state / "sessions" / only(world)
    plan = (place / "plan.json").read_bytes().replace(b"twenty", b"21")
    head = json.loads((place / "session.json").read_text())
    swapped = plan.replace(b'"complete":true', b'"complete":false')
    (place / "plan.json").write_bytes(swapped)
    head["plan_digest"], head["complete"] = sha256(swapped).hexdigest(), False
    (place / "session.json").write_text(json.dumps(head))
    text = reviewer.press("y")
    assert "not the one that was shown" in text or "another one by now" in text
    assert world.store.load(only(world)).state == "pending"


def test_the_script_has_line_numbers_and_its_output_is_there(world: World) -> None:
    reviewer = Reviewer(world)
    assert "1 | print('hello')" in reviewer.press("s")
    assert "| out" in reviewer.press("q", "o")


def test_a_search_finds_across_effects_and_says_when_it_does_not(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.press("/")
    text = reviewer.type("twenty")
    assert "+ | line twenty" in text
    assert any("match" in s.style for row in reviewer.rows() for s in row)
    reviewer.press("/")
    assert "not found: nowhere" in reviewer.type("nowhere")


def test_the_list_names_states_and_counts_what_it_leaves_out(world: World) -> None:
    other = world.session()
    reviewer = Reviewer(world, (300, 24))
    assert "2" in reviewer.shown()[0]
    reviewer.desk.reject(other.id, "x")
    text = reviewer.press("R")
    assert "1, 1 more (A)" in text
    assert "rejected" in reviewer.press("A")
    broken = world.state / "sessions" / other.id / "session.json"
    broken.write_bytes(b'{"\x1b[2J')
    reviewer.press("R")
    assert "valid JSON" in reviewer.press("G")


def test_help_names_every_key_of_the_view(world: World) -> None:
    text = Reviewer(world, (100, 40)).press("?")
    for word in ("approve", "reject", "fold", "search", "roll back", "script"):
        assert word in text


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (20, 5), (10, 3), (3, 2), (1, 1)])
def test_any_size_shows_exactly_as_many_cells(world: World, size: tuple[int, int]) -> None:
    reviewer = Reviewer(world, size)
    for key in ("space", "G", "?", "q", "s", "q", "a", "n", "v", "w", "l", "z", "q"):
        reviewer.press(key)
        rows = reviewer.rows()
        assert len(rows) == size[1]
        assert {length(row) for row in rows} == {size[0]}


def test_ten_thousand_effects_read_only_what_is_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    recorder = world.recorder()
    recorder.write("same", b"x\n")
    world.session(recorder.effects * 10_000, recorder.contents)
    asked: list[int] = []
    reviewer = Reviewer(world)
    assert "10000 effects" in reviewer.shown()[0]
    diff = Desk.diff
    monkeypatch.setattr(Desk, "diff", lambda *words: (asked.append(words[2]), diff(*words))[1])
    reviewer.press("space", "space", "G")
    assert "end of the plan: 10000 effects" in reviewer.text()
    assert 0 < len(asked) < 100
    reviewer.press("g", "z")
    assert "[x]     1" in reviewer.press("]")
    assert len(asked) < 200


def test_what_a_command_printed_is_there_after_it_was_executed(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.whole()
    reviewer.press("x", "y")
    reviewer.work()
    text = reviewer.press("q") and reviewer.whole()
    assert "  out | line 39" in text
    assert "  err | careful" in text


def test_a_long_message_is_shown_to_its_end(world: World) -> None:
    reviewer = Reviewer(world, (40, 12))
    message = " ".join(f"word{n}" for n in range(20))
    reviewer.app.say(message)
    shown = "".join(line.ljust(40) for line in reviewer.shown())
    assert message in shown
    assert len(reviewer.rows()) == 12
    assert "word19" not in reviewer.press("j"), "until the next key"


def test_a_question_is_answered_only_when_all_of_it_was_on_the_screen(world: World) -> None:
    reviewer = Reviewer(world, (40, 6))
    reviewer.press("x")
    assert "read it to its end first" in " ".join(reviewer.press("y").split())
    assert world.store.load(only(world)).state == "pending"
    for _ in range(10):
        reviewer.press("space")
    reviewer.press("y")
    assert world.store.load(only(world)).state == "approved"
    reviewer.app.leave()


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (12, 3), (14, 9)])
def test_what_finds_no_room_on_the_screen_is_not_taken_as_seen(
    world: World, size: tuple[int, int]
) -> None:
    reviewer = Reviewer(world, size)
    for _ in range(400):
        reviewer.press("j")
    view = reviewer.app.views[-1]
    assert isinstance(view, SessionView)
    assert view.unseen() == (1, 2, 3)


def test_what_goes_on_beyond_the_edge_is_not_taken_as_seen(world: World) -> None:
    reviewer = Reviewer(world, (60, 24))
    reviewer.press("w")
    reviewer.whole()
    assert "not looked at from beginning to end: effect" in reviewer.press("a")
    reviewer.press("n", "w")
    reviewer.whole()
    assert "not looked at" not in reviewer.press("a")


def test_the_verb_of_an_effect_is_found_by_a_search(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.press("/")
    assert ">[x]     2    delete" in reviewer.type("delete")


def test_until_when_an_approval_holds_is_shown(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.press("a", "y")
    assert " expires     " in reviewer.press("g")


def test_an_approval_that_was_exchanged_since_it_was_shown_executes_nothing(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.press("t", "]", "t", "a", "y")
    shown = reviewer.press("x")
    assert "approved: effects 2-3" in shown
    desk, session = reviewer.desk, only(world)
    desk.approve(desk.review(session), (1, 2, 3))
    reviewer.press("y")
    assert "was decided about anew" in reviewer.work()
    assert (world.tree / "old").exists()
    assert world.store.load(session).state == "approved"


def test_a_long_search_says_so_and_the_key_that_ends_it_does_nothing_else(world: World) -> None:
    pressed = [False, False, True]
    forgotten: list[str] = []
    painted: list[str] = []
    reviewer = Reviewer(world)
    app = App(lambda: pressed.pop(0), lambda: forgotten.append("keys"))
    app.repaint = lambda: painted.append(text_of(app.frame(80, 24)[-1]))
    app.push(reviewer.app.views[-1])
    reviewer.app = app
    clock = iter(range(100))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shannot.tui.app.time.monotonic", lambda: float(next(clock)))
        forgotten.clear()
        reviewer.press("/")
        assert "the search was broken off" in reviewer.type("nowhere")
    assert forgotten == ["keys"]
    assert [line.strip() for line in painted] == ["searching; any key ends it"]
    pressed += [False] * 99
    reviewer.press("/")
    assert "searching" not in reviewer.type("twenty")


def test_nothing_is_marked_to_be_done_of_a_session_that_is_over(world: World) -> None:
    reviewer = Reviewer(world)
    assert "[x]" in reviewer.text()
    reviewer.press("r")
    text = reviewer.type("no")
    assert "[x]" not in text
    assert "chosen" not in text
    assert "nothing to choose here" in reviewer.press("]", "t")


def test_on_a_narrow_screen_help_and_the_way_out_stay_in_sight(world: World) -> None:
    reviewer = Reviewer(world, (40, 12))
    assert reviewer.shown()[-1] == "space page  t toggle  ? help  q back"
    reviewer.size = (30, 12)
    assert reviewer.shown()[-1] == "space page  ? help  q back"


def test_what_was_approved_too_long_ago_is_asked_about_anew(world: World) -> None:
    reviewer = Reviewer(world)
    reviewer.press("a", "y", "q")
    head = Path(world.store.root, only(world), "session.json")
    document = json.loads(head.read_bytes())
    document["decision"]["expires"] = 1
    head.write_text(json.dumps(document))
    reviewer = Reviewer(world)
    assert " expired     1970" in reviewer.text()
    assert "Approve and execute?" in reviewer.press("x")
    reviewer.press("y")
    assert "executed: 3 done, 0 not" in reviewer.work()
