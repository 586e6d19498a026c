"""The verdict on recorded commands, taken again: when they are shown, and before any is executed.

Called by `review.py` and `execute.py`. An approval outlives the rules it was
given under: a command that the policy has come to deny since is not run, whoever approved it.
"""

from __future__ import annotations

from shannot.effects.model import RunCommand
from shannot.errors import RefusedError
from shannot.escape import escape
from shannot.policy.command import Command
from shannot.policy.command_line import shown
from shannot.policy.verdict import decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.effects.model import Effect
    from shannot.policy.profile import Profile


def check_verdicts(effects: Mapping[int, Effect], profile: Profile) -> None:
    """Raises RefusedError for the first command, by number, that is denied now."""
    for number, effect in sorted(effects.items()):
        denial = denied_now(effect, profile)
        if denial and isinstance(effect, RunCommand):
            raise RefusedError(
                f"nothing was changed: effect {number}, {shown(effect.argv)}, {denial}"
            )


def denied_now(effect: Effect, profile: Profile) -> str:
    """That a command which was not run yet is denied by these rules, and why; else ""."""
    if not isinstance(effect, RunCommand) or effect.state == "done":
        return ""
    command = Command(effect.argv, effect.directory, executable=effect.executable)
    verdict = decide(command, profile)
    if verdict.decision != "deny":
        return ""
    rule = f" (rule: {escape(verdict.rule)}"
    rule += f", {escape(verdict.where)})" if verdict.where else ")"
    return f"is denied by now: {escape(verdict.reason)}{rule}"
