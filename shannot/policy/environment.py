"""The clean environment that a command runs with on the host. Called by `sessions/gate.py`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIXED_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where programs are looked up, whatever the caller's or the script's PATH says."""
VALUE_LIMIT = 4_096
"""Characters of one value."""

_NEVER = _names(
    "BASH_ENV ENV IFS PAGER EDITOR VISUAL BROWSER SHELL SHELLOPTS BASHOPTS PS4 CDPATH GLOBIGNORE "
    "PATH HOME NODE_OPTIONS NODE_PATH JAVA_TOOL_OPTIONS LESSOPEN LESSCLOSE LESS MANPAGER "
    "SYSTEMD_PAGER SYSTEMD_EDITOR SUDO_ASKPASS SSH_ASKPASS PROMPT_COMMAND TERMINFO TERMCAP "
    "GCONV_PATH LOCPATH NLSPATH HOSTALIASES RESOLV_HOST_CONF MALLOC_TRACE TMPDIR MAKEFLAGS "
    "TAR_OPTIONS RSYNC_RSH CVS_RSH OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES VIMINIT EXINIT "
    "ZDOTDIR PHPRC PHP_INI_SCAN_DIR _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH AWKPATH AWKLIBPATH "
    "GCC_EXEC_PREFIX COMPILER_PATH RUSTC_WRAPPER DOTNET_STARTUP_HOOKS GTK_MODULES "
    "QT_PLUGIN_PATH MYSQL_HOME PSQLRC TCLLIBPATH LESSKEY LESSKEYIN"
)
_NEVER_PREFIXES = (
    "LD_",
    "DYLD_",
    "PYTHON",
    "PERL",
    "RUBY",
    "GIT_",
    "BASH_FUNC_",
    "GLIBC_",
    "NPM_",
    "npm_",
    "LUA_",
    "GUILE_",
    "JULIA_",
    "R_PROFILE",
    "R_ENVIRON",
)
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_PLAIN = _NAME | frozenset("/.@+-:,")


def base_environment(caller: Mapping[str, str], home: str) -> dict[str, str]:
    """PATH, HOME, LANG and TZ for a host command: all that is taken from the caller's own."""
    base = {"PATH": FIXED_PATH, "HOME": home or "/"}
    for name, default in (("LANG", "C.UTF-8"), ("TZ", "")):
        value = caller.get(name, default)
        # Both can name files for the C library to read; a plain short name is all they need.
        if value and len(value) <= 64 and _PLAIN.issuperset(value) and ".." not in value:
            base[name] = value
    return base


def added(
    requested: Mapping[bytes, bytes], given: Mapping[bytes, bytes]
) -> tuple[tuple[str, str], ...]:
    """What the script put into a command's environment, or changed there; sorted by name."""
    import os

    return tuple(
        sorted(
            (os.fsdecode(name), os.fsdecode(value))
            for name, value in requested.items()
            if given.get(name) != value
        )
    )


def clean_environment(
    base: Mapping[str, str],
    additions: Collection[tuple[str, str]] = (),
    allowed: Collection[str] = (),
) -> dict[str, str]:
    """The base and those additions that are allowed by name, unless their name is never safe."""
    clean = dict(base)
    for name, value in additions:
        if name in allowed and may_be_added(name) and len(value) <= VALUE_LIMIT:
            if "\0" not in value:
                clean[name] = value
    return clean


def may_be_added(name: str) -> bool:
    """Can the variable never make a program run or load something else?"""
    if not name or not _NAME.issuperset(name):
        return False
    return name not in _NEVER and not name.startswith(_NEVER_PREFIXES)
