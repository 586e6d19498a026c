"""`shannot setup key`: the part of `setup` that prints a restricted key's line for sshd."""

from __future__ import annotations

import re
from argparse import RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.parser import add_json
from shannot.errors import DONE, NotFoundError, UsageError
from shannot.escape import escape
from shannot.machines.verbs import VERBS, is_key_name

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction

    from shannot.cli.parser import Parser

EPILOG = """\
The line belongs into ~/.ssh/authorized_keys of the user there. The key then speaks the protocol of
`shannot run --target` and nothing else: no shell, no forwarding, no sftp. Here its machine is added
with `shannot remote add NAME user@host --restricted --identity PATH`.

shannot must be installed there; --program says where, if not on that user's PATH. The name is what
the audit log there calls the key (default: the key's own comment)."""

_KEY = re.compile(
    r"(?P<kind>(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]{2,60})"
    r" (?P<data>[A-Za-z0-9+/]{16,10000}={0,3})"
    r"(?: (?P<comment>[^\n]*))?\n?\Z"
)
_PROGRAM = re.compile(r"[A-Za-z0-9_./-]{1,1000}\Z")
"""No blank or quote: it stands in a command line, inside of quotes."""
_PROFILE = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./-]{0,200}\Z")
_SIZE_MAX = 20_000
_USUAL = "run,status,show,diff"


def configure(parts: _SubParsersAction[Parser]) -> None:
    """The options of `setup key`."""
    parser = parts.add_parser(
        "key",
        help="a restricted ssh key",
        description="Print the authorized_keys line of a key that may do this and no more.",
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="the public key, NAME.pub")
    parser.add_argument(
        "--verbs",
        metavar="VERB,…",
        default=_USUAL,
        help=f"what it may ask for, of {', '.join(VERBS)} (default: {_USUAL})",
    )
    parser.add_argument("--profile", metavar="NAME", help="the policy of its runs and executions")
    parser.add_argument("--name", metavar="NAME", help="what the audit log calls it")
    parser.add_argument(
        "--program", metavar="PATH", default="shannot", help="shannot there (default: shannot)"
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Print the line."""
    kind, data, comment = _read(options.file)
    verbs = options.verbs.split(",")
    for verb in verbs:
        if verb not in VERBS:
            raise UsageError(f"--verbs: no such verb: {escape(verb)} (of {', '.join(VERBS)})")
    name = options.name or re.sub(r"[^A-Za-z0-9_.@+-]", "-", comment)[:100].lstrip("-")
    if not is_key_name(name):
        raise UsageError(
            "--name: a key needs a name of letters, digits and _.@+- for the audit log"
        )
    if not _PROGRAM.match(options.program) or options.program.startswith("-"):
        raise UsageError("--program: a path of letters, digits and _./- only")
    words = [options.program, "serve", f"--key={name}", f"--allow={','.join(verbs)}"]
    if options.profile is not None:
        if not _PROFILE.match(options.profile):
            raise UsageError("--profile: a name or path of letters, digits and _./- only")
        words.append(f"--profile={options.profile}")
    line = f'restrict,command="{" ".join(words)}" {kind} {data} {name}'
    if options.json:
        print(success("setup", {"part": "key", "name": name, "verbs": verbs, "line": line}))
    else:
        print(line)
    return DONE


def _read(path: str) -> tuple[str, str, str]:
    """(type, key, comment). Raises NotFoundError, UsageError for anything but one public key."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(_SIZE_MAX)
    except OSError as error:
        raise NotFoundError(f"{path}: {error.strerror}")
    found = _KEY.match(text)
    if found is None:
        raise UsageError(f"{path}: not one public key, as ssh-keygen writes it to NAME.pub")
    return found["kind"], found["data"], found["comment"] or ""
