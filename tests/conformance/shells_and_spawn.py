"""os.system, os.popen, posix_spawn, exec: statuses and signals."""

import os
import signal
import sys

sys.path.insert(0, ".")
from attempt import attempt, content

for line in (
    "true",
    "false",
    "exit 5",
    "kill -9 $$",
    "no-such-program 2>/dev/null",
    "cat hello.txt",
):
    sys.stdout.flush()
    status = os.system(line)
    print(line, os.waitstatus_to_exitcode(status))
with os.popen("sort -r hello.txt") as pipe:
    print(pipe.read())
pipe = os.popen("exit 3")
pipe.read()
print(pipe.close() >> 8)
with os.popen("cat > written", "w") as pipe:
    pipe.write("into the shell\n")
print(content("written"))


def spawn(*arguments, **options):
    sys.stdout.flush()
    process = os.posix_spawn(arguments[0], arguments, os.environ, **options)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


attempt("spawn", spawn, "/bin/sh", "-c", "exit 9")
attempt("spawn by a signal", spawn, "/bin/sh", "-c", "kill -15 $$")
attempt("spawn nothing", spawn, "/bin/no-such-program")
attempt(
    "spawn with a file",
    spawn,
    "/bin/echo",
    "to a file",
    file_actions=[(os.POSIX_SPAWN_OPEN, 1, "spawned", os.O_CREAT | os.O_WRONLY, 0o644)],
)
print(content("spawned"))
attempt("spawnp", lambda: os.waitpid(os.posix_spawnp("true", ["true"], os.environ), 0)[1])
attempt("spawnv", os.spawnv, os.P_WAIT, "/bin/sh", ["sh", "-c", "exit 6"])
attempt("spawnlp", os.spawnlp, os.P_WAIT, "sh", "sh", "-c", "exit 8")
for name in ("missing", "hello.txt", "sub", "dangling", "greet.sh/x"):
    attempt(f"exec {name}", os.execv, f"./{name}", ["x"])
sys.stdout.flush()
child = os.fork()
if child == 0:
    os.execvp("sh", ["sh", "-c", "echo replaced; exit 11"])
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
sys.stdout.flush()
child = os.fork()
if child == 0:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.execv(
        sys.executable,
        [
            sys.executable,
            "-I",
            "-c",
            "import signal; print(signal.getsignal(2)); print(open('written').read())",
        ],
    )
print(os.waitpid(child, 0)[1])
with open("from_text", "w") as file:
    file.write("echo no interpreter line\n")
os.chmod("from_text", 0o755)
attempt("ENOEXEC", os.execv, "./from_text", ["x"])
sys.stdout.flush()
print(os.system("./from_text"))
os.execv("/bin/sh", ["sh", "-c", "echo the last word; exit 13"])
