"""Who decides, and from where, as far as this process can tell: user, terminal, ssh key.

For `approve`, `reject`, `execute` and `rollback`. All of it is what the environment says, so it is
worth as much as the user whose process this is: a record, not a proof.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Iterator, Mapping
from hashlib import sha256

from shannot.sessions.accounts import own_terminal
from shannot.sessions.decision import NAME, Person
from shannot.workflows.request import Caller

KEY_VARIABLE = "SHANNOT_SSH_KEY"
"""The key's name as `shannot serve --key` was told it, where sshd does not name the key."""
_MAX_FILE = 1 << 20  # bytes of the file of sshd and of authorized_keys
_KEY_WORDS = ("ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-")


def person(caller: Caller, where: str) -> Person:
    """where: the terminal the answer came from, `--yes`, or `no terminal`."""
    environment = caller.environment
    connection = environment.get("SSH_CONNECTION", "").split(" ")
    return Person(
        who=caller.user[:NAME],
        uid=caller.uid,
        where=where[:NAME],
        key=(environment.get(KEY_VARIABLE) or _key(environment, caller.home))[:NAME],
        address=connection[0][:NAME],
    )


def terminal_name() -> str:
    """The terminal that one of the standard streams is, or `no terminal`."""
    return own_terminal() or "no terminal"


def _key(environment: Mapping[str, str], home: str) -> str:
    """The key of this login: its comment in authorized_keys, else its fingerprint.

    sshd names it in the file of SSH_USER_AUTH, with `ExposeAuthInfo yes` (sshd_config(5)).
    """
    for words in _lines(environment.get("SSH_USER_AUTH", "")):
        if len(words) >= 3 and words[0] == "publickey":
            return _comment(f"{home}/.ssh/authorized_keys", words[2]) or _fingerprint(words[2])
    return ""


def _comment(path: str, key: str) -> str:
    for words in _lines(path):
        for place, word in enumerate(words[:-1]):
            if word.startswith(_KEY_WORDS) and words[place + 1] == key:
                return " ".join(words[place + 2 :])
    return ""


def _fingerprint(key: str) -> str:
    """As `ssh-keygen -l` prints it."""
    try:
        digest = sha256(base64.b64decode(key, validate=True)).digest()
    except (binascii.Error, ValueError):
        return ""
    return f"SHA256:{base64.b64encode(digest).decode('ascii').rstrip('=')}"


def _lines(path: str) -> Iterator[list[str]]:
    """The words of each line of a file; nothing where it cannot be read."""
    if not path.startswith("/"):
        return
    try:
        host_fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError):
        return
    try:
        if not stat.S_ISREG(os.fstat(host_fd).st_mode):
            return
        data = os.read(host_fd, _MAX_FILE)
    except OSError:
        return
    finally:
        os.close(host_fd)
    for line in data.decode("utf-8", "replace").split("\n"):
        yield line.split()
