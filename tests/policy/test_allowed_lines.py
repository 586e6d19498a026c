"""Whatever is allowed means to real shells exactly what was matched: one simple command.

The shells are the oracle: each is given the allowed lines, with functions in the place of the
programs that print the words they get. They run among files that a pattern would find.

    SHANNOT_EXAMPLES=100000 python -m pytest tests/policy/test_allowed_lines.py

tries more lines than the suite does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shannot.policy.profile import profile_of
from shannot.policy.verdict import Command, decide

EXAMPLES = int(os.environ.get("SHANNOT_EXAMPLES", "1500"))
NAMES = ["ls", "cat", "grep", "systemctl"]
PROFILE = profile_of(auto_approve=["ls", "cat", "grep", "systemctl status"])
LOOP = (
    r"""while IFS= read -r -d '' line; do eval "$line"; printf '\1\0'; done""",
    # dash cannot read up to NUL; it is given the lines as its parameters.
    r"""for line; do eval "$line"; printf '\1\0'; done""",
)
PIECES = [
    *NAMES, *("ls", "cat", "ls ", "cat ", "grep -n ", "systemctl status "),
    *(" ", " ", " ", " ", "'", "'", '"', '"', "''", "' '", '" "', "a", "-l", "--all", "f.txt"),
    *"$`;&|<>(){}*?[]~#!\\\n\r\t=/%^:-+@,.",
    *("$x", "${x}", "$(id)", "`id`", "$'a'", '$"a"', "{a,b}", "2>", "&&", "||", ">>", "<<<", "%1"),
    *("if", "time", "then", "!", "[[", "]]", "((", "A=1 ", "x=", "function", "coproc"),
    *("é", "日本", "\u00a0", "\u2003", "\u200b", "\u202e", "\u3000", "\u3164", "\x1b[2K", "\x7f"),
    *("\u0085", "\u2028", "\ufeff", "\udcff", "\ud800", "\U0001f600", "\x00"),
]  # fmt: skip
lines = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


def words_seen(shell: str, allowed: list[str], directory: Path) -> list[list[bytes]]:
    """What the functions were called with, for each line."""
    functions = "\n".join(f"{name}() {{ printf '%s\\0' {name} \"$@\"; }}" for name in NAMES)
    data = [os.fsencode(line) for line in allowed]
    if os.path.basename(shell) == "bash":
        command, stdin = [shell, "-c", f"{functions}\n{LOOP[0]}"], b"".join(d + b"\0" for d in data)
    else:
        command, stdin = (
            [shell, "-c", f"{functions}\n{LOOP[1]}", "sh", *map(os.fsdecode, data)],
            b"",
        )
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        cwd=directory,
        env={"PATH": str(directory / "empty"), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
        timeout=120,
    )
    assert done.stderr == b"", done.stderr[:500]
    seen: list[list[bytes]] = [[]]
    for word in done.stdout.split(b"\0")[:-1]:
        if word == b"\1":
            seen.append([])
        else:
            seen[-1].append(word)
    return seen[:-1]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Names that patterns, braces and expansions would find."""
    for name in ("a", "b", "ls", "cat", "f.txt", "-l", "é"):
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_what_is_allowed_is_one_simple_command_of_the_words_that_were_matched(
    shell: str, directory: Path
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"this machine has no {shell}")
    allowed: dict[str, tuple[str, ...]] = {}

    @given(lines)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def collect(line: str) -> None:
        verdict = decide(Command(("sh", "-c", line)), PROFILE)
        if verdict.decision == "allow":
            allowed[line] = verdict.argv

    collect()
    # Lines that were allowed, beside the drawn ones: with few examples these are always tried.
    for line in ("ls", " ls  -l ", "cat 'a b' \"c\"", "l's' ''", "systemctl status x", "cat é"):
        verdict = decide(Command(("sh", "-c", line)), PROFILE)
        assert verdict.decision == "allow"
        allowed[line] = verdict.argv
    tried = list(allowed)
    for start in range(0, len(tried), 500):
        part = tried[start : start + 500]
        for line, words in zip(part, words_seen(program, part, directory), strict=True):
            assert words == [os.fsencode(word) for word in allowed[line]], ascii(line)
