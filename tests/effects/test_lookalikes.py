"""A word that mixes alphabets is named, its strangers spelt out; honest words never are."""

from __future__ import annotations

import pytest

from shannot.effects.lookalikes import MAX_WORDS, lookalikes
from shannot.effects.model import MakeDirectory, MakeLink, RunCommand
from shannot.effects.plan import Plan
from shannot.effects.warnings import warnings
from tests.sessions.worlds import shell_command


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/srv/p\u0430ypal.conf", "Cyrillic and Latin: p\\u0430ypal"),
        ("--url=g\u03bf\u03bfgle", "Greek and Latin: g\\u03bf\\u03bfgle"),
        ("\u0430\u0441e", "Cyrillic and Latin: \\u0430\\u0441e"),
        ("etc\uff41", "Fullwidth and Latin: etc\\uff41"),
        ("\u0430\u03bf", "Cyrillic and Greek"),
    ],
)
def test_a_word_of_two_alphabets_is_named(text: str, told: str) -> None:
    (line,) = lookalikes(text)
    assert told in line
    assert line.startswith("mixes letters that look alike")


@pytest.mark.parametrize(
    "text",
    [
        "/home/me/plain-ascii_words.txt",
        "/srv/\u043e\u0442\u0447\u0451\u0442/2026.txt",
        "/srv/caf\u00e9/na\u00efve\u017e",
        "/srv/\u03bb\u03cc\u03b3\u03bf\u03c2-v2",
        "/srv/\u65e5\u672c\u8a9eabc\u30ab\u30ca",
        "report-\u043e\u0442\u0447\u0451\u0442.txt",
        "10\u00b5m",
        "\u2028\ud800\U0001f600",
        "",
    ],
)
def test_words_of_one_alphabet_are_not(text: str) -> None:
    assert list(lookalikes(text)) == []


def test_what_is_named_is_bounded_and_shows_nothing_invisible() -> None:
    words = " ".join(f"a{'b' * 200}\u0430{number}" for number in range(50))
    told = list(lookalikes(words))
    assert len(told) == MAX_WORDS
    assert all(len(line) < 200 and line.isprintable() for line in told)
    assert list(lookalikes("x" * (1 << 20) + " p\u0430y")) == []


def test_a_plan_warns_of_paths_targets_and_words_of_commands() -> None:
    command: RunCommand = shell_command(("true", "p\u0430y"), "/")
    plan = Plan(
        (
            MakeDirectory("/srv/p\u0430y", 0o755),
            MakeLink("/srv/link", "/p\u0430y"),
            command,
            MakeDirectory("/srv/pay", 0o755),
        )
    )
    alike = ["look alike" in " ".join(lines) for lines in warnings(plan)]
    assert alike == [True, True, True, False]
