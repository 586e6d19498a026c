"""Lies in the directory that every conformance script runs in: say what an action gave."""

import errno
import os
import stat
import sys


def attempt(label, action, *arguments, **options):
    """Print the label with the result, or with the name of the errno or of the exception."""
    try:
        result = action(*arguments, **options)
    except OSError as error:
        result = errno.errorcode.get(error.errno or 0, f"OSError({error.errno})")
        print(f"{label}: {result}")
        return None
    except Exception as error:
        print(f"{label}: {type(error).__name__}")
        return None
    print(f"{label}: {result!r}")
    return result


def quietly(label, action, *arguments, **options):
    """Like `attempt`, for results that differ from run to run: only that it worked."""
    try:
        result = action(*arguments, **options)
    except OSError as error:
        print(f"{label}: {errno.errorcode.get(error.errno or 0, error.errno)}")
        return None
    print(f"{label}: done")
    return result


def content(path, mode="rb"):
    """What the file holds."""
    with open(path, mode) as file:
        return file.read()


def fill(path, data, mode="wb"):
    """Write the file, return the number of bytes."""
    with open(path, mode) as file:
        return file.write(data)


def opened(path, flags, mode=0o777, **options):
    """Open and close; True."""
    os.close(os.open(path, flags, mode, **options))
    return True


def kind(path, **options):
    """One letter and the permission bits: "f644", "d755", "l"."""
    mode = os.stat(path, **options).st_mode
    if stat.S_ISLNK(mode):
        return "l"
    return f"{'d' if stat.S_ISDIR(mode) else 'f'}{stat.S_IMODE(mode):o}"


def tree(top="."):
    """Print everything below `top`, sorted, with kind, size or target."""
    names = []
    for directory, directories, files in os.walk(top):
        names += [os.path.join(directory, name) for name in directories + files]
    for name in sorted(names):
        if "__pycache__" in name:
            continue
        status = os.lstat(name)
        detail = ""
        if stat.S_ISLNK(status.st_mode):
            detail = os.readlink(name)
        elif stat.S_ISREG(status.st_mode):
            detail = status.st_size
        print(" ", ascii(name), kind(name, follow_symlinks=False), detail)
    sys.stdout.flush()
