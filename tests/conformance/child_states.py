"""What waiting tells of a program: stopped, continued, ended by each signal, without a core."""

import os
import resource
import signal
import subprocess
import sys

sys.path.insert(0, ".")
from attempt import attempt

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
child = subprocess.Popen(["sleep", "60"])


def state(number, options):
    os.kill(child.pid, number)
    status = os.waitpid(child.pid, options)[1]
    return (
        os.WIFSTOPPED(status) and os.WSTOPSIG(status),
        os.WIFCONTINUED(status),
        os.WIFSIGNALED(status) and (os.WTERMSIG(status), os.WCOREDUMP(status)),
    )


attempt("stopped", state, signal.SIGSTOP, os.WUNTRACED)
attempt("continued", state, signal.SIGCONT, os.WCONTINUED)
attempt("ended", state, signal.SIGTERM, 0)
for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31):
    attempt(number, lambda: subprocess.call(["sh", "-c", f"kill -{number} $$; sleep 9"]))
for status in (0, 1, 126, 127, 128, 255, 256, 300):
    attempt(status, lambda: subprocess.call(["bash", "-c", f"exit {status}"]))


def siginfo(code):
    process = os.posix_spawn("/bin/sh", ["sh", "-c", code], os.environ)
    found = os.waitid(os.P_PID, process, os.WEXITED)
    return found.si_code, found.si_status


attempt("an exit", siginfo, "exit 7")
attempt("a signal", siginfo, "kill -9 $$")
attempt("of a grandchild", siginfo, "sh -c 'kill -11 $$'; exit $?")
attempt("nobody left", os.wait)
