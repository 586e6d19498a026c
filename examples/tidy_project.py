"""Tidy a project: names in snake_case, no caches, imports and headers that follow.

    shannot run examples/tidy_project.py [DIRECTORY]

Across the whole tree: caches and editor leftovers are deleted, Python files and directories get
names in snake_case, imports of what was renamed are rewritten, every Python file begins with the
licence line, trailing blanks go.
"""

import os
import re
import shutil
import sys
import tokenize
from pathlib import Path

CACHES = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
LEFTOVERS = ("~", ".pyc", ".pyo", ".orig", ".rej", ".swp")
LEAVE = {".git", ".hg", ".venv", "node_modules"}
HEADER = "# SPDX-License-Identifier: Apache-2.0\n"


def snake_case(name: str) -> str:
    """HTTPServer-Main -> http_server_main"""
    name = name.replace("-", "_").replace(" ", "_")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"__+", "_", name).lower() if not name.startswith("__") else name


def walk(top: Path) -> "list[Path]":
    """Everything below, deepest first, without what is not ours."""
    found = []
    for directory, names, files in os.walk(top, topdown=True):
        names[:] = [name for name in names if name not in LEAVE]
        found += [Path(directory, name) for name in names + files]
    return sorted(found, key=lambda path: (-len(path.parts), str(path)))


def delete_caches(top: Path) -> int:
    count = 0
    for path in walk(top):
        if path.is_symlink() or not path.exists():
            continue
        if path.is_dir() and path.name in CACHES:
            shutil.rmtree(path)
            count += 1
        elif path.is_file() and path.name.endswith(LEFTOVERS):
            path.unlink()
            count += 1
    return count


def wanted_name(path: Path) -> str:
    """The name it should have: only Python files and directories that hold some change."""
    if path.is_symlink() or path.name.startswith("."):
        return path.name
    if path.is_dir():
        holds_python = any(child.suffix == ".py" for child in path.iterdir())
        return snake_case(path.name) if holds_python else path.name
    return snake_case(path.stem) + path.suffix if path.suffix == ".py" else path.name


def rename_all(top: Path) -> "dict[str, str]":
    """Rename what needs it; the module names that changed, old to new."""
    renamed = {}
    for path in walk(top):
        name = wanted_name(path)
        if name == path.name:
            continue
        target = path.with_name(name)
        if target.exists():
            print(f"  {path} stays: {name} exists", file=sys.stderr)
            continue
        path.rename(target)
        renamed[path.stem] = target.stem
        print(f"  {path} -> {name}")
    return renamed


def with_new_imports(text: str, renamed: "dict[str, str]") -> str:
    """Import lines that name the new modules; uses of `import OldName` follow."""
    if not renamed:
        return text
    names = "|".join(re.escape(name) for name in sorted(renamed, key=len, reverse=True))
    word = re.compile(rf"(?<![\w.])({names})(?!\w)|(?<=\.)({names})(?=\.|\s+import\b|\s*$)")
    imported = set()
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        match = re.match(r"\s*(from\s+(?P<module>[\w.]+)\s+import\b|import\b)", line)
        if not match:
            continue
        head, tail = line, ""
        module = match.group("module")
        if module and not set(module.strip(".")) <= {"."} and module.strip("."):
            head, tail = line[: match.end()], line[match.end() :]
        else:
            imported |= {found.group(0) for found in word.finditer(line)}
        lines[number] = word.sub(lambda found: renamed[found.group(0)], head) + tail
    text = "".join(lines)
    for name in imported:
        text = re.sub(rf"(?<![\w.]){re.escape(name)}(?=\.)", renamed[name], text)
    return text


def with_header(text: str) -> str:
    if "SPDX-License-Identifier" in text[:300]:
        return text
    if text.startswith("#!"):
        first, newline, rest = text.partition("\n")
        return first + newline + HEADER + rest
    return HEADER + text


def rewrite(path: Path, renamed: "dict[str, str]") -> bool:
    """Rewrite one Python file; False when it was tidy."""
    try:
        with tokenize.open(path) as file:
            before = file.read()
    except (SyntaxError, UnicodeDecodeError):
        print(f"  {path} is no readable Python and stays", file=sys.stderr)
        return False
    after = with_header(with_new_imports(before, renamed))
    after = "".join(line.rstrip() + "\n" for line in after.splitlines())
    if after == before:
        return False
    path.write_text(after, encoding="utf-8")
    return True


def main(words: "list[str]") -> int:
    top = Path(words[0] if words else ".")
    if not top.is_dir():
        print(f"{top} is no directory", file=sys.stderr)
        return 2
    deleted = delete_caches(top)
    renamed = rename_all(top)
    sources = [path for path in walk(top) if path.suffix == ".py" and path.is_file()]
    rewritten = sum(rewrite(path, renamed) for path in sources if not path.is_symlink())
    print(f"{deleted} caches deleted, {len(renamed)} names changed, {rewritten} files rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
