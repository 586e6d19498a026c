"""`approve`, `execute` and `rollback` with --target: decided here, done there.

What is approved is what was shown here: the digest is computed from the plan that came
(`workflows/far_review.py`), and the other machine refuses every other one.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from shannot.cli.commands.approve import check_one, choose, decide
from shannot.cli.executing import execution_options
from shannot.cli.far_sessions import fetch_review, rollback_list_there, there_too
from shannot.cli.far_work import FarWork
from shannot.cli.main import INTERRUPTED
from shannot.cli.place import current_caller, open_store
from shannot.cli.reaching import reach
from shannot.cli.render import style_for
from shannot.cli.render_session import Contents, next_step, result_lines
from shannot.cli.say import say
from shannot.cli.terminal import Terminal
from shannot.effects import codec
from shannot.effects.document import Document
from shannot.effects.numbering import numbered
from shannot.effects.wording import describe
from shannot.errors import DONE, RefusedError, UnsuccessfulError, UsageError
from shannot.escape import escape
from shannot.sessions import lifecycle
from shannot.sessions.model import MAX_EFFECTS, result_from_json
from shannot.sessions.work import Options
from shannot.workflows.approve import gaps
from shannot.workflows.auditing import note
from shannot.workflows.configuration import check_yes
from shannot.workflows.far import resolve, result_of
from shannot.workflows.person import person, terminal_name

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from shannot.sessions.model import EffectResult
    from shannot.workflows.far import There
    from shannot.workflows.request import Caller

SWITCHES = ("incomplete", "keep_going", "skip_conflicts", "redo", "skip")


def approve_there(options: Namespace) -> int:
    """Show each plan here, ask here, and approve there exactly what was shown."""
    if not options.ids:
        raise UsageError("--target: which session? `shannot list --target NAME` shows them")
    check_one(options, options.ids)
    check_execution(options)
    caller = current_caller()
    status = DONE
    with reach(caller, options.target) as there:
        ids = [resolve(there, prefix) for prefix in options.ids]
        check_one(options, ids)
        for session_id in ids:
            status = status or _approve(options, caller, there, session_id)
    return status


def _approve(options: Namespace, caller: Caller, there: There, session_id: str) -> int:
    found = fetch_review(there, session_id)
    review = found.review
    lifecycle.check(session_id, review.session.state, "approved")
    if options.digest is not None and options.digest != review.digest:
        raise RefusedError(f"the plan of {session_id} is not the one with that digest")
    chosen = choose(review.session, options.effects)
    missing = gaps(review.session, chosen)
    contents = Contents(found.diffs, found.inputs)
    where = decide(options, caller, review, contents, chosen, missing)
    record(caller, there, "approve", session_id, where, review.digest)
    fields = {"id": session_id, "digest": review.digest, "effects": numbered(chosen)}
    # A person has read what is missing; a program has not.
    accepted = {"accept_gaps": True} if missing and (options.accept_gaps or not options.yes) else {}
    answer = there.connection.ask("approve", {**fields, **accepted})
    result_of(answer.document, there.name)
    if options.execute:
        return _execute(options, there, session_id)
    if options.json:
        print(json.dumps(answer.document))
    else:
        say(f"shannot: approved {session_id} on {there.name}: effects {numbered(chosen)}")
        say(f"shannot: next: shannot execute --target {there.name} {session_id}")
    return DONE


def execute_there(options: Namespace) -> int:
    """Do there what was approved."""
    if options.session_id is not None or options.id is None:
        raise UsageError("--target: which session? `shannot list --target NAME` shows them")
    check_execution(options)
    caller = current_caller()
    with reach(caller, options.target) as there:
        session_id = resolve(there, options.id)
        record(caller, there, "execute", session_id, terminal_name(), None)
        return _execute(options, there, session_id)


def rollback_there(options: Namespace) -> int:
    """Show here what would be put back, ask here, and do it there."""
    if options.id == "list":
        if options.dry_run or options.force or options.yes:
            raise UsageError("`rollback list` takes no option but --json and --target")
        return rollback_list_there(options)
    caller = current_caller()
    with reach(caller, options.target) as there:
        session_id = resolve(there, options.id)
        fields = {"id": session_id, "force": options.force}
        if options.dry_run or not options.yes:
            answer = there.connection.ask("rollback", {**fields, "dry_run": True})
            shown = list(steps(result_of(answer.document, there.name)))
        if options.dry_run:
            return _tell_dry_run(options, shown, answer.document, answer.status)
        if options.yes:
            check_yes(caller, "roll back")
            where = "--yes"
        else:
            with Terminal("rolling back") as terminal:
                terminal.show(shown)
                if not terminal.confirm(f"\nPut this back now on {there.name}?"):
                    raise UnsuccessfulError("not rolled back; nothing was changed")
                where = terminal.name()
        record(caller, there, "rollback", session_id, where, None)
        answer = there.connection.ask("rollback", {**fields, "dry_run": False})
    result = result_of(answer.document, there.name)
    if options.json:
        print(json.dumps(answer.document))
        return answer.status
    for item in result.children("conflicts", MAX_EFFECTS):
        say(f"shannot: not put back: {escape(item.text('message'))}")
    for line in result.texts("differences"):
        say(f"shannot: not as it was: {escape(line)}")
    say(f"shannot: {escape(result.text('state', 40))} {session_id} on {there.name}")
    return answer.status


def _tell_dry_run(options: Namespace, shown: list[str], document: object, status: int) -> int:
    if options.json:
        print(json.dumps(document))
    else:
        sys.stdout.writelines(f"{line}\n" for line in shown)
        say("shannot: nothing was changed (--dry-run)")
    return status


def steps(result: Document) -> Iterator[str]:
    """Every step of a rollback, and what it cannot do."""
    yield f"session    {escape(result.text('id', 80))}, to be put back:"
    for item in result.children("steps", MAX_EFFECTS):
        fields = item.child("effect").fields()
        verb, subject, _ = describe(codec.from_json(Document(fields, item.where)))
        yield f"{item.integer('number'):4}  {verb:<9} {subject}"
    for item in result.children("conflicts", MAX_EFFECTS):
        yield f"      ! cannot: {escape(item.text('message'))}"
    for number in result.items("commands_not_undone", MAX_EFFECTS):
        yield f"not undone: what the command of effect {escape(str(number)[:20])} did"


def check_execution(options: Namespace) -> None:
    """UsageError for what only an execution here can do."""
    if options.profile is not None:
        raise UsageError("--profile: the policy of another machine is its own")


def execution_fields(options: Namespace) -> dict[str, str | bool]:
    """Of the request, how it is to be executed."""
    wanted = execution_options(options)
    fields: dict[str, str | bool] = {name: getattr(wanted, name) is True for name in SWITCHES}
    if wanted.timeout != Options().timeout:
        fields["timeout"] = f"{wanted.timeout:.3f}"
    return fields


def _execute(options: Namespace, there: There, session_id: str) -> int:
    fields = {"id": session_id, **execution_fields(options)}
    work = FarWork(there, "execute", fields, silent=options.json)
    answer, interrupted = work.wait()
    again = f"`shannot execute --target {there.name} {session_id}` goes on"
    if interrupted and answer.document is None:
        say(f"shannot: stopped; {again}")
        return INTERRUPTED
    if answer.document is None:
        raise UnsuccessfulError(f"{there.name}: it was stopped there; {again}")
    result = result_of(answer.document, there.name)
    if options.json:
        print(json.dumps(answer.document))
        return answer.status
    bad, told = executed(result)
    for line in result_lines(bad, style_for(2, current_caller().environment)):
        say(line)
    say(f"shannot: {escape(result.text('state', 40))} {session_id} on {there.name}: {told}")
    if answer.status != DONE and "show" in there.hello.allowed:
        session = fetch_review(there, session_id).review.session
        step = next_step(session)
        if step:
            commands = any(item.exit_status is not None for item in bad)
            more = " --redo (or --skip)" if commands else ""
            say(f"shannot: next: {there_too(step, there.name)}{more}")
    return answer.status


def executed(result: Document) -> tuple[list[EffectResult], str]:
    """What was not done there, and how many were: `3 done, 0 not`."""
    results = [result_from_json(item) for item in result.children("results", MAX_EFFECTS)]
    bad = [item for item in results if item.state != "done"]
    return bad, f"{len(results) - len(bad)} done, {len(bad)} not"


def record(
    caller: Caller, there: There, verb: str, session_id: str, where: str, digest: str | None
) -> None:
    """Tell our own audit log what is asked of the other machine. AuditError."""
    fields = {"verb": verb, "said": f"asked of {there.name}", "plan_digest": digest}
    note(open_store(caller), "request", session_id, fields, person(caller, where))
