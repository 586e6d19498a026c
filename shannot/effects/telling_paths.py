"""Paths that tell a reviewer to look twice: start-up files, keys, hooks, the machine's settings.

Called by `warnings.py` for every path of a plan, and by the policy for those that commands name.
"""

from __future__ import annotations

import re

# What a name ends in, whatever directory it is in.
_RUN_BY_ITSELF = ("service", "socket", "timer", "path", "mount", "automount", "desktop", "pth")
_HOLDS_KEYS = ("pem", "key", "p12", "pfx", "jks", "keystore", "kdbx", "ppk", "asc", "gpg")

# What runs by itself, later, for a user or the machine. Matched against the whole path.
_STARTUP = rf"""
    /\.(bashrc|bash_profile|bash_login|bash_logout|bash_aliases|profile|zshrc|zshenv|zprofile
        |zlogin|zlogout|kshrc|cshrc|tcshrc|login|logout|xprofile|xinitrc|xsession|xsessionrc
        |inputrc|pythonrc(\.py)?|vimrc|exrc|pam_environment|envrc|gitconfig)$
    | /\.config/(autostart|fish|systemd|environment\.d|nvim|git)(/|$)
    | /autostart/
    | ^/etc/(profile|profile\.d|bash\.bashrc|bashrc|zsh|environment|rc\.local|rc\d?\.d|init\.d
        |inittab|crontab|anacrontab|cron[^/]*|systemd|udev|modules-load\.d|ld\.so\.[^/]*|sudoers
        |sudoers\.d|pam\.d|security|update-motd\.d|NetworkManager/dispatcher\.d|apt/apt\.conf\.d
        |logrotate\.d|xdg/autostart|fstab)(/|$)
    | ^/(usr/)?(local/)?lib/(systemd|udev)(/|$)
    | ^/var/spool/(cron|anacron|at)(/|$)
    | \.({"|".join(_RUN_BY_ITSELF)})$
    | /(sitecustomize|usercustomize|conftest)\.py$
"""
_KEYS = rf"""
    /\.(ssh|gnupg|aws|azure|kube|docker|password-store)(/|$)
    | /\.config/gcloud(/|$)
    | /(authorized_keys\d?|known_hosts|id_(rsa|dsa|ecdsa|ed25519)(_sk)?)(\.pub)?$
    | /\.(netrc|pypirc|npmrc|git-credentials|pgpass|my\.cnf|htpasswd|env(\.[^/]*)?)$
    | ^/etc/(shadow|gshadow|passwd|group|subuid|subgid)-?$
    | ^/etc/(ssh|ssl)(/|$)
    | \.({"|".join(_HOLDS_KEYS)})$
"""
_HOOK = r"/hooks/[^/]+$|/\.husky(/|$)|/\.git/(hooks|config|modules/.*/(hooks|config))(/|$)"
_GIT_FILES = r"/\.git/(config|info/attributes)$|/\.(gitattributes|gitmodules)$"

# What is plain by these is found by none of the patterns above, which is tried in the tests:
# every alternative of theirs begins with a directory, or with a name, that is named here.
_TELLING_ROOTS = ("/etc/", "/usr/", "/local/", "/lib/", "/var/")
_TELLING_SUFFIXES = frozenset(_RUN_BY_ITSELF + _HOLDS_KEYS)
_TELLING_NAMES = (
    ".", "authorized_keys", "known_hosts", "id_", "sitecustomize", "usercustomize", "conftest",
)  # fmt: skip


class TellingPaths:
    """What paths tell. Directories are looked at once: most paths of a plan share a few."""

    __slots__ = ("_plain",)

    def __init__(self) -> None:
        self._plain: dict[str, bool] = {}

    def of(self, path: str) -> tuple[str, ...]:
        """Of an absolute path that is made, changed or removed: one line for each thing."""
        directory, _, name = path.rpartition("/")
        plain = self._plain.get(directory)
        if plain is None:
            plain = self._plain[directory] = _is_plain_directory(f"{directory}/")
        if plain and _is_plain_name(name):
            return ()
        return tuple(_told(path))


def _is_plain_directory(directory: str) -> bool:
    """directory: with a slash at its end. Whatever is in it tells by its own name only."""
    if directory == "/" or directory.startswith(_TELLING_ROOTS) or "/." in directory:
        return False
    return "/autostart/" not in directory and "/hooks/" not in directory


def _is_plain_name(name: str) -> bool:
    # A newline at the end is no end to `$`.
    if name.startswith(_TELLING_NAMES) or "\n" in name:
        return False
    return name.rpartition(".")[2] not in _TELLING_SUFFIXES


def _told(path: str) -> list[str]:
    lines: list[str] = []
    if is_startup_file(path):
        lines.append("touches a start-up file: it runs later, by itself")
    if holds_keys(path):
        lines.append("touches a key file or an account file")
    if _finds(_HOOK, path) or _finds(_GIT_FILES, path):
        lines.append("touches a git hook or the configuration of git")
    if path == "/etc" or path.startswith("/etc/"):
        lines.append("changes the machine's configuration in /etc")
    return lines


def is_startup_file(path: str) -> bool:
    """Does what stands at this path run by itself, later, for a user or the machine?"""
    return _finds(_STARTUP, path)


def holds_keys(path: str) -> bool:
    """Are there keys, secrets or accounts at this path?"""
    return _finds(_KEYS, path)


def lets_others_in(path: str) -> bool:
    """Is it a git hook, or does it say who may log in as that user?"""
    return _finds(_HOOK, path) or "/authorized_keys" in path


def _finds(pattern: str, path: str) -> bool:
    """`re` keeps what it has compiled; a plan of plain paths only compiles nothing."""
    return re.search(pattern, path, re.VERBOSE) is not None
