"""`attack.py` for a Python that can neither fork nor call C: each attack leaves its traces to the
next, but for the directory, and one that ends the process would end them all.
"""

import errno
import os
import sys

if os.environ.get("SHANNOT_SANDBOX") != "1":
    sys.exit("a hostile script: it is to be run by tests/hostile/test_hostile_pypy.py")

OUTSIDE, HOME, BYSTANDER, HOST_TMP, MEDIATOR = (
    sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
)  # fmt: skip
SECRET = f"{OUTSIDE}/secret.txt"
MARK = b"CANARY"
X86 = False  # no call is made by its number


def attack(label, action, *arguments, **options):
    """ESCAPED when the action gives anything true, SAFE when it fails or finds nothing."""
    before = os.getcwd()
    try:
        result = action(*arguments, **options)
    except OSError as error:
        told = f"SAFE {label}: {errno.errorcode.get(error.errno or 0, error.errno)}"
    except BaseException as error:
        told = f"SAFE {label}: {type(error).__name__}"
    else:
        told = f"ESCAPED {label}: {result!r:.200}" if result else f"SAFE {label}: nothing"
    print(told.encode("ascii", "backslashreplace").decode("ascii"), flush=True)
    os.chdir(before)


def call(*arguments):
    """A call by its number, which this Python cannot make."""
    raise OSError(errno.ENOSYS, "no calls by number")


def leak(path, flags=os.O_RDONLY, **options):
    """What can be read at the path; empty where that is nothing."""
    descriptor = os.open(path, flags | os.O_NONBLOCK, **options)
    data = os.read(descriptor, 1 << 16)
    os.close(descriptor)
    return data
