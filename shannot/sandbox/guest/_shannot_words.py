"""What a command is called with: its words, its environment, its directory, and their errors."""

import errno
import os
import sys


def check_unsupported(startupinfo, creationflags, preexec_fn, pass_fds):
    """Refuse what cannot be had, rather than leave it out silently."""
    if startupinfo is not None:
        raise ValueError("startupinfo is only supported on Windows platforms")
    if creationflags != 0:
        raise ValueError("creationflags is only supported on Windows platforms")
    if preexec_fn not in (None, os.setsid, os.setpgrp):  # each command has a session of its own
        raise NotImplementedError("preexec_fn: nothing can run between fork and exec here")
    if pass_fds:
        raise NotImplementedError("pass_fds: a command gets stdin, stdout and stderr only")


def words_of(args, executable, shell):
    """The argument list; each item str, bytes or a path."""
    if isinstance(args, (str, bytes)):
        words = [args]
    elif hasattr(args, "__fspath__"):
        if shell:
            raise TypeError("path-like args is not allowed when shell is true")
        words = [args]
    else:
        words = list(args)
    if shell:
        words = ["/bin/sh", "-c"] + words
        if executable:
            words[0] = executable
    return words


def environment(env):
    """NAME=value of each variable, as bytes."""
    if env is None:
        return [name + b"=" + value for name, value in os.environb.items()]
    entries = []
    for name, value in env.items():
        name = os.fsencode(name)
        if b"=" in name:
            raise ValueError("illegal environment variable name")
        entries.append(name + b"=" + os.fsencode(value))
    refuse_nul(entries)
    return entries


def refuse_nul(strings):
    """What execve(2) cannot be given."""
    if any(b"\0" in string for string in strings):
        raise ValueError("embedded null byte")


def check_directory(cwd):
    """The error of chdir(2) names the directory, that of execve(2) the program."""
    try:
        # "" is no directory to chdir(2)
        os.stat(cwd and os.path.join(cwd, b"." if isinstance(cwd, bytes) else "."))
        return
    except OSError as error:
        number = error.errno
    raise failure(number, cwd)


def failure(number, name):
    """The OSError that the standard library raises for this errno."""
    message = os.strerror(number)
    if number == errno.EBADF:
        return OSError(number, message)  # of stdin, stdout or stderr: before any program
    if number == errno.ENOENT and sys.version_info < (3, 8):
        message += ": " + repr(name)
    return OSError(number, message, name)
