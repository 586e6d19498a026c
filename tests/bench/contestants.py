"""Who takes part: how each starts a Python, what it mediates, and whether it is installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent

SANDLOCK = """\
import sys, sandlock
options = {"workdir": sys.argv[1]} if sys.argv[2] == "overlay" else {}
box = sandlock.Sandbox(
    fs_readable=["/"], fs_writable=[sys.argv[1]], max_processes=64, max_memory="4G", **options
)
result = box.run(sys.argv[3:])
sys.stdout.buffer.write(result.stdout)
sys.exit(result.exit_code)
"""


@dataclass(frozen=True, slots=True)
class Contestant:
    """`command` makes an argv from the arguments of a Python: ["-c", "pass"] or [script, …]."""

    name: str
    mediates: str
    command: Callable[[Sequence[str]], list[str]]
    environment: Mapping[str, str]
    only: tuple[str, ...] = ()
    """The measures it takes part in; all where empty."""


def contestants(directory: Path) -> tuple[list[Contestant], list[str]]:
    """Those that can run here, plain Python first, and the names of those that are missing.

    `directory` holds the material, and each contestant's home below it.
    """
    present = [
        Contestant("plain", "nothing", plain, base(directory)),
        shannot("shannot", "", directory),  # as it comes: `true` is confined
        shannot("shannot, allowed", 'auto_approve = ["true"]', directory, ("spawn true",)),
    ]
    missing = []
    if shutil.which("bwrap"):
        command = bubblewrap(directory)
        present.append(Contestant("bubblewrap", "nothing: namespaces", command, base(directory)))
    else:
        missing.append("bubblewrap")
    if importlib.util.find_spec("sandlock"):
        for name, mode in (("sandlock", "plain"), ("sandlock, overlay", "overlay")):
            command = sandlock(directory, mode)
            what = "some calls, by notification" if mode == "plain" else "files, by notification"
            present.append(Contestant(name, what, command, base(directory)))
    else:
        missing.append("sandlock")
    return present, missing


def base(directory: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        **{name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"},
    }


def plain(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-I", *arguments]


def shannot(name: str, rule: str, directory: Path, only: tuple[str, ...] = ()) -> Contestant:
    home = directory.parent / f"home of {name}"
    settings = home / "config" / "shannot" / "config.toml"
    settings.parent.mkdir(parents=True)
    if rule:
        settings.write_text(f"[profiles.default]\n{rule}\n")
        settings.chmod(0o600)
    environment = base(directory) | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": str(REPOSITORY),
    }

    def command(arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "shannot", "run", "-q", *arguments]

    return Contestant(name, "every call", command, environment, only)


def bubblewrap(directory: Path) -> Callable[[Sequence[str]], list[str]]:
    def command(arguments: Sequence[str]) -> list[str]:
        walls = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        walls += ["--unshare-all", "--die-with-parent", "--chdir", str(directory)]
        return [*walls, *plain(arguments)]

    return command


def sandlock(directory: Path, mode: str) -> Callable[[Sequence[str]], list[str]]:
    def command(arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-I", "-c", SANDLOCK, str(directory), mode, *plain(arguments)]

    return command
