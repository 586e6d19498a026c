"""The rules of the layout, read from the source: who imports whom, how long, what only faces do.

The arrows are those of CONTRIBUTING.md. An exception stands in a table below with its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "shannot"
MODULES = sorted(PACKAGE.rglob("*.py"))

MIDDLE = {"sandbox", "sessions", "policy", "audit", "machines", "config"}
GROUND = {"errors", "escape", "libc", "digest", "effects", ""}
"""`escape` makes text safe to show: faces, diffs and errors all need it. "" is __version__."""
FACES = {"cli", "tui", "mcp", "__main__"}
MAY_IMPORT = {
    "errors": set[str](),
    "escape": set[str](),
    "libc": set[str](),
    "digest": set[str](),
    "effects": {"errors", "escape"},
    "sandbox": GROUND,
    "policy": GROUND,
    "config": GROUND,
    "audit": GROUND,
    "machines": GROUND,
    "sessions": GROUND | {"policy"},
    "workflows": GROUND | MIDDLE,
    "cli": GROUND | MIDDLE | {"workflows", "tui", "mcp"},  # the subcommands that open them
    "tui": GROUND | MIDDLE | {"workflows"},
    "mcp": GROUND | MIDDLE | {"workflows"},
    "__main__": {"cli", "errors"},
    "": set[str](),
}
INSIDE_SANDBOX = {
    "spec": set[str](),
    "stdin": set[str](),
    "streams": {"spec", "stdin"},
    "limits": {"spec"},
    "vfs": {"spec"},
    "channel": {"spec"},
    "kernel": {"vfs", "spec"},
    "syscalls": {"kernel", "vfs", "spec"},
    "guest": set[str](),
    "runtimes": {"channel", "guest", "spec", "streams", "syscalls"},
    "mediation": {"syscalls", "kernel", "vfs", "channel", "spec"},
    "supervise": {
        "mediation", "syscalls", "kernel", "vfs", "channel", "runtimes", "streams", "limits",
        "spec",
    },
    "": {"supervise", "spec"},
}  # fmt: skip
VALUES = {"shannot.sandbox.spec", "shannot.effects.model"}
"""Plain values and protocols that pass between the layers: naming them is no dependency."""
SEAMS = {"shannot.sandbox.channel.base"}
"""Protocols only: naming them for the type checker is no dependency, importing them is."""

HOT = {
    "shannot.__main__", "shannot.cli.main", "shannot.cli.commands.run", "shannot.workflows.run",
    "shannot.sandbox.supervise",
}  # fmt: skip
"""Where a start begins. What these import at module level belongs to every start as well."""
HEAVY = {
    "dataclasses", "typing", "re", "enum", "json", "subprocess", "tempfile", "hashlib", "pathlib",
    "threading", "shutil", "contextlib", "logging", "tomllib",
}  # fmt: skip

LONG_FILES: dict[str, str] = {}
"""Path in the package: why it may be above 300 lines (pure data needs no entry)."""
LONG_FUNCTIONS: dict[str, str] = {}
"""path::function : why it may be above 40 lines."""
MUTABLE_STATE: dict[str, str] = {
    "sandbox/guest/_signal.py::_handlers": "one table a process, as in the module it stands for",
    "sandbox/guest/_socket.py::_timeouts": "one default a process, as in the module's own place",
    "sandbox/guest/_csv.py::_dialects": "one table a process, as in the module it stands for",
    "sandbox/guest/_csv.py::_limits": "one number a process, as in the module it stands for",
    "sandbox/guest/_shannot_popen.py::_left": "one list a process, as in the module it stands for",
}
"""path::name : why a list, dict or set at module level is changed."""
GUEST = PACKAGE / "sandbox" / "guest"
"""Runs in the child, where its modules stand beside the standard library's."""


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(
        (isinstance(part, ast.Name) and part.id == "TYPE_CHECKING")
        or (isinstance(part, ast.Attribute) and part.attr == "TYPE_CHECKING")
        for part in ast.walk(node.test)
    )


def imports(path: Path) -> Iterator[tuple[str, bool, bool]]:
    """Each imported module, as (full name, only for the type checker, at module level)."""
    tree = parse(path)
    checked = {id(n) for s in ast.walk(tree) if is_type_checking_any(s) for n in ast.walk(s)}
    deferred = {
        id(n)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for n in ast.walk(function)
    }
    for node in ast.walk(tree):
        flags = (id(node) in checked, id(node) not in deferred)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, *flags
        elif isinstance(node, ast.ImportFrom):
            base = absolute(path, node)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if is_module(full) else base, *flags


def absolute(path: Path, node: ast.ImportFrom) -> str:
    """The module that `from … import` names, dots resolved."""
    if node.level == 0:
        return str(node.module)
    package = path.relative_to(ROOT).parts[: -node.level]
    return ".".join((*package, *([node.module] if node.module else [])))


def is_type_checking_any(node: ast.AST) -> bool:
    return isinstance(node, ast.stmt) and is_type_checking(node)


def is_module(name: str) -> bool:
    parts = name.split(".")
    base = ROOT.joinpath(*parts)
    return parts[0] == "shannot" and (base.with_suffix(".py").exists() or base.is_dir())


