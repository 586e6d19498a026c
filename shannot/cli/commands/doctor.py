"""`shannot doctor`: what works on this machine, and what to do about what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shannot.cli.envelope import success
from shannot.cli.parser import add_json
from shannot.cli.place import current_caller
from shannot.cli.render import style_for
from shannot.errors import DONE, UNSUCCESSFUL
from shannot.escape import escape
from shannot.workflows.doctor import examine

if TYPE_CHECKING:
    from argparse import Namespace

    from shannot.cli.envelope import Json
    from shannot.cli.parser import Parser
    from shannot.cli.render import Style
    from shannot.workflows.doctor import Examination, Finding

_WORDS = {"ok": "ok", "failed": "FAIL", "limited": "less", "absent": "none", "untried": "FAIL"}


def configure(parser: Parser) -> None:
    """The options of `doctor`."""
    parser.epilog = (
        "Each part is tried. FAIL: shannot cannot work so. less: it works, with less. none: an\n"
        "addition that is not there. Exit code 0 where nothing has FAILed, else 1."
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Print one line a part, with the remedy below what needs one."""
    import os

    examination = examine(current_caller())
    if options.json:
        print(success("doctor", _document(examination)))
    else:
        style = style_for(1, os.environ)
        for finding in examination.findings:
            for line in _lines(finding, style):
                print(line)
    return DONE if examination.works else UNSUCCESSFUL


def _lines(finding: Finding, style: Style) -> list[str]:
    word = f"{_WORDS[finding.state]:<4}"
    if finding.state in ("failed", "untried"):
        word = style.danger(word)
    told = ": ".join(text for text in (finding.detail, finding.problem) if text)
    lines = [f"{word}  {finding.name:<30}{escape(told)}".rstrip()]
    if finding.remedy:
        lines.append(f"      do: {escape(finding.remedy)}")
    return lines


def _document(examination: Examination) -> Json:
    return {
        "works": examination.works,
        "parts": [
            {
                "name": finding.name,
                "state": finding.state,
                "detail": finding.detail,
                "problem": finding.problem,
                "remedy": finding.remedy,
            }
            for finding in examination.findings
        ],
    }
