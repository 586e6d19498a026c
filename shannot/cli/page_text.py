"""Topics are written in a small part of Markdown; here they become text for a terminal.

Known: paragraphs, `## headings`, lists, fenced blocks, and comments on lines of their own, which
tell the tests how to run a block. `tools/pages.py` makes the pages of docs/ of the same source.
"""

from __future__ import annotations

_FENCE = "```"
_INDENT = "    "


def plain(source: str) -> str:
    """The source as `shannot help` prints it: blocks indented, headings bare, comments gone."""
    lines: list[str] = []
    is_block = False
    for line in source.strip("\n").split("\n"):
        if line.startswith(_FENCE):
            is_block = not is_block
        elif is_block:
            lines.append((_INDENT + line).rstrip())
        elif line.startswith("## "):
            lines.append(line.removeprefix("## ").upper())
        elif not line.startswith("<!--"):
            lines.append(line)
    return "\n".join(lines)
