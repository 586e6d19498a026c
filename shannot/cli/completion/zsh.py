"""Completion for zsh (5 or later), as a script made from the outlines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shannot import __version__
from shannot.cli.completion.places import places, value_kind
from shannot.cli.outline import Argument, Outline

_LOGIC = r"""
_shannot_sessions() {
    local -a ids
    ids=(${(M)${${(f)"$(_call_program sessions shannot list 2>/dev/null)"}%% *}:#[0-9]*})
    compadd -a ids
}

_shannot_profiles() {
    local -a names
    names=(${${${(f)"$(_call_program profiles shannot profile list 2>/dev/null)"}#??}%% *})
    _alternative 'profiles:profile:compadd -a names' 'files:file:_files'
}

# Loaded from $fpath, this file is the function; sourced, it defines it.
if [[ $funcstack[1] == _shannot ]]; then
    _shannot "$@"
else
    compdef _shannot shannot
fi
"""


def script(outlines: Sequence[Outline]) -> str:
    """The whole script."""
    lines = [
        "#compdef shannot",
        f"# Completion of shannot {__version__} for zsh, made by `shannot completion zsh`.",
        "",
        "_shannot() {",
        "    local curcontext=$curcontext state line",
        "    local -a commands",
        *_describe("commands", outlines),
        "    _arguments -C \\",
        "        '(- *)'{-h,--help}'[how to use it]' \\",
        "        '(- *)'{-V,--version}'[the version]' \\",
        "        '1: :->command' \\",
        "        '*:: :->words'",
        "    case $state in",
        "    command) _describe -t commands command commands ;;",
        "    words)",
        "        curcontext=${curcontext%:*}-$words[1]:",
        "        (( $+functions[_shannot_$words[1]] )) && _shannot_$words[1]",
        "        ;;",
        "    esac",
        "}",
        "",
    ]
    for each in places(outlines):
        lines += [f"_shannot_{'_'.join(each.words)}() {{", *_body(each), "}", ""]
    return "\n".join(lines) + _LOGIC


def _body(each: Outline) -> Iterator[str]:
    if each.parts:
        name = "_".join(each.words)
        yield "    local state line"
        yield "    local -a parts"
        yield from _describe("parts", each.parts)
        yield "    _arguments -C '1: :->part' '*:: :->words'"
        yield "    case $state in"
        yield "    part) _describe -t parts part parts ;;"
        yield "    words)"
        yield f"        (( $+functions[_shannot_{name}_$words[1]] )) &&"
        yield f"            _shannot_{name}_$words[1]"
        yield "        ;;"
        yield "    esac"
        return
    yield "    _arguments -s -S \\"
    words = [argument for argument in each.arguments if not argument.flags]
    specs = [
        spec
        for argument in each.arguments
        for spec in _specs(argument, words.index(argument) + 1 if argument in words else 0)
    ]
    yield " \\\n".join(f"        {spec}" for spec in specs)


def _describe(name: str, outlines: Sequence[Outline]) -> Iterator[str]:
    yield f"    {name}=("
    for each in outlines:
        yield f"        {_quoted(each.words[-1] + ':' + each.summary)}"
    yield "    )"


def _specs(argument: Argument, position: int) -> Iterator[str]:
    """position: among the words that are no options, from 1."""
    value = f":{_plain(argument.metavar)}:{_action(argument)}"
    if not argument.flags:
        if argument.kind == "script":
            # Everything after the script is the script's.
            yield _quoted("(-)1:script:_files")
            yield _quoted("(-)*:word of the script:_files")
        else:
            yield _quoted(("*" if argument.many else f"{position}") + value)
        return
    told = f"[{_bracketed(argument.help)}]"
    if argument.kind == "nothing":
        value = ""
    for flag in argument.flags:
        others = "" if len(argument.flags) == 1 else f"({' '.join(argument.flags)})"
        if value_kind(argument) == "rest":
            yield _quoted(f"(- 1 *){flag}{told}:*::{_plain(argument.metavar)}:_files")
        elif argument.many:
            yield _quoted(f"{others}{flag}{told}{value}")
        else:
            # May be repeated where argparse lets it: no list of exclusions says otherwise.
            joined = "=" if value and flag.startswith("--") else ""
            yield _quoted(f"*{flag}{joined}{told}{value}" if value else f"{others}{flag}{told}")


def _action(argument: Argument) -> str:
    match argument.kind:
        case "choice":
            return f"({' '.join(argument.choices)})"
        case "session":
            return "_shannot_sessions"
        case "profile":
            return "_shannot_profiles"
        case "file" | "script":
            return "_files"
        case _:
            return " "


def _plain(text: str) -> str:
    """A message inside a specification, where `:` ends it."""
    return text.replace("\\", "\\\\").replace(":", "\\:")


def _bracketed(text: str) -> str:
    """A description, which stands in brackets."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
