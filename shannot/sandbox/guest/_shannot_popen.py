"""Popen of `subprocess`: a command that runs outside this process, asked for at the mediator."""

import io
import os
import warnings
from contextlib import suppress
from time import monotonic, sleep

import _shannot
from _shannot_handles import Handles, with_room
from _shannot_talk import Talk
from _shannot_values import SubprocessError, TimeoutExpired
from _shannot_words import (
    check_directory,
    check_unsupported,
    environment,
    failure,
    refuse_nul,
    words_of,
)

_LONGEST_NAP = 0.05

_left = []  # commands that nobody refers to any more and that still run


def clean_up():
    """Wait for those of the commands left alone that have ended."""
    for process in _left[:]:
        if process.poll() is not None:
            _left.remove(process)


class Popen:
    """Starts a command, and stands for it until it has ended."""

    __module__ = "subprocess"
    _child_created = False
    returncode = None

    def __init__(
        self, args, bufsize=-1, executable=None, stdin=None, stdout=None, stderr=None,
        preexec_fn=None, close_fds=True, shell=False, cwd=None, env=None, universal_newlines=None,
        startupinfo=None, creationflags=0, restore_signals=True, start_new_session=False,
        pass_fds=(), *, encoding=None, errors=None, text=None
    ):  # fmt: skip
        clean_up()
        bufsize = -1 if bufsize is None else bufsize
        if not isinstance(bufsize, int):
            raise TypeError("bufsize must be an integer")
        check_unsupported(startupinfo, creationflags, preexec_fn, pass_fds)
        both = text is not None and universal_newlines is not None
        if both and bool(universal_newlines) != bool(text):
            raise SubprocessError(
                "Cannot disambiguate when both text and universal_newlines are supplied but"
                " different. Pass one or the other."
            )
        self.args = args
        self.stdin = self.stdout = self.stderr = self.pid = None
        self.encoding = encoding
        self.errors = errors
        self.universal_newlines = self.text_mode = bool(
            encoding or errors or text or universal_newlines
        )
        self._talk = None
        handles = with_room(Handles, stdin, stdout, stderr)
        try:
            self._open_pipes(handles.ours, bufsize)
            self._restores = restore_signals
            with_room(self._start, args, executable, shell, cwd, env, handles.theirs)
        except BaseException:
            self._give_up(handles)
            raise
        handles.close()

    def _open_pipes(self, ours, bufsize):
        by_line = self.text_mode and bufsize == 1
        size = -1 if by_line else bufsize
        for name, mode in (("stdin", "wb"), ("stdout", "rb"), ("stderr", "rb")):
            if name not in ours:
                continue
            pipe = io.open(ours[name], mode, size)
            if self.text_mode:
                more = {"write_through": True, "line_buffering": by_line} if mode == "wb" else {}
                pipe = io.TextIOWrapper(pipe, encoding=self.encoding, errors=self.errors, **more)
            setattr(self, name, pipe)

    def _start(self, args, executable, shell, cwd, env, numbers):
        words = words_of(args, executable, shell)
        program = words[0] if executable is None else os.fspath(executable)
        path = os.fsencode(program)
        if os.path.dirname(path):
            candidates = [path]
        else:
            places = os.get_exec_path(env)
            candidates = [os.path.join(os.fsencode(place), path) for place in places]
        argv = [os.fsencode(word) for word in words]
        directory = b"" if cwd is None else os.fsencode(cwd)
        refuse_nul(argv + candidates + [directory])
        if cwd is not None:
            check_directory(cwd)
        try:
            self.pid = _shannot.start(
                directory, numbers, self._restores, candidates, argv, environment(env)
            )
        except OSError as error:
            number = error.errno
        else:
            self._child_created = True
            return
        raise failure(number, program)

    def _give_up(self, handles):
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe is not None:
                pipe.close()
        handles.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.stdout:
            self.stdout.close()
        if self.stderr:
            self.stderr.close()
        try:
            if self.stdin:
                self.stdin.close()
        finally:
            self.wait()

    def __del__(self, _warn=warnings.warn, _left=_left):
        if not self._child_created or self.returncode is not None:
            return
        _warn("subprocess %s is still running" % self.pid, ResourceWarning, source=self)
        if self.poll() is None:
            _left.append(self)

    def poll(self):
        """The exit status, or None while it runs."""
        if self.returncode is None and self._child_created:
            self._look(os.WNOHANG)
        return self.returncode

    def wait(self, timeout=None, endtime=None):
        """Until it has ended. Returns the exit status, a signal as a negative number."""
        if endtime is not None:
            warnings.warn("'endtime' argument is deprecated; use 'timeout'.", DeprecationWarning, 2)
        elif timeout is not None:
            endtime = monotonic() + timeout
        nap = 0.0005
        while self.returncode is None:
            if endtime is None:
                self._look(0)
            elif not self._look(os.WNOHANG):
                left = endtime - monotonic()
                if left <= 0:
                    raise TimeoutExpired(self.args, timeout)
                nap = min(nap * 2, left, _LONGEST_NAP)
                sleep(nap)
        return self.returncode

    def _look(self, options):
        try:
            found, status = os.waitpid(self.pid, options)
        except ChildProcessError:
            found, status = self.pid, 0  # somebody else has waited for it
        if found != self.pid:
            return False
        self.returncode = -(status & 0x7F) if status & 0x7F else status >> 8
        return True

    def communicate(self, input=None, timeout=None):  # noqa: A002 - the interface's own name
        """Feed stdin, read stdout and stderr to their ends, wait. Returns (stdout, stderr)."""
        if self._talk is not None and input:
            raise ValueError("Cannot send input after starting communication")
        pipes = [pipe for pipe in (self.stdin, self.stdout, self.stderr) if pipe is not None]
        if timeout is None and self._talk is None and len(pipes) < 2:
            return self._communicate_simply(input)
        deadline = None if timeout is None else monotonic() + timeout
        if self._talk is None:
            if input and self.text_mode and self.stdin is not None:
                input = input.encode(self.stdin.encoding, self.stdin.errors)
            self._talk = Talk(self, input if input else None)
        done = self._talk.go_on(deadline)
        output = [self._talk.so_far(source) for source in (self.stdout, self.stderr)]
        if not done:
            stdout, stderr = _as_told(output)
            raise TimeoutExpired(self.args, timeout, output=stdout, stderr=stderr)
        left = None if deadline is None else max(0, deadline - monotonic())
        try:
            self.wait(left)
        except TimeoutExpired:
            # with what was asked for, not what is left of it
            raise TimeoutExpired(self.args, timeout) from None
        return tuple(map(self._as_asked, output, (self.stdout, self.stderr)))

    def _communicate_simply(self, data):
        output = errors = None
        if self.stdin is not None:
            with suppress(BrokenPipeError):
                if data:
                    self.stdin.write(data)
            with suppress(BrokenPipeError):
                self.stdin.close()  # also where nobody has read
        elif self.stdout is not None:
            output = self.stdout.read()
            self.stdout.close()
        elif self.stderr is not None:
            errors = self.stderr.read()
            self.stderr.close()
        self.wait()
        return output, errors

    def _as_asked(self, data, source):
        if data is None or not self.text_mode:
            return data
        text = data.decode(source.encoding, source.errors)
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def send_signal(self, sig):
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self):
        """Send it SIGTERM."""
        self.send_signal(15)

    def kill(self):
        """Send it SIGKILL."""
        self.send_signal(9)


def _as_told(output):
    """What a TimeoutExpired holds: the bytes so far, None where there are none."""
    return [data if data else None for data in output]
