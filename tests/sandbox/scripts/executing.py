import subprocess, sys, os, signal, time, errno


def p(l, f):
    try:
        r = f()
    except OSError as e:
        r = errno.errorcode[e.errno]
    except BaseException as e:
        r = (type(e).__name__, str(e))
    print(l, r, flush=True)


def R(*a, **k):
    r = subprocess.run(*a, capture_output=True, **k)
    return r.returncode, r.stdout, r.stderr


def W(name, text, mode=0o755):
    with open(name, "w") as f:
        f.write(text)
    os.chmod(name, mode)


W("a.sh", "#!/bin/sh\necho a $0 $@\n")
p("sh", lambda: R(["./a.sh", "x", "y z"]))
p("sh abs", lambda: R([os.path.abspath("a.sh"), "x"]))
W("b.sh", "#!./a.sh one two\nfoo\n")
p("nested", lambda: R(["./b.sh", "x"]))
W("c", "#! /usr/bin/env python3\nimport sys;print(sys.argv)\n")
p("env", lambda: R(["./c", "1"]))
W("d", "#!/usr/bin/python3 -I -S\nimport sys;print(sys.argv,sys.flags.isolated)\n")
p("args", lambda: R(["./d", "1"]))
W("e", "echo plain text $0\n")
p("enoexec", lambda: R(["./e"]))
p("enoexec shell", lambda: R("./e", shell=True))
p("enoexec execvp", lambda: R(["env", "./e"]))
W("f", "#!/nonexist/interp\n")
p("missing interp", lambda: R(["./f"]))
p("missing interp sh", lambda: R("./f", shell=True))
W("g", "#!/bin/sh\n", 0o644)
p("nox", lambda: R(["./g"]))
p("nox sh", lambda: R("./g", shell=True))
p("dir", lambda: R(["/usr"]))
p("dir sh", lambda: R("/usr", shell=True))
W("h", "")
p("empty", lambda: R(["./h"]))
p("empty sh", lambda: R("./h", shell=True))
W("i", "#!\n")
p("hashbang only", lambda: R(["./i"]))
W("i2", "#!   \nfoo")
p("hashbang blanks", lambda: R(["./i2"]))
W("l1", "#!./l2\n")
W("l2", "#!./l1\n")
p("loop", lambda: R(["./l1"]))
prev = "./a.sh"
for k in range(6):
    W("n%d" % k, "#!%s\n" % prev)
    prev = "./n%d" % k
    p("chain%d" % k, lambda: R([prev]))
p("e2big", lambda: R(["/bin/true", "x" * 131072]))
p("big ok", lambda: R(["/bin/true", "x" * 131071]))
p("e2big many", lambda: R(["/bin/true"] + ["x" * 1000] * 4000))
p("many ok", lambda: R(["/bin/echo"] + ["x" * 10] * 20000)[0])
p("env e2big", lambda: R(["/bin/true"], env={"A": "x" * 131072}))
p("long path", lambda: os.execv("/" + "a/" * 2100, ["x"]))
p("long name", lambda: os.execv("/" + "a" * 256, ["x"]))
p("enotdir", lambda: os.execv("/bin/sh/x", ["x"]))
p("enoent", lambda: os.execv("/bin/shxx", ["x"]))
p("emptypath", lambda: os.execv("", ["x"]))
os.symlink("loop", "loop")
p("eloop", lambda: os.execv("loop", ["x"]))
p("argv0", lambda: R(["custom", "-c", "echo $0"], executable="/bin/sh"))
p("emptyarg", lambda: R(["/bin/sh", "-c", "echo $#:$1:$2", "z", "", "q"]))
os.symlink("/bin/sh", "mysh")
p("link", lambda: R(["./mysh", "-c", "echo $0"]))
os.mkdir("bin")
W("bin/tool", "#!/bin/sh\necho tool $0\n")
W("bin/notx", "#!/bin/sh\n", 0o644)
env = dict(os.environ, PATH=os.path.abspath("bin") + ":/usr/bin")
p("path", lambda: R(["tool"], env=env))
p("path sh", lambda: R("tool; command -v tool; notx", shell=True, env=env))
p("notx", lambda: R(["notx"], env=env))
p("relative path", lambda: R(["tool"], env=dict(os.environ, PATH="bin:/usr/bin")))
p("empty path comp", lambda: R(["a.sh"], env=dict(os.environ, PATH=":/usr/bin")))
p("cwd rel", lambda: R(["./tool"], cwd="bin"))
with open("bin/tool", "a") as f:
    p("etxtbsy script", lambda: R(["./bin/tool"]))
import shutil

shutil.copy("/bin/true", "mytrue")
p("copied", lambda: R(["./mytrue"]))
f = open("mytrue", "r+b")
p("etxtbsy", lambda: R(["./mytrue"]))
f.close()
p("copied again", lambda: R(["./mytrue"]))
os.rename("mytrue", "mytrue2")
p("renamed", lambda: R(["./mytrue2"]))
os.chmod("mytrue2", 0o600)
p("nox copied", lambda: R(["./mytrue2"]))
os.chmod("mytrue2", 0o755)
fd = os.open("/bin/echo", os.O_RDONLY)


def inchild(f):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(w, 1)
        os.close(r)
        try:
            f()
        except OSError as e:
            os.write(1, errno.errorcode[e.errno].encode())
        except BaseException as e:
            os.write(1, repr(e).encode())
        os._exit(99)
    os.close(w)
    d = b""
    while x := os.read(r, 1000):
        d += x
    os.close(r)
    return d, os.waitpid(pid, 0)[1]


p("fexecve", lambda: inchild(lambda: os.execve(fd, ["echo", "fd"], os.environ)))
fd2 = os.open("a.sh", os.O_RDONLY)
os.set_inheritable(fd2, True)
fd3 = os.open("mytrue2", os.O_RDONLY)
p("fexecve layer", lambda: inchild(lambda: os.execve(fd3, ["x"], os.environ)))
fd4 = os.open("/usr", os.O_RDONLY)
p("fexecve dir", lambda: inchild(lambda: os.execve(fd4, ["x"], os.environ)))
p("execlp", lambda: inchild(lambda: os.execlp("sh", "sh", "-c", "echo $0 $1", "a", "b")))
p("execle", lambda: inchild(lambda: os.execle("/usr/bin/env", "env", {"Q": "1"})))
p("execvpe", lambda: inchild(lambda: os.execvpe("env", ["env"], {"Q": "1", "PATH": "/usr/bin"})))
p("proc self fd", lambda: inchild(lambda: os.execv("/proc/self/fd/%d" % fd, ["echo", "procfd"])))
p(
    "proc self exe",
    lambda: inchild(lambda: os.execv("/proc/self/exe", ["python", "-c", "print(1)"])),
)
sys.stdout.flush()
if len(sys.argv) > 1:
    sys.exit(42)
os.execv(
    sys.executable,
    [
        sys.executable,
        "-c",
        "import os,sys;print('replaced',os.getpid()==%d,sys.argv,os.getcwd()=='%s');sys.exit(9)"
        % (os.getpid(), os.getcwd()),
        "q",
    ],
)
