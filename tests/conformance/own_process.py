"""/proc/self: the script's own view of itself."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content

attempt("exe", lambda: os.path.samefile("/proc/self/exe", sys.executable))
attempt("cwd", lambda: os.readlink("/proc/self/cwd") == os.getcwd())
attempt("root", os.readlink, "/proc/self/root")
attempt("self", lambda: int(os.readlink("/proc/self")) == os.getpid())
attempt("own number", lambda: os.path.samefile(f"/proc/{os.getpid()}/cwd", "/proc/self/cwd"))
descriptor = os.open("hello.txt", os.O_RDONLY)
attempt(
    "fd link", lambda: os.readlink(f"/proc/self/fd/{descriptor}") == os.path.abspath("hello.txt")
)
attempt("open by it", content, f"/proc/self/fd/{descriptor}")
attempt("/dev/fd", content, f"/dev/fd/{descriptor}")
attempt("listed", lambda: str(descriptor) in os.listdir("/proc/self/fd"))
attempt("missing number", os.readlink, "/proc/self/fd/777")
read, write = os.pipe()
attempt("pipe", lambda: os.readlink(f"/proc/self/fd/{read}").startswith("pipe:["))
os.unlink("hello.txt")
attempt(
    "deleted", lambda: os.readlink(f"/proc/self/fd/{descriptor}").endswith("hello.txt (deleted)")
)
status = content("/proc/self/status", "r")
fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
print(fields["Name"].strip()[:6], int(fields["Pid"]) == os.getpid(), int(fields["Threads"]))
print(fields["Uid"].split()[0] == str(os.getuid()))
attempt(
    "cmdline", lambda: content("/proc/self/cmdline").split(b"\0")[-2].endswith(b"own_process.py")
)
attempt("stat", lambda: int(content("/proc/self/stat").split()[0]) == os.getpid())
attempt("comm", lambda: content("/proc/self/comm").startswith(b"python"))
attempt("cpuinfo", lambda: len(content("/proc/cpuinfo")) > 0)
attempt("meminfo", lambda: b"MemTotal" in content("/proc/meminfo"))
attempt("another", os.stat, "/proc/4194303")
attempt("null", lambda: (content("/dev/null"), open("/dev/null", "w").write("x")))
attempt("zero", lambda: open("/dev/zero", "rb").read(4))
attempt("full", lambda: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
attempt("random", lambda: len(open("/dev/urandom", "rb").read(8)))
attempt("stdin", lambda: os.path.exists("/dev/stdin"))
