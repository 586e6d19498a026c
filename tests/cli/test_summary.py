from __future__ import annotations

from collections.abc import Mapping, Sequence

from shannot.cli.summary import lines
from shannot.effects.model import DeletePath, Effect, Fingerprint, MakeDirectory, RunCommand
from shannot.sandbox.spec import Outcome
from shannot.sandbox.streams import Output
from shannot.workflows.run import Report


def report(
    effects: Sequence[Effect] = (),
    *,
    limit: str | None = None,
    sockets: Mapping[str, int] | None = None,
    missing: Sequence[bytes] = (),
    session: str | None = None,
    denied: Sequence[tuple[tuple[str, ...], str, str]] = (),
    notes: Sequence[str] = (),
) -> Report:
    outcome = Outcome(0, limit, sockets or {}, {}, missing)
    waiting = len(effects) if session else 0
    return Report(outcome, Output(False), effects, denied, notes, session, waiting)


def run(state: str, **more: object) -> RunCommand:
    return RunCommand(
        ("ls", "a b"),
        "/",
        (("TOKEN", "s3cret"),),
        "/bin/ls",
        "a" * 64,
        "ask",
        "",
        "r",
        state,
        **more,
    )  # type: ignore[arg-type]


def test_every_fact_is_one_line() -> None:
    found = lines(
        report(
            [MakeDirectory("/srv/\x1b", 0o755), run("assumed"), run("done", exit_status=2)],
            limit="memory",
            sockets={"AF_INET": 2},
            missing=[b"/opt/x y\xff"],
            session="20261124-141503-x-7f3a",
            denied=[(("rm", "-rf", "/"), "rm -rf /", "It destroys the machine.")],
        )
    )
    assert found == [
        "shannot: ended: the script reached its limit of memory (--memory)",
        "shannot: incomplete: what follows is only what it did until then",
        "shannot: makes the directory /srv/\\x1b",
        "shannot: asks to run ls 'a b' (assumed to succeed)",
        "shannot: ran ls 'a b' on this machine (exit status 2)",
        "shannot: denied rm -rf /: It destroys the machine.",
        "shannot: refused socket call AF_INET, 2 times: sockets do not exist here",
        "shannot: not mapped: /opt/x y\\xff (`--map $'/opt/x y\\xff'` shows it)",
        "shannot: 3 effects wait for approval in session 20261124-141503-x-7f3a",
        "shannot: next: shannot show 20261124-141503-x-7f3a",
        "shannot: then: shannot approve 20261124-141503-x-7f3a --execute",
    ]
    assert not any("s3cret" in line for line in found)


def test_a_long_plan_is_counted_but_no_deletion_and_no_command_is_folded_away() -> None:
    many: list[Effect] = [MakeDirectory(f"/d{number}", 0o755) for number in range(500)]
    found = lines(
        report([*many, DeletePath("/x", Fingerprint("file", 0, "a" * 64)), run("queued")])
    )
    assert found == [
        "shannot: makes 500 paths (`shannot show` names them)",
        "shannot: deletes /x",
        "shannot: asks to run ls 'a b' (the script was told that it failed)",
    ]


def test_places_of_the_system_are_shown_by_the_system_view() -> None:
    found = lines(report(missing=[b"/proc/meminfo", b"/processes"]))
    assert found == [
        "shannot: not mapped: /proc/meminfo",
        "shannot: not mapped: /processes (`--map /processes` shows it)",
        "shannot: `shannot run --view system` shows the whole machine read-only",
    ]


def test_notes_are_escaped_like_everything_else() -> None:
    assert lines(report(notes=["a\x1b[2J\nb"])) == ["shannot: a\\x1b[2J\\nb"]


def test_what_is_hidden_is_told_without_a_way_to_show_it() -> None:
    found = report()
    found.outcome.hidden = [b"/home/a/.ssh"]
    found.outcome.faults = ("openat: KeyError at files.py:1",)
    assert lines(found) == [
        (
            "shannot: hidden: /home/a/.ssh"
            " (keys, tokens, histories and what a map hides are not shown to scripts)"
        ),
        "shannot: a mistake in shannot, please report it: openat: KeyError at files.py:1",
    ]
