"""Completion for bash (4 or later), as a script made from the outlines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shannot import __version__
from shannot.cli.completion.places import places, quoted, value_kind
from shannot.cli.outline import Argument, Outline

_LOGIC = r"""
_shannot_sessions() {
    local id rest
    "${COMP_WORDS[0]}" list 2>/dev/null | while read -r id rest; do
        [[ $id == [0-9]* ]] && printf '%s\n' "$id"
    done
}

_shannot_profiles() {
    local line
    "${COMP_WORDS[0]}" profile list 2>/dev/null | while IFS= read -r line; do
        # no more than a name: compgen expands what it is given
        [[ $line =~ ^..([[:alnum:]_.-]+) ]] && printf '%s\n' "${BASH_REMATCH[1]}"
    done
}

_shannot_reply() {  # KIND WORD [CHOICE…]
    local kind=$1 word=$2
    shift 2
    case $kind in
    choice) mapfile -t COMPREPLY < <(compgen -W "$*" -- "$word") ;;
    session) mapfile -t COMPREPLY < <(compgen -W "$(_shannot_sessions)" -- "$word") ;;
    profile)
        mapfile -t COMPREPLY < <(
            compgen -W "$(_shannot_profiles)" -- "$word"
            compgen -f -- "$word"
        )
        ;;
    file | script)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    esac
}

_shannot() {
    local cur=${COMP_WORDS[COMP_CWORD]} word glued='' option='' place kind
    local -a line=() choices=() flags=() parts=() positions=()
    local -i i position=0 own=0
    COMPREPLY=()
    # bash cuts words at `=` as well: --view=system are three
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == = ]]; then
            [[ ${line[-1]-} == --* ]] || glued=yes
        elif [[ $glued ]]; then
            line[-1]+="=$word"
            glued=''
        else
            line+=("$word")
        fi
    done
    [[ $glued ]] && return
    [[ $cur == = ]] && cur=''
    place=${line[0]-}
    _shannot_place "$place"
    i=1
    if ((${#parts[@]} && ${#line[@]} > 1)) && [[ $place ]]; then
        place+=" ${line[1]}"
        _shannot_place "$place"
        i=2
    fi
    for (( ; i < ${#line[@]}; i++)); do
        word=${line[i]}
        if [[ $option ]]; then
            option=''
        elif [[ $word == -?* ]]; then
            _shannot_value "$place $word"
            [[ $kind == rest ]] && own=1 && break
            [[ $kind ]] && option=$word
        else
            [[ ${positions[position]-} == script ]] && own=1 && break
            ((position + 1 < ${#positions[@]})) && position+=1
        fi
    done
    if ((own)); then
        _shannot_reply file "$cur"
    elif [[ $option ]]; then
        _shannot_value "$place $option"
        _shannot_reply "$kind" "$cur" "${choices[@]}"
    elif [[ $cur == -* ]]; then
        _shannot_reply choice "$cur" "${flags[@]}"
    elif ((${#parts[@]})); then
        _shannot_reply choice "$cur" "${parts[@]}"
    else
        _shannot_position "$place" "$position"
        _shannot_reply "${positions[position]-}" "$cur" "${choices[@]}"
    fi
}

complete -F _shannot shannot
"""


def script(outlines: Sequence[Outline]) -> str:
    """The whole script."""
    lines = [
        f"# Completion of shannot {__version__} for bash, made by `shannot completion bash`.",
        "",
        "_shannot_place() {  # sets flags, parts, positions",
        "    flags=() parts=() positions=()",
        "    case $1 in",
    ]
    names = " ".join(quoted(each.words[-1]) for each in outlines)
    lines.append(f"    '') parts=({names}) flags=(--help --version) ;;")
    lines += [line for each in places(outlines) for line in _place(each)]
    lines += [
        "    esac",
        "}",
        "",
        "_shannot_value() {  # sets kind, choices: what follows an option",
    ]
    lines += ["    kind='' choices=()", "    case $1 in"]
    for each in places(outlines):
        for argument in each.arguments:
            lines += _value(each, argument)
    lines += ["    esac", "}", "", "_shannot_position() {  # sets choices: of a word by its place"]
    lines += ["    choices=()", '    case "$1 $2" in']
    for each in places(outlines):
        words = [argument for argument in each.arguments if not argument.flags]
        for number, argument in enumerate(words):
            if argument.choices:
                pattern = quoted(f"{' '.join(each.words)} {number}")
                lines.append(f"    {pattern}) choices=({_list(argument.choices)}) ;;")
    lines += ["    esac", "}"]
    return "\n".join(lines) + "\n" + _LOGIC


def _place(each: Outline) -> Iterator[str]:
    flags = [flag for argument in each.arguments for flag in argument.flags]
    parts = [part.words[-1] for part in each.parts]
    positions = [value_kind(argument) for argument in each.arguments if not argument.flags]
    yield f"    {quoted(' '.join(each.words))})"
    yield f"        flags=({_list(flags)})"
    if parts:
        yield f"        parts=({_list(parts)})"
    if positions:
        yield f"        positions=({_list(positions)})"
    yield "        ;;"


def _value(each: Outline, argument: Argument) -> Iterator[str]:
    if not argument.flags or argument.kind == "nothing":
        return
    patterns = " | ".join(quoted(f"{' '.join(each.words)} {flag}") for flag in argument.flags)
    choices = f" choices=({_list(argument.choices)})" if argument.choices else ""
    yield f"    {patterns}) kind={value_kind(argument)}{choices} ;;"


def _list(words: Sequence[str]) -> str:
    return " ".join(quoted(word) for word in words)
