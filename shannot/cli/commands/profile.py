"""`shannot profile list | show | check FILE | suggest SESSION`: the rules that there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shannot.cli.envelope import plain, success
from shannot.cli.parser import add_json
from shannot.cli.place import current_caller, open_store
from shannot.cli.say import say
from shannot.errors import DONE
from shannot.escape import escape, quote
from shannot.workflows.profile_list import check_profile, list_profiles, show_profile
from shannot.workflows.suggest import suggest

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser
    from shannot.policy.rules import Rule
    from shannot.workflows.suggest import Suggestion

_LISTS = ("always_deny", "ask", "confine", "auto_approve")


def configure(parser: Parser) -> None:
    """The actions of `profile`, and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, summary in (
        ("list", "the profiles that there are, and which one holds here"),
        ("show", "the rules of one, and where each stands"),
        ("check", "read a profile file or a configuration, and try the examples in it"),
        ("suggest", "rules for what a session asked, never wider than what ran"),
    ):
        action = actions.add_parser(
            name, help=summary, description=f"{summary}.".capitalize(), allow_abbrev=False
        )
        if name == "show":
            text = "a profile's name or its file; without one, what holds here"
            action.add_argument("name", metavar="NAME|FILE", nargs="?", help=text)
        elif name == "check":
            action.add_argument("file", metavar="FILE", help="TOML, or JSON where its name ends so")
        elif name == "suggest":
            text = "the session's id, or any unique prefix of it"
            action.add_argument("id", metavar="SESSION", help=text)
        add_json(action)


def run(options: Namespace) -> int:
    """Do what the action says."""
    match options.action:
        case "list":
            return _list(options.json)
        case "show":
            return _show(options.name, options.json)
        case "check":
            return _check(options.file, options.json)
        case _:
            return _suggest(options.id, options.json)


def _list(as_json: bool) -> int:
    found = list_profiles(current_caller())
    if as_json:
        profiles: list[Json] = [
            {
                "name": named.name,
                "origin": named.origin,
                "summary": named.summary,
                "chosen": named.is_chosen,
            }
            for named in found
        ]
        print(success("profile", {"profiles": profiles}))
        return DONE
    width = max(len(escape(named.name)) for named in found)
    for named in found:
        mark = "*" if named.is_chosen else " "
        text = named.summary or f"({named.origin})"
        print(f"{mark} {escape(named.name):<{width}}  {text}")
    return DONE


def _show(name: str | None, as_json: bool) -> int:
    profile = show_profile(current_caller(), name)
    lists: dict[str, list[Rule]] = {key: [] for key in _LISTS}
    for key, rule in profile.rules():
        lists[key].append(rule)
    ordinary = profile.confine is None
    if as_json:
        shown: dict[str, Json] = {
            key: [_rule_document(rule) for rule in rules] for key, rules in lists.items()
        }
        print(success("profile", {"name": profile.name, "ordinary_tools": ordinary, **shown}))
        return DONE
    print(f"profile {escape(profile.name)}")
    print("\nalways_deny, besides the well-known catastrophes:")
    for key in _LISTS:
        if key != "always_deny":
            print(f"\n{key}:")
        for rule in lists[key]:
            print(f"  {_rule_text(rule)}")
        if key == "confine" and ordinary:
            print("  (no list: ordinary file and text tools)")
        elif not lists[key]:
            print("  (none)")
    return DONE


def _rule_text(rule: Rule) -> str:
    parts = [f"{escape(rule.text)}"]
    if rule.patterns:
        parts.append(f"without {' '.join(map(quote, rule.patterns))}")
    if rule.environment:
        parts.append(f"env {' '.join(rule.environment)}")
    if rule.cwd:
        parts.append(f"in {escape(rule.cwd)}")
    return f"{'  '.join(parts)}  ({escape(rule.where)})"


def _rule_document(rule: Rule) -> Json:
    return {
        "command": rule.text,
        "without": list(rule.patterns),
        "env": list(rule.environment),
        "cwd": rule.cwd,
        "reason": rule.reason,
        "where": rule.where,
    }


def _check(path: str, as_json: bool) -> int:
    count, notes = check_profile(current_caller(), path)
    if as_json:
        print(success("profile", {"file": path, "rules": count, "notes": list(notes)}))
    else:
        for note in notes:
            say(f"shannot: {escape(note)}")
        print(f"{escape(path)}: {count} rule{'' if count == 1 else 's'}, all right")
    return DONE


def _suggest(text: str, as_json: bool) -> int:
    store = open_store(current_caller())
    session = store.load(store.resolve(text))
    found = suggest(session)
    if as_json:
        rules: list[Json] = [plain(rule.table()) for rule in found.rules]
        left: list[Json] = [
            {"argv": list(one.argv), "reason": one.reason} for one in found.left_out
        ]
        print(success("profile", {"session": session.id, "auto_approve": rules, "left_out": left}))
        return DONE
    for line in _toml(session.id, found.rules):
        print(line)
    for one in found.left_out:
        say(f"shannot: no rule for {' '.join(map(quote, one.argv))}: {escape(one.reason)}")
    return DONE


def _toml(session_id: str, rules: tuple[Suggestion, ...]) -> Iterator[str]:
    yield f"# what session {session_id} asked for: these words and no others, in these places"
    yield "auto_approve = ["
    for rule in rules:
        without = ", ".join(map(_string, rule.without))
        yield (
            f"  {{ command = {_string(rule.command)}, without = [{without}],"
            f" cwd = {_string(rule.cwd)} }},"
        )
    yield "]"


def _string(text: str) -> str:
    """A TOML string; what it is given is visible text, so that JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False)
