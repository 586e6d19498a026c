"""The options of `shannot run`, as a table with two readers.

argparse costs three quarters of a plain python's whole start (7.5 ms of 10), and `run` is started
often. So a command line that is plainly right is read here, and everything else, with every error
and `--help`, is argparse's. Both follow the one table, and a test compares them.
"""

from __future__ import annotations

from shannot.cli.values import amount, count, duration, seconds, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shannot.cli.parser import Parser

    Value = None | bool | float | str | list[str]

USAGE = """\
shannot run [OPTIONS] SCRIPT [ARGS…]
       shannot run [OPTIONS] -c CODE [ARGS…]
       shannot run [OPTIONS] -m MODULE [ARGS…]
       shannot run [OPTIONS] - [ARGS…] < SCRIPT"""

EPILOG = """\
Everything after SCRIPT, CODE, MODULE or - is the script's. Its stdin, stdout, stderr and exit
status are its own. Nothing on this machine changes, but by commands that the policy allows to
run; what the script wanted to change waits as a session (`shannot list`).

SIZE is bytes, or a number with K, M, G; TIME is seconds, or a number with ms, s, m, h, d.
Exit codes: the script's own (a signal is 128+N); 2 usage or configuration, 124 time limit,
125 another limit or shannot itself failed, 126 refused, 127 no such script."""


class Option:
    """One option: a switch where `metavar` and `choices` are both missing."""

    __slots__ = ("choices", "flags", "help", "kind", "many", "metavar", "name")

    def __init__(
        self,
        flags: str,
        help: str,  # noqa: A002 - argparse's word for it
        metavar: str = "",
        *,
        kind: Callable[[str], float | str] = str,
        choices: tuple[str, ...] = (),
        many: bool = False,
    ) -> None:
        self.flags = tuple(flags.split())
        self.name = self.flags[-1].lstrip("-").replace("-", "_")
        self.help = help
        self.metavar = metavar
        self.kind = kind
        self.choices = choices
        self.many = many

    @property
    def is_switch(self) -> bool:
        return not (self.metavar or self.choices)


SIDE_BY_SIDE = (
    Option(
        "--parallel",
        "on several machines: so many at once (default: the group's, or 64)",
        "N",
        kind=count,
    ),
    Option(
        "--max-failures",
        "on several machines: begin no further one after more failures than N (default: the"
        " group's, or no limit)",
        "N",
        kind=amount,
    ),
)
OPTIONS = (
    Option("-q --quiet", "say nothing on stderr"),
    Option("--json", "print one JSON document, with the script's output inside"),
    Option(
        "--json-fd",
        "write the JSON document to this descriptor, while the script's output streams",
        "N",
        kind=count,
    ),
    Option(
        "--view",
        "what the script sees: this directory, or the whole machine (default: project)",
        choices=("project", "system"),
    ),
    Option(
        "--map",
        "show, or hide, one more file or directory; may be repeated",
        "HOST[:GUEST][:ro|cow|hide]",
        many=True,
    ),
    Option(
        "--env",
        "add to its environment, from yours without VALUE; may be repeated",
        "NAME[=VALUE]",
        many=True,
    ),
    Option("--python", "the interpreter, a virtual environment's for example", "PATH"),
    Option(
        "--runtime",
        "which interpreter, and so how it is confined (default: cpython)",
        choices=("cpython", "pypy"),
    ),
    Option("--dry-run", "run no command at all on this machine"),
    Option(
        "--on-ask",
        "what the script is told of a command that waits for approval: success without output"
        " (assume, the default), exit status 126 (fail), or what it really comes to, when you have"
        " answered here (prompt), or in `shannot approve` at another terminal (wait)",
        choices=("assume", "fail", "prompt", "wait"),
    ),
    Option("--ask", "the same as --on-ask prompt"),
    Option("--profile", "which commands may run: a profile's name or its file", "NAME|FILE"),
    Option("--review", "at the end, review what waits on a screen, as `shannot approve` does"),
    Option("--keep", "keep a session even if nothing waits"),
    Option(
        "--target",
        "run it on another machine, over ssh: a name of `shannot remote`, or user@host[:port];"
        " on several: @GROUP, or A,B",
        "NAME",
    ),
    *SIDE_BY_SIDE,
    Option(
        "--directory", "with --target: where it runs there (default: the home directory)", "DIR"
    ),
)
LIMITS = (
    Option("--timeout", "wall clock", "TIME", kind=duration),
    Option("--cpu", "processor time of all processes together", "TIME", kind=seconds),
    Option("--memory", "memory of all processes together", "SIZE", kind=size),
    Option("--processes", "processes and threads alive at once", "N", kind=count),
    Option("--output", "stdout and stderr together", "SIZE", kind=size),
    Option("--files", "files and directories created", "N", kind=count),
)


