from __future__ import annotations

from dataclasses import replace

import pytest

from shannot.effects.dependencies import closure, find_gaps
from shannot.effects.model import (
    ChangeMode,
    DeletePath,
    Effect,
    Entry,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    WriteFile,
)
from shannot.effects.plan import Plan
from tests.effects.samples import command

FILE = Fingerprint("file", 0o644, "0" * 64, 3)
DIRECTORY = Fingerprint("directory", 0o755)


def write(path: str) -> WriteFile:
    return WriteFile(path, None, FILE)


def delete(path: str, *below: str) -> DeletePath:
    return DeletePath(path, DIRECTORY, tuple(Entry(name, FILE) for name in below))


@pytest.mark.parametrize(
    ("left_out", "chosen", "reason"),
    [
        (MakeDirectory("/d", 0o755), write("/d/f"), "the directory that it works in"),
        (MakeDirectory("/d", 0o755), write("/d/e/f"), "the directory that it works in"),
        (write("/d/f"), delete("/d", "f"), "that changes what is in the directory"),
        (write("/f"), ChangeMode("/f", 0o644, 0o600), "what it finds at its path"),
        (write("/f"), MakeLink("/g", "/f", hard=True), "what it finds at its path"),
        (delete("/d", "f"), MakeDirectory("/d", 0o700), "what it finds at its path"),
        (MovePath("/a", "/b", FILE), write("/a"), "what it finds at its path"),
        (MovePath("/a", "/b", FILE), ChangeMode("/b", 0o644, 0), "what it finds at its path"),
        (
            write("/bin/tool"),
            replace(command("x"), executable="/bin/tool"),
            "that leaves the program",
        ),
        (MakeDirectory("/srv", 0o755), command("x", directory="/srv"), "that it runs in"),
    ],
)
def test_what_certainly_rests_on_an_effect_that_is_left_out_is_named(
    left_out: Effect, chosen: Effect, reason: str
) -> None:
    plan = Plan((left_out, chosen))
    (gap,) = find_gaps(plan, [2])
    assert (gap.number, gap.missing, gap.certain) == (2, 1, True)
    assert reason in gap.reason
    assert str(gap).startswith("effect 2 needs effect 1, which is left out: ")
    assert closure(plan, [2]) == (1, 2)
    assert find_gaps(plan, [1, 2]) == find_gaps(plan, [1]) == ()


def test_a_command_that_is_given_a_file_that_is_left_out_may_need_it() -> None:
    plan = Plan((write("/srv/a.conf"), command("cat", "a.conf", directory="/srv")))
    (gap,) = find_gaps(plan, [2])
    assert (gap.missing, gap.certain) == (1, False)
    assert closure(plan, [2]) == (2,)


def test_effects_that_have_nothing_to_do_with_each_other_leave_no_gap() -> None:
    plan = Plan((write("/a"), write("/ab/c"), delete("/d", "x"), command("ls", "/e")))
    assert find_gaps(plan, [4]) == find_gaps(plan, [2]) == find_gaps(plan, [1, 3]) == ()


def test_a_command_that_ran_already_is_not_left_out() -> None:
    plan = Plan((command("touch", "/a", state="done"), write("/a")))
    assert find_gaps(plan, [2]) == ()


def test_gaps_over_several_steps_are_closed() -> None:
    plan = Plan((MakeDirectory("/a", 0o755), MakeDirectory("/a/b", 0o755), write("/a/b/c")))
    assert [gap.missing for gap in find_gaps(plan, [3])] == [2]
    assert closure(plan, [3]) == (1, 2, 3)
