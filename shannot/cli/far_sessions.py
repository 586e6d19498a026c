"""`list`, `show`, `diff` and `reject` with --target: sessions of another machine, shown here."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from shannot.cli.commands.list import tell_list
from shannot.cli.commands.rollback import tell_rollback_list
from shannot.cli.commands.show import write_contents
from shannot.cli.place import current_caller
from shannot.cli.reaching import reach
from shannot.cli.render import diff_lines, style_for
from shannot.cli.render_session import Contents, next_step, review_lines
from shannot.cli.say import say
from shannot.effects.document import MAX_ITEMS, Document
from shannot.errors import DONE
from shannot.escape import escape
from shannot.sessions.lifecycle import STATES
from shannot.workflows.approve import parse_numbers
from shannot.workflows.far import ask, resolve, result_of
from shannot.workflows.far_review import read_contents_of, read_diff, read_review, read_summaries
from shannot.workflows.review import WAITING, Listing
from shannot.workflows.rollback import can_roll_back

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection

    from shannot.workflows.far import There
    from shannot.workflows.far_review import FarReview

_BROKEN_MAX = 10_000


def list_there(options: Namespace) -> int:
    """As `list`."""
    with reach(current_caller(), options.target) as there:
        answer = there.connection.ask("status", {})
    result = result_of(answer.document, there.name)
    if options.json:
        kept_there = WAITING if options.waiting else STATES
        print(json.dumps(_only(answer.document, "sessions", "state", kept_there)))
        return DONE
    found = read_summaries(result)
    kept = tuple(item for item in found if not options.waiting or item.state in WAITING)
    broken = result.texts("unreadable", _BROKEN_MAX)
    return tell_list(Listing(kept, broken), there.hello.user, options.waiting)


def show_there(options: Namespace) -> int:
    """As `show`, from the plan that came."""
    with reach(current_caller(), options.target) as there:
        session_id = resolve(there, options.id)
        more = {"file": options.file} if options.file else {}
        answer = there.connection.ask("show", {"id": session_id, **more})
    result = result_of(answer.document, there.name)
    if options.json:
        print(json.dumps(answer.document))
        return DONE
    if options.file:
        write_contents(read_contents_of(result.child(options.file)))
        return DONE
    found = read_review(result, session_id)
    contents = Contents({}, {}) if options.no_diff else Contents(found.diffs, found.inputs)
    style = style_for(sys.stdout.fileno(), os.environ)
    sys.stdout.writelines(f"{line}\n" for line in review_lines(found.review, contents, style))
    sys.stdout.flush()
    step = next_step(found.review.session)
    if step:
        say(f"shannot: next: {there_too(step, there.name)}")
    return DONE


def rollback_list_there(options: Namespace) -> int:
    """As `rollback list`."""
    with reach(current_caller(), options.target) as there:
        answer = there.connection.ask("status", {})
    result = result_of(answer.document, there.name)
    found = [item for item in read_summaries(result) if can_roll_back(item, None)]
    if options.json:
        states = {item.state for item in found}
        document = _only(answer.document, "sessions", "state", states)
        print(json.dumps({**document, "command": "rollback"}))
        return DONE
    tell_rollback_list(Listing(tuple(found), result.texts("unreadable", _BROKEN_MAX)))
    return DONE


def _only(document: object, rows: str, name: str, values: Collection[object]) -> dict[str, object]:
    """A document that was found right, with those rows alone whose field is among the values."""
    envelope = Document(document, "document").fields()
    result = Document(envelope["result"], "result").fields()
    found = Document(result, "result").children(rows)
    kept = [item.fields() for item in found if item.fields().get(name) in values]
    return {**envelope, "result": {**result, rows: kept}}


def there_too(step: str, target: str) -> str:
    """`shannot execute ID`, there."""
    program, verb, rest = step.split(" ", 2)
    return f"{program} {verb} --target {target} {rest}"


def fetch_review(there: There, prefix: str) -> FarReview:
    """The session, whole. Raises MalformedError, RefusedError, NotFoundError."""
    session_id = resolve(there, prefix)
    return read_review(ask(there, "show", {"id": session_id}), session_id)


def diff_there(options: Namespace) -> int:
    """As `diff`."""
    numbers = parse_numbers(options.effects) if options.effects else None
    with reach(current_caller(), options.target) as there:
        session_id = resolve(there, options.id)
        answer = there.connection.ask("diff", {"id": session_id})
    result = result_of(answer.document, there.name)
    if options.json:
        document = answer.document
        print(
            json.dumps(document if numbers is None else _only(document, "diffs", "number", numbers))
        )
        return DONE
    style = style_for(sys.stdout.fileno(), os.environ)
    for item in result.children("diffs", MAX_ITEMS):
        number, path, found = read_diff(item)
        if numbers is not None and number not in numbers:
            continue
        if found.kind != "text":  # those of a text name the path themselves
            print(style.strong(f"{escape(path)}: {found.kind}"))
        sys.stdout.writelines(f"{line}\n" for line in diff_lines(found, style))
    return DONE


def reject_there(options: Namespace) -> int:
    """As `reject`."""
    with reach(current_caller(), options.target) as there:
        session_id = resolve(there, options.id)
        fields = {"id": session_id, "reason": options.reason}
        answer = there.connection.ask("reject", fields)
    result_of(answer.document, there.name)
    if options.json:
        print(json.dumps(answer.document))
    else:
        say(f"shannot: rejected {session_id} on {there.name}")
    return answer.status
