"""Reaching another machine by its name or its target: ssh, the single file, the server there.

For every verb with `--target`. What the other side says is hostile until it was read by a type.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shannot.config.paths import state_directory
from shannot.config.remotes import NAME, Remote
from shannot.effects.document import Document, MalformedError
from shannot.errors import NotFoundError, RefusedError, ShannotError, UsageError
from shannot.escape import escape
from shannot.machines.bootstrap import bootstrap_command
from shannot.machines.client import Connection, LostError
from shannot.machines.deploy import deploy, own_program, put
from shannot.machines.directories import own_directory
from shannot.machines.ssh import Access, ssh_argv
from shannot.machines.target import parse_target
from shannot.sessions.ids import is_id
from shannot.workflows.configuration import own_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shannot.machines.client import Hello
    from shannot.machines.deploy import Program
    from shannot.workflows.request import Caller

RESTRICTED = "shannot-serve"
"""What is asked of a key that starts `shannot serve` whatever is asked."""
_SESSIONS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class There:
    """A machine that was reached."""

    name: str
    connection: Connection
    hello: Hello
    remote: Remote
    sent: bool
    """Was the single file sent to it now?"""


class Machines:
    """The machines that one command reaches: what they have in common is read once for all."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._lock = threading.Lock()
        self._remotes: Mapping[str, Remote] | None = None
        self._program: Program | None = None

    def find(self, name: str) -> Remote:
        """As `find_remote`."""
        with self._lock:
            if self._remotes is None:
                self._remotes = remotes(self.caller)
        return _named(self._remotes, name)

    def program(self) -> Program:
        """The single file. Raises ShannotError."""
        with self._lock:
            if self._program is None:
                self._program = own_program(f"{_state(self.caller)}/program")
            return self._program


def find_remote(caller: Caller, name: str) -> Remote:
    """The remote of that name, or a target `user@host[:port]`. UsageError, NotFoundError."""
    return _named(remotes(caller), name)


def _named(known: Mapping[str, Remote], name: str) -> Remote:
    if name in known:
        return known[name]
    if "@" not in name:
        if not NAME.match(name):
            shown = escape(name[:80])
            raise UsageError(f"--target: no name of a remote, and no user@host: {shown}")
        raise NotFoundError(f"no remote {name}: `shannot remote add {name} user@host`")
    parse_target(name)
    return Remote(name)


def remotes(caller: Caller) -> Mapping[str, Remote]:
    """Those of the user's and the machine's configuration; a project has no say."""
    settings = own_settings(caller)
    return settings.remotes if settings is not None else {}


def access_of(remote: Remote, caller: Caller) -> Access:
    """How ssh gets there. Raises UsageError for anything that is not harmless in a command line."""
    return Access(
        parse_target(remote.target),
        _at_home(remote.identity, caller.home),
        _at_home(remote.known_hosts, caller.home),
        remote.accept_new,
    )


def _at_home(path: str | None, home: str) -> str | None:
    return f"{home}{path[1:]}" if path is not None and path.startswith("~/") else path


@contextmanager
def reach(machines: Machines, name: str) -> Iterator[There]:
    """A connection to the server there, until the block ends. Raises ShannotError."""
    remote = machines.find(name)
    connection = _connect(machines.caller, remote, name)
    try:
        sent = False
        if not remote.restricted:
            sent = deploy(connection, machines.program(), "serve")
        there = There(name, connection, connection.greet(), remote, sent)
        try:
            yield there
        except LostError as error:
            if "status" not in there.hello.allowed:
                raise
            raise LostError(f"{error}; `shannot list --target {name}` tells what came of it")
    finally:
        connection.close()


def deploy_to(caller: Caller, name: str, action: Literal["send", "remove"]) -> bool:
    """Send the single file, or take it away. Was it sent? Raises ShannotError."""
    machines = Machines(caller)
    remote = machines.find(name)
    if remote.restricted and action == "remove":
        raise RefusedError(f"{name}: its key starts a shannot that is there already")
    connection = _connect(caller, remote, name)
    try:
        if remote.restricted:
            connection.greet()
            return put(connection, machines.program())
        return deploy(connection, machines.program(), action)
    finally:
        connection.close()


def _connect(caller: Caller, remote: Remote, name: str) -> Connection:
    access = access_of(remote, caller)
    command = RESTRICTED if remote.restricted else bootstrap_command()
    return Connection(ssh_argv(access, command, _sockets(caller)), name)


def _sockets(caller: Caller) -> str:
    """The directory for shared connections: of this user alone, and with a short name."""
    runtime = caller.environment.get("XDG_RUNTIME_DIR", "")
    base = runtime if runtime.startswith("/") and os.path.isdir(runtime) else ""
    return own_directory(f"{base or _state(caller)}/{'shannot-ssh' if base else 'ssh'}")


def _state(caller: Caller) -> str:
    """The state directory, which is of this user alone. Raises RefusedError, UsageError."""
    return own_directory(state_directory(caller.environment, caller.uid))


def ask(there: There, verb: str, fields: Mapping[str, str | bool | None]) -> Document:
    """One request whose answer is a document: its result. Raises the error that it tells."""
    answer = there.connection.ask(verb, fields)
    return result_of(answer.document, there.name)


def result_of(document: object, name: str) -> Document:
    """The result in an envelope of `--json`. Raises the error there, MalformedError."""
    envelope = Document(document, name)
    if "error" in envelope.names():
        error = envelope.child("error")
        kinds: dict[str, type[ShannotError]] = {
            kind.__name__: kind for kind in (NotFoundError, RefusedError, UsageError)
        }
        kind = kinds.get(error.text("kind", 80), ShannotError)
        found = kind(f"{name}: {error.text('message', 10_000)}")
        if kind is ShannotError:
            found.exit_code = error.integer("exit_code", 1, 255)
        raise found
    return envelope.child("result")


def resolve(there: There, prefix: str) -> str:
    """The whole id of a session there. Raises NotFoundError, UsageError."""
    if is_id(prefix):
        return prefix
    if "status" not in there.hello.allowed:
        raise UsageError(f"{there.name}: its key does not allow a list: give the whole session id")
    found = [
        item.text("id", 80) for item in ask(there, "status", {}).children("sessions", _SESSIONS_MAX)
    ]
    matches = [item for item in found if item.startswith(prefix)]
    if not matches or not prefix:
        raise NotFoundError(f"{there.name}: no session {escape(prefix[:80])}")
    if len(matches) > 1:
        raise UsageError(f"{there.name}: {escape(prefix[:80])} means {len(matches)} sessions")
    if not is_id(matches[0]):
        raise MalformedError(f"{there.name}: a session without an id")
    return matches[0]
