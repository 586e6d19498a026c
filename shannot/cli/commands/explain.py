"""`shannot explain -- CMD ARGS…`: the verdict on a command, by the code that decides in a run."""

from __future__ import annotations

import json
from argparse import REMAINDER
from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.parser import add_json
from shannot.cli.place import current_caller
from shannot.cli.review_document import dangers_document
from shannot.errors import DONE, UsageError
from shannot.escape import escape, quote
from shannot.policy.command_line import shown
from shannot.workflows.explain import explain

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser
    from shannot.policy.advice import Advice
    from shannot.policy.command import Verdict
    from shannot.workflows.explain import Explanation


def configure(parser: Parser) -> None:
    """The options of `explain`."""
    add_json(parser)
    parser.add_argument(
        "--profile", metavar="NAME|FILE", help="by this profile, not the configuration's choice"
    )
    parser.add_argument(
        "--shell", action="store_true", help="the command is one line of shell (os.system)"
    )
    parser.add_argument("words", nargs=REMAINDER, metavar="-- CMD ARGS…", help="the command")


def run(options: Namespace) -> int:
    """Print the verdict, the rule and the reason."""
    words: list[str] = options.words
    words = words[1:] if words[:1] == ["--"] else words
    if not words or not words[0]:
        raise UsageError("no command: `shannot explain -- CMD ARGS…`")
    found = explain(words, current_caller(), profile=options.profile, shell=options.shell)
    if options.json:
        print(success("explain", _document(found)))
    else:
        for name, text in _lines(found):
            print(f"{name:<10} {text}")
    return DONE


def _lines(found: Explanation) -> Iterator[tuple[str, str]]:
    verdict = found.verdict
    yield "command", " ".join(map(quote, found.command.argv))
    yield "profile", escape(found.profile)
    yield "decision", verdict.decision
    yield "rule", escape(verdict.rule) or "(none)"
    if verdict.where:
        yield "", f"at {escape(verdict.where)}"
    yield "reason", escape(verdict.reason)
    if verdict.argv and verdict.argv != found.command.argv:
        yield "runs as", " ".join(map(quote, verdict.argv))
    yield "program", _program(found)
    for number, (part, then) in enumerate(zip(found.reading.parts, found.inside, strict=True)):
        inside = f"  (among the words of {escape(part.wrapper)})" if part.wrapper else ""
        inside += f"  (when it starts: {_decided(then)})" if then else ""
        yield "" if number else "read as", "  " * part.depth + shown(part.words) + inside
    for target in found.reading.targets:
        yield "", f"> {shown((target,))}"
    if found.reading.fault:
        yield "unread", f"{escape(found.reading.fault)}."
    for danger in found.dangers:
        yield "danger", f"{danger.text}: {danger.command}"
    for advice in found.advice:
        yield "to change", _advice(advice)
    if not found.advice:
        yield "to change", "no profile takes this away"


def _decided(verdict: Verdict) -> str:
    return f"{verdict.decision}, rule {escape(verdict.rule)}" if verdict.rule else verdict.decision


def _program(found: Explanation) -> str:
    program = found.program
    if program is None:
        return "(this host has none of that name)"
    text = f"{escape(program.path)} (sha256 {program.sha256 or 'unknown'})"
    return f"{text}; it {program.flaw}" if program.flaw else text


def _advice(advice: Advice) -> str:
    if advice.action == "none":
        return f"no rule makes it {advice.decision}: {escape(advice.reason)}"
    entry = json.dumps(advice.entry, ensure_ascii=False)
    return f"{advice.action} {entry} in {advice.key}: {advice.decision}"


def _document(found: Explanation) -> Json:
    verdict, program = found.verdict, found.program
    return {
        "argv": list(found.command.argv),
        "directory": found.command.directory,
        "profile": found.profile,
        "decision": verdict.decision,
        "rule": verdict.rule,
        "where": verdict.where,
        "reason": verdict.reason,
        "runs": list(verdict.argv),
        "program": None
        if program is None
        else {"path": program.path, "sha256": program.sha256, "flaw": program.flaw},
        "read": [
            {
                "words": list(part.words),
                "wrapper": part.wrapper,
                "depth": part.depth,
                "guess": part.is_guess,
                "decision": then.decision if then else None,
                "rule": then.rule if then else None,
            }
            for part, then in zip(found.reading.parts, found.inside, strict=True)
        ],
        "redirects": list(found.reading.targets),
        "unread": found.reading.fault,
        "dangers": dangers_document(found.dangers),
        "changes": [
            {
                "action": advice.action,
                "list": advice.key,
                "entry": advice.entry,
                "decision": advice.decision,
                "reason": advice.reason,
            }
            for advice in found.advice
        ],
    }
