"""Everything of `subprocess`: prints the same with the standard library's module and the guest's."""

import os
import signal
import subprocess
import sys
import tempfile
import warnings
from subprocess import DEVNULL, PIPE, STDOUT, Popen


def shown(value):
    if isinstance(value, subprocess.CompletedProcess):
        return "%r %s" % (value, type(value).__module__)
    if isinstance(value, BaseException):
        kind = "%s.%s" % (type(value).__module__, type(value).__name__)
        if isinstance(value, subprocess.TimeoutExpired):  # some versions tell what was left of it
            return "%s %s %.1f" % (kind, value.cmd, round(value.timeout, 1))
        if isinstance(value, TypeError):  # in the words of each interpreter
            return kind
        more = {name: vars(value).get(name) for name in ("cmd", "returncode")}
        if isinstance(value, OSError):
            return "%s %s %s" % (kind, value.errno, value.filename)
        return "%s %s %s" % (kind, value, more)
    return repr(value)


def attempt(name, call, *args, **named):
    try:
        result = call(*args, **named)
    except Exception as error:
        result = error
    print(name, "->", shown(result))


def out(*args, **named):
    named.setdefault("stdout", PIPE)
    named.setdefault("stderr", PIPE)
    return subprocess.run(args[0] if len(args) == 1 else args, **named)


os.chdir(tempfile.mkdtemp())
print(PIPE, STDOUT, DEVNULL)
print(
    [
        name
        for name in (
            "run",
            "call",
            "check_call",
            "check_output",
            "getoutput",
            "getstatusoutput",
            "Popen",
            "list2cmdline",
        )
        if not hasattr(subprocess, name)
    ]
)

# statuses
for command in (["true"], ["false"], ["sh", "-c", "exit 42"], ["sh", "-c", "kill -9 $$"]):
    attempt("run", subprocess.run, command)
    attempt("check", subprocess.run, command, check=True)
    attempt("call", subprocess.call, command)
    attempt("check_call", subprocess.check_call, command)
    attempt("check_call by name", subprocess.check_call, args=command)
    attempt("check_output", subprocess.check_output, command)

# argument lists stay lists
attempt("words", out, ["printf", "<%s>", "a b", "", "$HOME", "*", "'q'", "é"])
attempt("bytes", out, [b"printf", b"%s", b"\xff"])
attempt("a tuple", out, ("echo", "x"))
attempt("a string", out, "true")
attempt("a string with words", out, "echo x")
attempt("shell", out, "echo $0 $1; exit 3", shell=True)
attempt("shell with words", out, ["echo $0 $1", "zero", "one"], shell=True)
attempt("executable", out, ["name", "-c", "echo $0"], executable="/bin/sh")
attempt("shell executable", out, "echo $0", shell=True, executable="/bin/sh")
attempt("nothing", subprocess.run, [])
attempt("NUL", subprocess.run, ["echo", "a\0b"])
attempt("not a word", subprocess.run, ["echo", 1])
attempt("None", subprocess.run, None)

# programs that are none
attempt("missing", subprocess.run, ["no-such-program-here"])
attempt("missing path", subprocess.run, ["/no/such/program"])
attempt("a directory", subprocess.run, ["/usr"])
attempt("below a file", subprocess.run, ["/etc/passwd/x"])
with open("plain", "w") as file:
    file.write("echo no\n")
attempt("not executable", subprocess.run, ["./plain"])
os.chmod("plain", 0o755)
attempt("no format", subprocess.run, ["./plain"])
with open("script", "w") as file:
    file.write("#!/bin/sh\necho script $0 $@\n")
os.chmod("script", 0o755)
attempt("a script", out, ["./script", "a b"])
attempt("no PATH", subprocess.run, ["true"], env={"PATH": "/nowhere:/none"})
attempt("shell without program", out, "no-such-program-here", shell=True, stderr=DEVNULL)

