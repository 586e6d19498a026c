"""Completion for fish (3 or later), as a script made from the outlines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shannot import __version__
from shannot.cli.completion.places import places, value_kind
from shannot.cli.outline import Argument, Outline

_LOGIC = r"""
function __shannot_sessions
    set -l words (commandline -opc)
    $words[1] list 2>/dev/null | string match -r '^[0-9]\S*'
end

function __shannot_profiles
    set -l words (commandline -opc)
    $words[1] profile list 2>/dev/null | string replace -r '^..(\S+).*' '$1'
end

function __shannot_at # PLACE…: is the command line at this command, and not yet at a script?
    set -l words (commandline -opc)
    set -e words[1]
    if test (count $argv) -eq 0
        test (count $words) -eq 0
        return
    end
    for word in $argv
        test "$words[1]" = "$word"; or return 1
        set -e words[1]
    end
    test "$argv[1]" = run; or return 0
    while set -q words[1]
        switch $words[1]
            case $__shannot_ends
                return 1
            case $__shannot_valued
                set -e words[1]
            case '-?*'
            case '*'
                return 1
        end
        set -e words[1]
    end
    return 0
end

function __shannot_script # is this word the script's, or the script?
    set -l words (commandline -opc)
    test "$words[2]" = run
end

function __shannot_part # COMMAND: is its part yet to be named?
    set -l words (commandline -opc)
    test (count $words) -eq 2; and test "$words[2]" = $argv[1]
end

complete -c shannot -f
complete -c shannot -n __shannot_script -F
complete -c shannot -n __shannot_at -s h -l help -d 'how to use it'
complete -c shannot -n __shannot_at -s V -l version -d 'the version'
"""


def script(outlines: Sequence[Outline]) -> str:
    """The whole script."""
    run = next(each for each in outlines if each.words == ("run",))
    valued: list[str] = []
    ends: list[str] = []
    for argument in run.arguments:
        if argument.flags and argument.kind != "nothing":
            (ends if value_kind(argument) == "rest" else valued).extend(argument.flags)
    lines = [
        f"# Completion of shannot {__version__} for fish, made by `shannot completion fish`.",
        "",
        f"set -g __shannot_valued {' '.join(_quoted(flag) for flag in valued)}",
        f"set -g __shannot_ends {' '.join(_quoted(flag) for flag in ends)}",
    ]
    text = "\n".join(lines) + _LOGIC
    commands = [
        f"complete -c shannot -n __shannot_at -a {_quoted(each.words[-1])} -d"
        f" {_quoted(each.summary)}"
        for each in outlines
    ]
    rest = [line for each in places(outlines) for line in _place(each)]
    return text + "\n".join([*commands, *rest]) + "\n"


def _place(each: Outline) -> Iterator[str]:
    at = _quoted("__shannot_at " + " ".join(each.words))
    for part in each.parts:
        yield (
            f"complete -c shannot -n {_quoted('__shannot_part ' + each.words[-1])}"
            f" -a {_quoted(part.words[-1])} -d {_quoted(part.summary)}"
        )
    if each.parts:
        return
    for argument in each.arguments:
        line = f"complete -c shannot -n {at}"
        for flag in argument.flags:
            line += f" -l {flag[2:]}" if flag.startswith("--") else f" -s {flag[1:]}"
        line += _value(argument)
        if argument.flags:
            yield f"{line} -d {_quoted(argument.help)}"
        elif argument.kind not in ("text", "script"):
            yield line


def _value(argument: Argument) -> str:
    """How its value is completed: -x takes one and offers no files, -r one and files."""
    needed = " -x" if argument.flags else ""
    match argument.kind:
        case "nothing":
            return ""
        case "choice":
            return f"{needed} -a {_quoted(' '.join(argument.choices))}"
        case "session":
            return f"{needed} -a '(__shannot_sessions)'"
        case "profile":
            return (" -r -F" if argument.flags else " -F") + " -a '(__shannot_profiles)'"
        case "file":
            return " -r -F" if argument.flags else " -F"
        case _:
            return needed


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
