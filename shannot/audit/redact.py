"""What of a command line may stand in the audit log: words that look like secrets may not.

Called wherever arguments are recorded. The session holds them whole, and is private; the log is
copied about and kept for years. It is a guess, and leans to the safe side: a long word without
meaning is left out, and so is what follows an option whose name says that it is secret.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

KEPT = "(in the session only)"
"""Stands in the place of a word that is left out."""
_WORDS_LIMIT = 64
_LENGTH_LIMIT = 1_024
"""Characters of a word that is looked at; a longer one is left out. The patterns below take a time
that grows with the square of it."""
_OPAQUE_LENGTH = 20  # characters: shorter ones are names more often than keys

_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd|pw|pin|otp|secret|token|bearer|auth(?:orization)?|cred\w*"
    r"|api[-_]?key|access[-_]?key|private[-_]?key|key|cookie|session[-_]?id|sid|signature|sig|header"
)
# An option or variable whose name ends with (or is) one of these: --db-password, MY_TOKEN, apiKey.
_SECRET_NAME = re.compile(rf"(?:.*[^a-z]|.*)(?:{_NAMES})s?\Z", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"\W*([\w.-]+)\s*[=:]\s*\S")
_USER_INFO = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^/@\s]*:[^/@\s]*@", re.IGNORECASE)
# Tokens of well-known services, JSON web tokens, keys in PEM, and the passwords of crypt(3).
_KNOWN = re.compile(
    r"(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|pk_|rk_|AKIA|ASIA|AIza|ya29\.|eyJ|npm_"
    r"|hf_|dop_v1_|SG\.)[\w.-]{8,}|-----BEGIN|\$(?:1|2[aby]?|5|6|y|argon2\w*)\$"
)
_OPAQUE = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_HEADER = re.compile(r"(?:basic|bearer|digest|token)\s+\S", re.IGNORECASE)
# Options of one letter that are followed by a secret, or hold one: `-pWORD`, `-u USER:WORD`.
_LETTERS = {
    "curl": "uHbU", "wget": "", "mysql": "p", "mysqldump": "p", "mysqladmin": "p", "mariadb": "p",
    "sshpass": "p", "redis-cli": "a", "ldapsearch": "w", "ldapmodify": "w", "smbclient": "U",
    "docker": "p", "podman": "p", "mongo": "p", "mongosh": "p", "htpasswd": "b", "rclone": "",
    "openssl": "k", "zip": "P", "unzip": "P", "7z": "p", "rar": "p", "ipmitool": "P", "net": "U",
    "usermod": "p", "useradd": "p", "snmpget": "c", "snmpwalk": "c",
}  # fmt: skip
_WHOLLY = frozenset({"sshpass", "htpasswd", "chpasswd", "smbpasswd", "mkpasswd"})
"""Programs whose every word is left out."""


def words(argv: Sequence[str]) -> list[str]:
    """The words of a command, those that look like secrets replaced by `KEPT`."""
    shown: list[str] = list(argv[:1])
    program = argv[0].rpartition("/")[2] if argv else ""
    letters = _LETTERS.get(program, "")
    follows = program in _WHOLLY
    for word in argv[1 : _WORDS_LIMIT + 1]:
        short = len(word) > 1 and word[0] == "-" and word[1] in letters
        hidden = follows or len(word) > _LENGTH_LIMIT or looks_secret(word)
        hidden = hidden or (short and len(word) > len("-p"))
        shown.append(KEPT if hidden else word)
        follows = short or _announces(word[:_LENGTH_LIMIT]) or program in _WHOLLY
    if len(argv) > len(shown):
        shown.append(f"({len(argv) - len(shown)} more words)")
    return shown


def text(said: str) -> str:
    """What a person has typed, those of its words that look like secrets replaced by `KEPT`.

    A word that follows one which announces a secret (`--password`) goes with it.
    """
    shown: list[str] = []
    before = ""
    for word in said.split(" "):
        follows = bool(word) and _announces(before)
        shown.append(KEPT if word and (follows or looks_secret(word)) else word)
        before = word
    return " ".join(shown)


def looks_secret(word: str) -> bool:
    """May this word, or a part of it, be a secret?"""
    if _USER_INFO.search(word) or _KNOWN.search(word) or _HEADER.search(word):
        return True
    pieces = re.split(r"[\s;&|?\"'(){},]+", word)
    for first, second in zip(pieces, [*pieces[1:], ""], strict=True):
        found = _ASSIGNMENT.match(first)
        if (found and _SECRET_NAME.match(found[1])) or (second and _announces(first)):
            return True
    return any(_is_opaque(piece) for piece in _OPAQUE.findall(word))


def _announces(word: str) -> bool:
    """Is what comes next secret, by the name of this option?"""
    return word.startswith("-") and bool(_SECRET_NAME.match(word.lstrip("-")))


def _is_opaque(piece: str) -> bool:
    """Letters and digits mixed as no name of a file or package mixes them."""
    parts: list[str] = re.split(r"[/_=-]", piece)
    longest = max(parts, key=len)
    if len(longest) < _OPAQUE_LENGTH:
        return False
    digits = sum(character.isdigit() for character in longest)
    upper = sum(character.isupper() for character in longest)
    return digits > 2 or 2 < upper < len(longest) - 2