# directory and environment
os.mkdir("below")
print(out(["pwd"], cwd="below").stdout.decode().strip() == os.path.join(os.getcwd(), "below"))
attempt("cwd", out, ["../script"], cwd="below")
attempt("cwd bytes", out, ["sh", "-c", "basename $(pwd)"], cwd=b"below")
attempt("cwd missing", out, ["true"], cwd="missing")
attempt("cwd is a file", out, ["true"], cwd="plain")
attempt("cwd empty", out, ["true"], cwd="")
attempt("env", out, ["/usr/bin/env"], env={"A": "1", "B": "b b"})
attempt("env bytes", out, ["/usr/bin/env"], env={b"A": b"\xff"})
attempt("empty env", out, ["/usr/bin/env"], env={})
attempt("bad name", out, ["/usr/bin/env"], env={"A=B": "1"})
os.environ["ADDED"] = "here"
attempt("inherited", out, "echo $ADDED", shell=True)

# streams
attempt("input", out, ["cat"], input=b"bytes\n")
attempt("empty input", out, ["cat"], input=b"")
attempt("text", out, ["cat"], input="text é\n", universal_newlines=True)
attempt("encoding", out, ["cat"], input="é", encoding="latin-1")
attempt("errors", out, ["printf", "\\377"], encoding="ascii", errors="replace")
attempt("newlines", out, ["printf", "a\\r\\nb\\rc\\n"], universal_newlines=True)
attempt("one pipe newlines", out, ["printf", "a\\r\\nb"], stderr=None, universal_newlines=True)
attempt("str as bytes", out, ["cat"], input="text")
attempt("bytes as text", out, ["cat"], input=b"bytes", universal_newlines=True)
attempt("both", out, ["sh", "-c", "echo out; echo err >&2"])
attempt("together", out, ["sh", "-c", "echo out; echo err >&2"], stderr=STDOUT)
attempt("DEVNULL", out, ["sh", "-c", "echo out; echo err >&2"], stdout=DEVNULL)
attempt("no stdin", out, ["cat"], stdin=DEVNULL)
attempt("input and stdin", out, ["cat"], input=b"x", stdin=PIPE)
attempt("output twice", subprocess.check_output, ["true"], stdout=PIPE)
attempt("check_output input", subprocess.check_output, ["cat"], input=b"x")
attempt("check_output None", subprocess.check_output, ["cat"], input=None)
attempt("check_output fails", subprocess.check_output, "echo so far; exit 9", shell=True)
big = b"0123456789abcdef" * 20000
print("big", out(["cat"], input=big).stdout == big)
print("big stderr", len(out("cat >&2; echo done", shell=True, input=big).stderr))
attempt("nobody reads", out, ["true"], input=big)
sys.stdout.flush()
attempt("inherited stdout", subprocess.call, ["echo", "straight"])
attempt("to our stdout", subprocess.call, ["echo", "by number"], stdout=1)
attempt("to our stdout", subprocess.call, ["echo", "by object"], stdout=sys.stdout)
attempt("stderr to it", subprocess.call, "echo err >&2", shell=True, stderr=STDOUT)
with open("target", "wb") as file:
    attempt("to a file", subprocess.call, ["echo", "filed"], stdout=file)
    attempt("to a file again", subprocess.call, ["echo", "more"], stdout=file.fileno())
with open("target", "rb") as file:
    attempt("from a file", out, ["cat"], stdin=file)
attempt("bad descriptor", subprocess.call, ["true"], stdout=999)
for number in (-2, -4, -99):
    attempt("no descriptor", subprocess.call, ["true"], stdin=number)
attempt("STDOUT as stdout", subprocess.call, ["true"], stdout=STDOUT)
for size in (-1, 0):  # what nobody reads leaves no pipe open
    unread = Popen(["true"], stdin=PIPE, bufsize=size)
    print(unread.communicate(big), unread.stdin.closed, unread.returncode)

# Popen
first = Popen(["printf", "3\\n1\\n2\\n"], stdout=PIPE)
second = Popen(["sort"], stdin=first.stdout, stdout=PIPE)
first.stdout.close()
print(second.communicate(), first.wait(), second.returncode)
talk = Popen(["cat"], stdin=PIPE, stdout=PIPE, bufsize=0)
talk.stdin.write(b"one\n")
print(talk.stdout.readline(), talk.poll(), talk.args)
talk.stdin.write(b"two\n")
print(talk.stdout.readline(), talk.communicate(), talk.poll(), talk.wait())
lines = Popen(["cat"], stdin=PIPE, stdout=PIPE, bufsize=1, universal_newlines=True)
lines.stdin.write("a line\n")
print(lines.stdout.readline(), lines.stdin.closed, lines.communicate("rest"))
with Popen(["sh", "-c", "read x; echo got $x; exit 5"], stdin=PIPE, stdout=PIPE) as process:
    process.stdin.write(b"it\n")
    process.stdin.flush()
    print(process.stdout.read())
