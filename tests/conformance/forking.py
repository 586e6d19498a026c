"""fork, wait, exit statuses, files shared between parent and child."""

import os
import signal
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill


def child(function):
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        try:
            os._exit(function() or 0)
        except BaseException:
            os._exit(99)
    return process


for status in (0, 1, 77, 255):
    process = child(lambda: status)
    pid, result = os.waitpid(process, 0)
    print(pid == process, os.WIFEXITED(result), os.waitstatus_to_exitcode(result))
process = child(lambda: os.kill(os.getpid(), signal.SIGTERM))
print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
process = child(lambda: os.abort())
print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
process = child(lambda: fill("hello.txt", b"by the child", "wb") and 0)
os.waitpid(process, 0)
print(content("hello.txt"))
shared = os.open("shared", os.O_CREAT | os.O_RDWR)
process = child(lambda: os.write(shared, b"child ") and 0)
os.waitpid(process, 0)
os.write(shared, b"parent")
print(content("shared"), os.lseek(shared, 0, os.SEEK_CUR))
process = child(lambda: os.chdir("sub"))
os.waitpid(process, 0)
print(os.path.exists("hello.txt"))
process = child(lambda: os.umask(0o777) and 0)
os.waitpid(process, 0)
print(oct(os.umask(0o022)))
attempt("no children", os.waitpid, -1, 0)
print(child(lambda: 5) > 0, os.wait()[1] >> 8)
process = child(lambda: [signal.pause(), 0][1])
print(os.waitpid(process, os.WNOHANG))
os.kill(process, signal.SIGKILL)
print(os.WTERMSIG(os.waitpid(process, 0)[1]))
process = child(lambda: 0 if os.getppid() == parent else 3) if (parent := os.getpid()) else 0
print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
read, write = os.pipe()
grandchild = child(
    lambda: [os.waitpid(child(lambda: os.write(write, b"grandchild") and 0), 0), 0][1]
)
os.waitpid(grandchild, 0)
print(os.read(read, 20))
process = child(lambda: 4)
info = os.waitid(os.P_PID, process, os.WEXITED)
print(info.si_pid == process, info.si_status, info.si_code == os.CLD_EXITED)
processes = [child(lambda: number) for number in range(10)]
print(sorted(os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]) for p in processes))
attempt("someone else's", os.waitpid, 1, 0)
attempt("signal nothing", os.kill, 2**22 - 1, 0)
attempt("signal myself", os.kill, os.getpid(), 0)
