"""`shannot mcp`: an agent's way to run scripts, look at sessions and wait for people."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from shannot.errors import DONE, UsageError
from shannot.escape import escape

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import FrameType

    from shannot.mcp.offer import Offer


def configure(parser: ArgumentParser) -> None:
    """Its options: the ceiling of what the agent may ask for."""
    parser.description = (
        "Serve the Model Context Protocol on stdin and stdout. No tool approves anything: what a"
        " script would change waits for `shannot approve`."
    )
    parser.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="NAME|FILE",
        help="a profile the agent may choose; the first is its default (without: the configured)",
    )
    parser.add_argument(
        "--root",
        action="append",
        default=[],
        metavar="DIR",
        help="scripts run in this directory or below it only (without: wherever you may)",
    )
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="NAME",
        help="a machine that the agent may use, over ssh (without: none but this one)",
    )
    parser.add_argument(
        "--project-only",
        action="store_true",
        help="no view of the whole machine: scripts see their directory alone",
    )


def run(options: Namespace) -> int:
    """Serve until the client closes the connection."""
    from shannot.mcp.server import serve_stdio

    offer = offer_of(options)
    signal.signal(signal.SIGTERM, _leave)
    serve_stdio(offer)
    return DONE


def offer_of(options: Namespace) -> Offer:
    """What such a server offers. Raises ShannotError for options that cannot work."""
    from shannot.cli.place import current_caller
    from shannot.mcp.offer import Offer
    from shannot.mcp.run_tool import LIMITS
    from shannot.workflows.choices import make_limits
    from shannot.workflows.configuration import load_settings
    from shannot.workflows.far import find_remote
    from shannot.workflows.profiles import make_profile

    profiles, roots = profiles_of(options), roots_of(options)
    for root in roots:
        if not os.path.isdir(root):
            raise UsageError(f"--root {escape(root)}: not a directory")
    views = ("project",) if options.project_only else ("project", "system")
    caller = current_caller()
    settings = load_settings(caller)
    for profile in profiles or (None,):
        make_profile(settings, caller, profile)
    targets = tuple(dict.fromkeys(options.target))
    for target in targets:
        find_remote(caller, target)
    limits = make_limits(settings, {})
    bounds = {name: getattr(limits, name) for name in LIMITS}
    return Offer(profiles, roots, views, targets, bounds)


def profiles_of(options: Namespace) -> tuple[str, ...]:
    """The profiles of the command line. A file's path is made absolute: the directories that
    scripts run in are the agent's choice, and a file of the same name there is not meant."""
    from shannot.config.profile_file import is_file

    names: list[str] = options.profile
    found = (
        os.path.abspath(name) if is_file(name) and not name.startswith("~/") else name
        for name in names
    )
    return tuple(dict.fromkeys(found))


def roots_of(options: Namespace) -> tuple[str, ...]:
    """The directories of the command line, absolute. UsageError for none: a variable that was
    empty must not offer whatever directory the server is started in."""
    roots: list[str] = options.root
    if not all(roots):
        raise UsageError("--root: no directory is named")
    return tuple(dict.fromkeys(os.path.abspath(root) for root in roots))


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Asked to end: as when the client is gone, so that what is under way ends as well."""
    sys.exit(DONE)
