"""Lies in the directory that every hostile script runs in: try something, say SAFE or ESCAPED.

Each attack runs in a process of its own, for some of them end it. No attack here does harm when
it gets through: what is written goes to planted places, signals are ones that are ignored by
default, calls that would hurt get arguments that the kernel refuses.
"""

import ctypes
import errno
import mmap
import os
import platform
import signal
import sys

if os.environ.get("SHANNOT_SANDBOX") != "1":
    sys.exit("a hostile script: it is to be run by tests/hostile/test_hostile.py")

OUTSIDE, HOME, BYSTANDER, HOST_TMP, MEDIATOR = (
    sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
)  # fmt: skip
SECRET = f"{OUTSIDE}/secret.txt"
MARK = b"CANARY"
X86 = platform.machine() == "x86_64"
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def attack(label, action, *arguments, **options):
    """ESCAPED when the action gives anything true, SAFE when it fails, dies, finds nothing."""
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        code = 0
        try:
            result = action(*arguments, **options)
            if result:
                print(f"ESCAPED {label}: {result!r:.200}")
            else:
                print(f"SAFE {label}: nothing")
        except OSError as error:
            print(f"SAFE {label}: {errno.errorcode.get(error.errno or 0, error.errno)}")
        except BaseException as error:
            print(f"SAFE {label}: {type(error).__name__}")
        finally:
            sys.stdout.flush()
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if status < 0:
        print(f"SAFE {label}: killed by {signal.Signals(-status).name}", flush=True)


def leak(path, flags=os.O_RDONLY, **options):
    """What can be read at the path; empty where that is nothing."""
    descriptor = os.open(path, flags | os.O_NONBLOCK, **options)
    data = os.read(descriptor, 1 << 16)
    os.close(descriptor)
    return data


def call(number, *arguments):
    """A raw system call by number; raises OSError."""
    result = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "syscall")
    return result


def machine_code(code):
    """A function made of these bytes; its argument arrives in rdi, its result is rax."""
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    function = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long)(
        ctypes.addressof(ctypes.c_char.from_buffer(page))
    )
    function.page = page
    return function