def layer(name: str) -> str:
    """shannot.sandbox.kernel.task -> sandbox"""
    return [*name.split("."), ""][1]


def part(name: str) -> str:
    """shannot.sandbox.kernel.task -> kernel; what stands beside the packages is supervision."""
    found = [*name.split("."), "", ""][2]
    beside = (PACKAGE / "sandbox" / f"{found}.py").exists()
    return "supervise" if beside and found not in INSIDE_SANDBOX else found


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def against_the_arrows(path: Path) -> Iterator[str]:
    own = module_name(path)
    for target, for_types, _ in imports(path):
        if not target.startswith("shannot") or target in VALUES:
            continue
        if for_types and target in SEAMS:
            continue
        allowed = MAY_IMPORT[layer(own)]
        if layer(target) != layer(own):
            if layer(target) not in allowed:
                yield f"{own} imports {target}"
        elif layer(own) == "sandbox" and part(target) != part(own):
            if part(target) not in INSIDE_SANDBOX[part(own)]:
                yield f"{own} imports {target}"


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_pure_data(tree: ast.Module) -> bool:
    """Only imports, constants and the docstring."""
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr)
    return all(isinstance(node, allowed) or is_type_checking(node) for node in tree.body)


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


CHANGERS = {
    "append", "add", "update", "pop", "clear", "extend", "insert", "remove", "setdefault",
    "discard", "popitem", "sort", "reverse",
}  # fmt: skip


def made_mutable(tree: ast.Module) -> set[str]:
    """Names that module level gives a list, dict, set or bytearray."""
    names: set[str] = set()
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        literal = isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp)
        called = isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
        if literal or (called and value.func.id in ("list", "dict", "set", "bytearray")):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def changed_in_functions(tree: ast.Module) -> set[str]:
    """Names on which some function calls a changing method, or sets or deletes an item."""
    changed: set[str] = set()
    for function in functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if node.func.attr in CHANGERS and isinstance(owner, ast.Name):
                    changed.add(owner.id)
            elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                if isinstance(node.value, ast.Name):
                    changed.add(node.value.id)
            elif isinstance(node, ast.Global):
                changed |= set(node.names)
        local = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)} | {
            n.id
            for n in ast.walk(function)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        changed -= local - {
            n for g in ast.walk(function) if isinstance(g, ast.Global) for n in g.names
        }
    return changed


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_follow_the_arrows(path: Path) -> None:
    assert list(against_the_arrows(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_the_standard_library_is_imported(path: Path) -> None:
    import sys

    foreign = {name.split(".")[0] for name, _, _ in imports(path)} - sys.stdlib_module_names
    if path.parent == GUEST:
        foreign -= {module.stem for module in GUEST.glob("*.py")}
    # of the library until 3.11, and since 3.12
    assert foreign <= {"shannot", "__future__", "_sha256", "_sha2"}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_file_is_too_long_to_be_one_concept(path: Path) -> None:
    lines = path.read_text().count("\n")
    assert lines <= 300 or is_pure_data(parse(path)) or relative(path) in LONG_FILES


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_function_is_above_forty_lines(path: Path) -> None:
    long = {f"{relative(path)}::{f.name}": length(f) for f in functions(parse(path))}
    assert {
        name: lines for name, lines in long.items() if lines > 40 and name not in LONG_FUNCTIONS
    } == {}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_faces_print_ask_and_exit(path: Path) -> None:
    if module_name(path).split(".")[1:2] and layer(module_name(path)) in FACES:
        return
    found = []
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in ("print", "input", "exit", "quit", "sys.exit", "eval", "exec"):
                found.append(f"{node.lineno}: {name}")
    assert found == []


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_module_keeps_state(path: Path) -> None:
    tree = parse(path)
    state = made_mutable(tree) & changed_in_functions(tree)
    state |= {name for n in ast.walk(tree) if isinstance(n, ast.Global) for name in n.names}
    assert {name for name in state if f"{relative(path)}::{name}" not in MUTABLE_STATE} == set()


def source(name: str) -> Path | None:
    """The file of one of our modules, a package's being its __init__."""
    base = ROOT.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


def test_what_every_start_loads_imports_nothing_heavy() -> None:
    waiting, seen, found = sorted(HOT), set(HOT), []
    while waiting:
        name = waiting.pop()
        path = source(name)
        if path is None:
            continue
        for target, for_types, at_start in imports(path):
            if for_types or not at_start:
                continue
            if target.split(".")[0] in HEAVY:
                found.append(f"{name} imports {target}")
            if target.startswith("shannot") and target not in seen:
                seen.add(target)
                waiting.append(target)
    assert found == []
    assert len(seen) > len(HOT)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_says_what_it_is(path: Path) -> None:
    tree = parse(path)
    assert ast.get_docstring(tree) or not tree.body, "a docstring of one to three lines"


def test_every_dataclass_says_what_it_is() -> None:
    """Of one that does not, dataclasses makes a text, for which it loads inspect: 10 ms a start."""
    mute = [
        f"{relative(path)}::{item.name}"
        for path in MODULES
        for item in ast.walk(parse(path))
        if isinstance(item, ast.ClassDef)
        and any("dataclass" in ast.dump(word) for word in item.decorator_list)
        and ast.get_docstring(item) is None
    ]
    assert mute == []
