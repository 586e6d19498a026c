"""What may be asked for: each verb's fields, and the command line that does it.

Nothing of a request becomes a word of a command line but what was checked here; there is no shell.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from shannot.effects.document import Document, MalformedError
from shannot.errors import RefusedError

from .frames import FrameError, unpacked

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{4}\Z")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,99}\Z")
_KEY_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,99}\Z")
_EFFECTS = re.compile(r"[0-9]{1,6}(-[0-9]{1,6})?(,[0-9]{1,6}(-[0-9]{1,6})?){0,9999}\Z")
_VALUE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?\Z")
_LIMITS = ("timeout", "cpu", "memory", "processes", "output", "files")
SCRIPT_MAX = 4 << 20
_WORDS_MAX = 1000
_FILES = ("script", "stdout", "stderr")
PROGRAM_MAX = 64 << 20
"""Bytes of a single file that is put."""


@dataclass(frozen=True, slots=True)
class Job:
    """A request that was found right: the words of a command line, and what it is given."""

    verb: str
    words: tuple[str, ...]
    directory: str | None = None
    script: tuple[str, bytes] | None = None
    """(file name, contents) of a script that comes with the request; its path replaces `{}`."""
    takes_stdin: bool = False
    document_only: bool = True
    """Its stdout is the JSON document; else that comes on a descriptor of its own."""


def is_key_name(text: str) -> bool:
    """Can the audit log call an ssh key so, and a command line in authorized_keys hold it?"""
    return _KEY_NAME.match(text) is not None


def job(verb: str, request: Document) -> Job:
    """The work of one request. Raises RefusedError, FrameError."""
    maker = _MAKERS.get(verb)
    if maker is None:
        raise RefusedError("no such verb")
    try:
        made = maker(request)
        request.finish()
    except MalformedError as error:
        raise FrameError(str(error)) from None
    return made


def _status(_request: Document) -> Job:
    return Job("status", ("list", "--json"))


def _show(request: Document) -> Job:
    file = request.text("file", 10) if "file" in request.names() else None
    if file is not None and file not in _FILES:
        raise FrameError("file: none of a session's")
    return Job("show", ("show", "--json", *([f"--{file}"] if file else []), _id(request)))


def _diff(request: Document) -> Job:
    return Job("diff", ("diff", "--json", _id(request)))


def _run(request: Document) -> Job:
    script = request.child("script")
    name = script.text("name", 100)
    if not _NAME.match(name):
        raise FrameError("script: not a plain file name")
    source = unpacked(script.take("source"), SCRIPT_MAX)
    script.finish()
    options = request.child("options")
    words = ["run", *_options(options)]
    options.finish()
    arguments = request.texts("arguments", _WORDS_MAX)
    directory = request.optional_text("directory", 4095)
    if directory is not None and not os.path.isabs(directory):
        raise FrameError("directory: not an absolute path")
    return Job(
        "run",
        (*words, "{}", *arguments),
        directory=directory,
        script=(name, source),
        takes_stdin=request.boolean("stdin"),
        document_only=False,
    )


def _options(options: Document) -> list[str]:
    """Options of `shannot run` that a client may give. `profile` is not: that is the server's."""
    given = options.names()
    words = [
        f"--{name.replace('_', '-')}={options.text(name, 4095)}"
        for name in ("view", "on_ask", "python", "runtime")
        if name in given
    ]
    for name in ("map", "env"):
        if name in given:
            words += [f"--{name}={value}" for value in options.texts(name, _WORDS_MAX)]
    words += _switches(options, "dry_run", "keep")
    for name in _LIMITS:
        if name in given:
            words.append(f"--{name}={_number(options, name)}")
    return words


def _number(fields: Document, name: str) -> str:
    value = fields.text(name, 30)
    if not _VALUE.match(value):
        raise FrameError(f"{name}: not a number")
    return value


def _approve(request: Document) -> Job:
    words = ["approve", "--json", "--yes", f"--digest={request.sha256('digest')}"]
    effects = request.optional_text("effects", 100_000)
    if effects is not None:
        if not _EFFECTS.match(effects):
            raise FrameError("effects: not a list like 1,3-5")
        words.append(f"--effects={effects}")
    words += _switches(request, "accept_gaps")
    return Job("approve", (*words, _id(request)))


def _reject(request: Document) -> Job:
    reason = request.text("reason", 1000)
    return Job("reject", ("reject", "--json", f"--reason={reason}", _id(request)))


def _execute(request: Document) -> Job:
    names = ("incomplete", "keep_going", "skip_conflicts", "redo", "skip")
    words = ["execute", *_switches(request, *names)]
    if "timeout" in request.names():
        words.append(f"--timeout={_number(request, 'timeout')}")
    return Job("execute", (*words, _id(request)), document_only=False)


def _resume(request: Document) -> Job:
    return Job(
        "resume",
        ("resume", *_switches(request, "keep"), _id(request)),
        takes_stdin=request.boolean("stdin"),
        document_only=False,
    )


def _put(request: Document) -> Job:
    """The single file; its bytes come as stdin. It is kept there, and not started by this."""
    size = request.integer("size", 1, PROGRAM_MAX)
    words = ("serve", f"--receive={request.sha256('sha256')}", f"--size={size}")
    return Job("put", words, takes_stdin=True)


def _rollback(request: Document) -> Job:
    switches = _switches(request, "dry_run", "force")
    return Job("rollback", ("rollback", "--json", "--yes", *switches, _id(request)))


def _switches(request: Document, *names: str) -> list[str]:
    """Those options without a value that are there and true."""
    return [
        f"--{name.replace('_', '-')}"
        for name in names
        if name in request.names() and request.boolean(name)
    ]


def _id(request: Document) -> str:
    found = request.text("id", 200)
    if not _ID.match(found):
        raise FrameError("id: not the whole id of a session")
    return found


_MAKERS = {
    "status": _status,
    "show": _show,
    "diff": _diff,
    "run": _run,
    "approve": _approve,
    "reject": _reject,
    "execute": _execute,
    "resume": _resume,
    "rollback": _rollback,
    "put": _put,
}
VERBS = tuple(_MAKERS)
"""`hello` is no request: it begins every connection."""
