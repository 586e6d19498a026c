"""subprocess with programs that run in the sandbox: pipes, statuses, directories, environments."""

import os
import subprocess
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill

fill("made", b"c\na\nb\n")


def text(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    return done.stdout + done.stderr


print(text("cat", "made"), text("sort", "made"), text("wc", "-l", "made"))
print(text("cat", input="through stdin"))
print(text("sh", "-c", "echo $0 $1; cat made | sort | tr a-z A-Z", "name", "one"))
for command in (
    ["true"],
    ["false"],
    ["sh", "-c", "exit 42"],
    ["cat", "missing"],
    ["sh", "-c", "kill -9 $$"],
    ["sh", "-c", "kill -15 $$"],
):
    print(command, subprocess.run(command, capture_output=True).returncode)
attempt("no such program", subprocess.run, ["no-such-program"])
attempt("not executable", subprocess.run, ["./hello.txt"])
attempt("a directory", subprocess.run, ["./sub"])
attempt("check", subprocess.run, ["false"], check=True)
print(
    text("./greet.sh", "you"), subprocess.run(["./greet.sh"], stdout=subprocess.DEVNULL).returncode
)
fill("mine.sh", b'#!/bin/sh\necho "mine $@"\n')
attempt("without the bit", subprocess.run, ["./mine.sh"])
os.chmod("mine.sh", 0o755)
print(text("./mine.sh", "a b", "c"), text(os.path.abspath("mine.sh")))
sys.stdout.flush()
subprocess.run(
    [
        "sh",
        "-c",
        "echo by the shell > by_shell; mkdir -p d/e; mv hello.txt d/e; rm -r many; ln -s x sl",
    ]
)
print(content("by_shell"), os.listdir("d/e"), os.path.exists("many"), os.readlink("sl"))
subprocess.run(["sed", "-i", "s/80/443/", "app.conf"])
print(content("app.conf"))
print(text("pwd", cwd="sub") == os.path.realpath("sub") + "\n", text("ls", cwd="d"))
print(text("env", env={"A": "1", "PATH": os.environ["PATH"]}))
with open("out", "w") as out:
    subprocess.run(["sh", "-c", "echo out; echo err >&2"], stdout=out, stderr=subprocess.STDOUT)
print(content("out"))
first = subprocess.Popen(["cat", "numbers.txt"], stdout=subprocess.PIPE)
second = subprocess.Popen(["sort", "-rn"], stdin=first.stdout, stdout=subprocess.PIPE, text=True)
first.stdout.close()
print(second.communicate()[0].split()[:3], first.wait(), second.returncode)
sleeper = subprocess.Popen(["sleep", "30"])
print(sleeper.poll())
sleeper.terminate()
print(sleeper.wait())
attempt("timeout", subprocess.run, ["sleep", "30"], timeout=0.2)
print(subprocess.run(["sh"], input="echo from stdin; exit 3\n", text=True, capture_output=True))
reader, writer = os.pipe()
subprocess.run(["sh", "-c", f"echo passed >&{writer}"], pass_fds=[writer])
print(os.read(reader, 100))
print(text(sys.executable, "-I", "-c", "import os; print(sorted(os.listdir('d')))"))
print(subprocess.getstatusoutput("echo one; exit 2"))
print(subprocess.run("exit $((40 + 2))", shell=True).returncode)
big = "x" * 300_000
print(len(text("cat", input=big)), len(text("sh", "-c", 'printf %s "$1" | wc -c', "-", "y" * 3000)))
attempt("too long", subprocess.run, ["true", "z" * 3_000_000])
