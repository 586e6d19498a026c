"""Makes docs/ of the texts that `shannot help TOPIC` prints: `python3 tools/pages.py [DIRECTORY]`.

The source of a page is its module in shannot/cli/topics. A test finds pages that are out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from shannot.cli.help import TOPICS, topic  # noqa: E402 - the tree's own, wherever it is started

_INDEX = """\
# Documentation

These pages are also in the program: `shannot help TOPIC`, without a network. `shannot help COMMAND`
has every option. `python3 tools/pages.py` makes them of shannot/cli/topics: change them there.

"""
_MADE = "<!-- Made of {} by `python3 tools/pages.py`: change it there. -->"


def pages() -> dict[str, str]:
    """Every page by its file's name."""
    made: dict[str, str] = {}
    index = [_INDEX.rstrip("\n"), ""]
    for name in TOPICS:
        found = topic(name)
        source = f"shannot/cli/topics/{name.replace('-', '_')}.py"
        made[f"{name}.md"] = f"{_MADE.format(source)}\n\n# {found.title}\n\n{found.source}\n"
        index.append(f"- [{name}]({name}.md): {found.summary}")
    made["README.md"] = "\n".join(index) + "\n"
    return made


def main() -> None:
    """Write them, and remove what is no page any more."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    directory.mkdir(exist_ok=True)
    made = pages()
    for path in directory.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