def read_plain(words: Sequence[str]) -> Mapping[str, Value] | None:
    """The options' values by name, and `code`, `module` or `words` for what is to be run.

    None for anything but a plainly right command line.
    """
    known = {flag: option for option in (*OPTIONS, *LIMITS) for flag in option.flags}
    values = defaults()
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word in ("-c", "-m"):
            values["code" if word == "-c" else "module"] = list(words[position:])
            return values
        if not word.startswith("-") or word == "-":
            values["words"] = list(words[position - 1 :])
            return values
        name, equals, text = word.partition("=") if word.startswith("--") else (word, "", "")
        option = known.get(name)
        if option is None or (option.is_switch and equals):
            return None
        if option.is_switch:
            values[option.name] = True
            continue
        if not equals:
            if position == len(words) or words[position].startswith("-"):
                return None
            text = words[position]
            position += 1
        if not _store(values, option, text):
            return None
    return None


def asks_for_json(words: Sequence[str]) -> bool:
    """Does `--json` stand before the script, whatever else is wrong with the command line?"""
    known = {flag: option for option in (*OPTIONS, *LIMITS) for flag in option.flags}
    is_value = False
    for word in words:
        if is_value:
            is_value = False
        elif word == "--json":
            return True
        elif word in ("-c", "-m", "--") or not word.startswith("-") or word == "-":
            return False
        else:
            is_value = word in known and not known[word].is_switch
    return False


def defaults() -> dict[str, Value]:
    """What stands where nothing was given."""
    values: dict[str, Value] = {"words": [], "code": None, "module": None}
    for option in (*OPTIONS, *LIMITS):
        values[option.name] = [] if option.many else False if option.is_switch else None
    return values


def configure(parser: Parser) -> None:
    """The options of `run`, where argparse reads them."""
    from argparse import REMAINDER  # loaded by whoever made the parser

    from shannot.cli.parser import checked

    parser.usage = USAGE
    parser.epilog = EPILOG
    # Everything from here on is the script's, options included: REMAINDER takes it unread.
    parser.add_argument("words", nargs=REMAINDER, metavar="SCRIPT [ARGS…]", help="the script")
    parser.add_argument("-c", dest="code", nargs=REMAINDER, metavar="CODE", help="run CODE")
    parser.add_argument("-m", dest="module", nargs=REMAINDER, metavar="MODULE", help="run MODULE")
    limits = parser.add_argument_group("limits")
    for option in (*OPTIONS, *LIMITS):
        place = limits if option in LIMITS else parser
        if option.is_switch:
            place.add_argument(*option.flags, action="store_true", help=option.help)
        elif option.many:
            place.add_argument(
                *option.flags,
                action="append",
                default=[],
                metavar=option.metavar,
                help=option.help,
            )
        else:
            place.add_argument(
                *option.flags,
                type=checked(option.kind),
                choices=option.choices or None,
                metavar=option.metavar or None,
                help=option.help,
            )


def _store(values: dict[str, Value], option: Option, text: str) -> bool:
    if option.choices and text not in option.choices:
        return False
    known = values[option.name]
    if isinstance(known, list):
        values[option.name] = [*known, text]
        return True
    try:
        values[option.name] = option.kind(text)
    except ValueError:
        return False
    return True
