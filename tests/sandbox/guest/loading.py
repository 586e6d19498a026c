"""A module of the guest, loaded into this Python under another name."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from shannot.sandbox import guest


def load(name: str) -> ModuleType:
    path = Path(guest.__file__).parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"guest_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
