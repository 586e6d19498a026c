"""Prompts for the usual diagnoses: what to look at, by a script, without changing anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .revisions import INVALID_PARAMS, ProtocolError

if TYPE_CHECKING:
    from .revisions import Json, Object

_HOW = (
    "Write one Python script that uses the standard library alone and run it with run_script"
    " (view=system). It may read files and run diagnostic commands; it has no network. Print what"
    " you find in a form that can be read. Change nothing. Then say what is wrong, how you know,"
    " and what you would change; propose a change as a second script only when asked, and leave the"
    " approval to the person."
)
_ARGUMENT_MAX = 1000


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt; `arguments` is name: (what it is, must it be given)."""

    title: str
    task: str
    arguments: dict[str, tuple[str, bool]]


PROMPTS = {
    "diagnose_machine": Prompt(
        "Diagnose this machine",
        "Find out why this machine misbehaves{symptom}. Look at load, memory, processes, disks,"
        " mounts, recent kernel and system logs, failed units.",
        {"symptom": ("what was noticed", False)},
    ),
    "diagnose_service": Prompt(
        "Diagnose a service",
        "Find out why the service {service} does not work. Look at its unit and drop-ins, its"
        " configuration and what changed last, its logs, its processes, open ports, permissions of"
        " the files it needs.",
        {"service": ("the unit's name", True)},
    ),
    "find_disk_space": Prompt(
        "Find what fills the disk",
        "Find out what takes the space below {path}: the largest directories and files, logs that"
        " are not rotated, deleted files that are held open, inodes used up.",
        {"path": ("where to look, / without it", False)},
    ),
    "review_configuration": Prompt(
        "Review a configuration file",
        "Read {path} with everything it includes, check it against its program's rules, and say"
        " what is wrong, unsafe or without effect, by line.",
        {"path": ("the file", True)},
    ),
    "explain_log": Prompt(
        "Explain a log",
        "Read the end of {path}, group its messages, and explain the unusual ones: when they began,"
        " how often they come, what else happened then.",
        {"path": ("the log file", True)},
    ),
}
_DEFAULTS = {"path": "/"}


def listed() -> list[Json]:
    """What `prompts/list` shows."""
    return [
        {
            "name": name,
            "title": prompt.title,
            "description": prompt.title + " with one read-only script.",
            "arguments": [
                {"name": argument, "description": meaning, "required": required}
                for argument, (meaning, required) in prompt.arguments.items()
            ],
        }
        for name, prompt in PROMPTS.items()
    ]


def get(name: Json, given: Json) -> Object:
    """One prompt with its arguments put in. Raises ProtocolError."""
    prompt = PROMPTS.get(name) if isinstance(name, str) else None
    if prompt is None:
        raise ProtocolError(INVALID_PARAMS, "no such prompt")
    arguments = {} if given is None else given
    if not isinstance(arguments, dict):
        raise ProtocolError(INVALID_PARAMS, "arguments is not an object")
    words = {}
    for argument, (_, required) in prompt.arguments.items():
        value = arguments.get(argument, _DEFAULTS.get(argument) if not required else None)
        if value is None and required:
            raise ProtocolError(INVALID_PARAMS, f"{argument} is missing")
        if value is not None and (not isinstance(value, str) or len(value) > _ARGUMENT_MAX):
            raise ProtocolError(INVALID_PARAMS, f"{argument} is not a short text")
        words[argument] = value or ""
    if "symptom" in words:
        words["symptom"] = f" ({words['symptom']})" if words["symptom"] else ""
    text = f"{prompt.task.format(**words)}\n\n{_HOW}"
    return {
        "description": prompt.title,
        "messages": [{"role": "user", "content": {"type": "text", "text": text}}],
    }