print(process.returncode, process.stdin.closed, process.stdout.closed)
for end in ("terminate", "kill"):
    sleeper = Popen(["sleep", "30"])
    print(sleeper.poll(), getattr(sleeper, end)(), sleeper.wait(), sleeper.poll())
    print(getattr(sleeper, end)())
sleeper = Popen(["sleep", "30"])
sleeper.send_signal(signal.SIGINT)
print(sleeper.wait())
quick = Popen(["true"])
print(quick.wait(timeout=30), quick.returncode)
many = [Popen(["sh", "-c", "exit %d" % number]) for number in range(10)]
print([process.wait() for process in reversed(many)])
given = Popen(["sh", "-c", "echo a; echo b >&2"], -1, None, None, PIPE, PIPE)
print(given.communicate(), given.stdin, given.pid > 0)

# time limits
attempt("wait", Popen(["sleep", "0.3"]).wait, timeout=0.05)
slow = Popen("echo early; read x; echo late $x", shell=True, stdin=PIPE, stdout=PIPE, stderr=PIPE)
attempt("communicate", slow.communicate, timeout=0.3)
attempt("again with input", slow.communicate, b"x")
slow.stdin.close()
slow.wait()
slower = Popen("echo early; sleep 0.4; echo late", shell=True, stdout=PIPE, stderr=PIPE)
attempt("communicate", slower.communicate, timeout=0.1)
attempt("and on", slower.communicate)
for call in (subprocess.run, subprocess.call, subprocess.check_output):
    attempt("limit", call, ["sleep", "30"], timeout=0.1)
attempt("in time", subprocess.check_output, ["echo", "x"], timeout=30)
attempt("in time", out, ["cat"], input=b"y", timeout=30)
attempt("too long", out, ["cat"], input=b"y", timeout=1e9)
late = Popen("echo early; exec sleep 30", shell=True, stdout=PIPE, stderr=PIPE)
try:
    late.communicate(timeout=0.3)
except subprocess.TimeoutExpired as error:
    print(error.args, error.cmd, error.timeout)
late.kill()
print(late.communicate(), late.returncode)

# the rest
attempt("status and output", subprocess.getstatusoutput, "echo one; echo two >&2; exit 2")
attempt("status and output", subprocess.getstatusoutput, "kill -9 $$")
attempt("output", subprocess.getoutput, "printf 'x\\n\\n'")
attempt("line", subprocess.list2cmdline, ["a b", "", 'q"q', "back\\", "b\\ c\\", 'x\\"y', "p"])
attempt("bufsize", Popen, ["true"], bufsize="x")
attempt("startupinfo", Popen, ["true"], startupinfo=1)
attempt("creationflags", Popen, ["true"], creationflags=1)
attempt("setsid", subprocess.call, ["true"], preexec_fn=os.setsid)
attempt(
    "session",
    subprocess.call,
    ["true"],
    start_new_session=True,
    close_fds=False,
    restore_signals=False,
)
attempt("expired", lambda: str(subprocess.TimeoutExpired(["a"], 3)))
attempt("called", lambda: subprocess.CalledProcessError(1, "c", b"o", b"e").stdout)
attempt("unknown signal", lambda: str(subprocess.CalledProcessError(-99, "c")))
attempt("completed", subprocess.CompletedProcess(["a"], 1, "o", "e").check_returncode)
print(issubclass(subprocess.TimeoutExpired, subprocess.SubprocessError))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    left = Popen(["sleep", "0.2"])
    del left
    import gc

    gc.collect()
print({w.category.__name__ for w in caught})  # of other garbage too, where it is collected late

# a pipe that nobody reads ends a command, unless it is told otherwise
for restore in (True, False):
    attempt("signals", out, "grep", "SigIgn", "/proc/self/status", restore_signals=restore)

# what os makes of it
print(os.popen("echo from popen; exit 3").read())
pipe = os.popen("cat", "w")
pipe.write("into popen\n")
sys.stdout.flush()
print(pipe.close(), os.popen("exit 3").close())
sys.stdout.flush()
print(os.system("echo from system; exit 4") >> 8)
