"""What `subprocess` gives back and raises, and its constants."""

import os

PIPE = -1
STDOUT = -2
DEVNULL = -3


class SubprocessError(Exception):
    """Base of what a command can fail with."""

    __module__ = "subprocess"


def _output(error):
    """The same as `output`."""
    return error.output


def _set_output(error, value):
    error.output = value


_STDOUT = property(_output, _set_output)


class CalledProcessError(SubprocessError):
    """A command ended with another status than 0, and `check` was asked for."""

    __module__ = "subprocess"

    def __init__(self, returncode, cmd, output=None, stderr=None):
        self.returncode = returncode
        self.cmd = cmd
        self.output = output
        self.stderr = stderr

    def __str__(self):
        if self.returncode and self.returncode < 0:
            return "Command '%s' died with %s." % (self.cmd, _signal_name(-self.returncode))
        return "Command '%s' returned non-zero exit status %d." % (self.cmd, self.returncode)

    stdout = _STDOUT


class TimeoutExpired(SubprocessError):
    """A command did not end in time."""

    __module__ = "subprocess"

    def __init__(self, cmd, timeout, output=None, stderr=None):
        self.cmd = cmd
        self.timeout = timeout
        self.output = output
        self.stderr = stderr

    def __str__(self):
        return "Command '%s' timed out after %s seconds" % (self.cmd, self.timeout)

    stdout = _STDOUT


class CompletedProcess:
    """A command that has ended: what `run` returns."""

    __module__ = "subprocess"

    def __init__(self, args, returncode, stdout=None, stderr=None):
        self.args = args
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr

    def __repr__(self):
        parts = ["args=%r" % (self.args,), "returncode=%r" % (self.returncode,)]
        if self.stdout is not None:
            parts.append("stdout=%r" % (self.stdout,))
        if self.stderr is not None:
            parts.append("stderr=%r" % (self.stderr,))
        return "%s(%s)" % (type(self).__name__, ", ".join(parts))

    def check_returncode(self):
        """Raise CalledProcessError where the exit status is not 0."""
        if self.returncode:
            raise CalledProcessError(self.returncode, self.args, self.stdout, self.stderr)


def _signal_name(number):
    import signal

    try:
        return "%r" % signal.Signals(number)
    except ValueError:
        return "unknown signal %d" % number


def list2cmdline(seq):
    """The words as one line, quoted by the rules of Microsoft's C run-time."""
    return " ".join(_quoted(os.fsdecode(word)) for word in seq)


def _quoted(word):
    quote = not word or " " in word or "\t" in word
    parts = []
    slashes = 0
    for letter in word:
        if letter == "\\":
            slashes += 1
            continue
        # backslashes are doubled before a quotation mark alone
        parts.append("\\" * (slashes * 2 if letter == '"' else slashes))
        slashes = 0
        parts.append('\\"' if letter == '"' else letter)
    parts.append("\\" * (slashes * 2 if quote else slashes))
    text = "".join(parts)
    return '"%s"' % text if quote else text
