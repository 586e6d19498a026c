"""`shannot completion bash|zsh|fish`: a script for the shell, made from the parsers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from shannot.cli.catalog import outlines
from shannot.cli.envelope import success
from shannot.cli.parser import add_json
from shannot.errors import DONE

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.parser import Parser

SHELLS = ("bash", "zsh", "fish")
EPILOG = """\
For this shell alone, in bash; in zsh after `compinit`; and in fish:

    source <(shannot completion bash)
    source <(shannot completion zsh)
    shannot completion fish | source

From now on, in a directory that the shell looks into:

    shannot completion bash > ~/.local/share/bash-completion/completions/shannot
    shannot completion zsh > ~/.zfunc/_shannot      (with ~/.zfunc in $fpath)
    shannot completion fish > ~/.config/fish/completions/shannot.fish"""


def configure(parser: Parser) -> None:
    """The options of `completion`."""
    parser.add_argument("shell", choices=SHELLS, help="the shell")
    add_json(parser)
    parser.epilog = EPILOG


def run(options: Namespace) -> int:
    """Print the script."""
    shell: str = options.shell
    made = str(import_module(f"shannot.cli.completion.{shell}").script(outlines()))
    if options.json:
        print(success("completion", {"shell": shell, "script": made}))
    else:
        print(made, end="")
    return DONE
