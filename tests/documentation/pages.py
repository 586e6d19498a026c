"""The pages as tests see them: blocks of shell, in order, and how each is to be run."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.cli.places import ROOT

PAGES = (
    "README.md", "SECURITY.md", "BUILDING.md", "CONTRIBUTING.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
)  # fmt: skip
_DIRECTIVE = "<!-- test: "


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    language: str
    text: str
    how: tuple[str, ...] = field(default=())
    """The words of the comment before it: `terminal y`, `keys q`, `sshd`, `status 1`, `skip X`."""


def blocks(page: str) -> list[Block]:
    """Every block of a page."""
    found: list[Block] = []
    how: tuple[str, ...] = ()
    language, lines, begun = "", [], 0
    for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").split("\n"), 1):
        if begun and line == "```":
            found.append(Block(page, begun, language, "\n".join(lines), how))
            language, lines, begun, how = "", [], 0, ()
        elif begun:
            lines.append(line)
        elif line.startswith("```"):
            language, begun = line.removeprefix("```"), number
        elif line.startswith(_DIRECTIVE):
            how = tuple(line.removeprefix(_DIRECTIVE).removesuffix("-->").split())
    assert not begun, f"{page}: a block does not end"
    return found
