"""`subprocess` for a Python that cannot fork: each command is asked for at the mediator.

The interface is that of the standard library's module of the same name, and so are its results
and exceptions; `preexec_fn` and `pass_fds` alone cannot be had.
"""

from _shannot_popen import Popen
from _shannot_values import (
    DEVNULL,
    PIPE,
    STDOUT,
    CalledProcessError,
    CompletedProcess,
    SubprocessError,
    TimeoutExpired,
    list2cmdline,  # noqa: F401 - the library has it as well, and does not list it either
)

__all__ = [
    "DEVNULL",
    "PIPE",
    "STDOUT",
    "CalledProcessError",
    "CompletedProcess",
    "Popen",
    "SubprocessError",
    "TimeoutExpired",
    "call",
    "check_call",
    "check_output",
    "getoutput",
    "getstatusoutput",
    "run",
]


def run(*popenargs, input=None, capture_output=False, timeout=None, check=False, **kwargs):  # noqa: A002 - the interface's own name
    """Run a command to its end. Returns a CompletedProcess.

    Raises CalledProcessError with `check`, TimeoutExpired (the command is killed), OSError where
    it cannot be started.
    """
    if input is not None:
        if kwargs.get("stdin") is not None:
            raise ValueError("stdin and input arguments may not both be used.")
        kwargs["stdin"] = PIPE
    if capture_output:
        if kwargs.get("stdout") is not None or kwargs.get("stderr") is not None:
            raise ValueError("stdout and stderr arguments may not be used with capture_output.")
        kwargs["stdout"] = kwargs["stderr"] = PIPE
    with Popen(*popenargs, **kwargs) as process:
        try:
            stdout, stderr = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
    done = CompletedProcess(process.args, process.returncode, stdout, stderr)
    if check:
        done.check_returncode()
    return done


def call(*popenargs, timeout=None, **kwargs):
    """Run a command to its end. Returns its exit status."""
    with Popen(*popenargs, **kwargs) as process:
        try:
            return process.wait(timeout=timeout)
        except BaseException:
            process.kill()
            raise


def check_call(*popenargs, **kwargs):
    """As `call`, but another status than 0 raises CalledProcessError."""
    status = call(*popenargs, **kwargs)
    if status:
        command = kwargs.get("args")
        raise CalledProcessError(status, popenargs[0] if command is None else command)
    return 0


def check_output(*popenargs, timeout=None, **kwargs):
    """What a command wrote to stdout; another status than 0 raises CalledProcessError."""
    if "stdout" in kwargs:
        raise ValueError("stdout argument not allowed, it will be overridden.")
    if "input" in kwargs and kwargs["input"] is None:
        text = any(kwargs.get(name) for name in ("universal_newlines", "text", "encoding"))
        kwargs["input"] = "" if text or kwargs.get("errors") else b""
    return run(*popenargs, stdout=PIPE, timeout=timeout, check=True, **kwargs).stdout


def getstatusoutput(cmd):
    """(exit status, stdout and stderr together as text) of a shell line."""
    try:
        data = check_output(cmd, shell=True, universal_newlines=True, stderr=STDOUT)
        status = 0
    except CalledProcessError as error:
        data = error.output
        status = error.returncode
    return status, data[:-1] if data[-1:] == "\n" else data


def getoutput(cmd):
    """As `getstatusoutput`, without the status."""
    return getstatusoutput(cmd)[1]


def _args_from_interpreter_flags():
    """Options that start another Python like this one."""
    import sys

    options = []
    for name, option in (("isolated", "-I"), ("optimize", "-O"), ("dont_write_bytecode", "-B")):
        options += [option] * int(getattr(sys.flags, name))
    return options + ["-W" + warning for warning in sys.warnoptions]


def _optim_args_from_interpreter_flags():
    """-O as often as it was given to this Python."""
    import sys

    return ["-O"] * sys.flags.optimize
