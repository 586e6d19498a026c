import subprocess, sys, os, signal, time

R = subprocess.run


def p(l, f):
    try:
        r = f()
    except BaseException as e:
        r = (type(e).__name__, str(e))
    print(l, r, flush=True)


P = subprocess.PIPE
p("run", lambda: R(["echo", "hi"], capture_output=True))
p("input", lambda: R(["cat"], input=b"x" * 200000, capture_output=True).stdout.__len__())
p("cwd", lambda: R(["pwd"], cwd="/usr", capture_output=True))
p("cwdmissing", lambda: R(["pwd"], cwd="/nonexist", capture_output=True))
p("env", lambda: R(["/usr/bin/env"], env={"A": "1"}, capture_output=True))
p("shell", lambda: R("echo a | tr a b && echo c; exit 3", shell=True, capture_output=True))
p("missing", lambda: R(["nosuchprog"]))
p("notexec", lambda: R(["/etc/passwd"]))
p("dir", lambda: R(["/usr"]))
p("stderr", lambda: R("echo a; echo b >&2", shell=True, stderr=subprocess.STDOUT, stdout=P))
p(
    "devnull",
    lambda: R("echo a; cat", shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL),
)


def to():
    t = time.time()
    try:
        R(["sleep", "30"], timeout=0.5)
    except subprocess.TimeoutExpired as e:
        return time.time() - t < 3


p("timeout", to)
p("preexec", lambda: R(["pwd"], preexec_fn=lambda: os.chdir("/usr/lib"), capture_output=True))
p(
    "sns",
    lambda: R(
        [
            sys.executable,
            "-c",
            "import os;print(os.getsid(0)==os.getpid(),os.getpgrp()==os.getpid(),os.getpgid(0)==os.getpid())",
        ],
        start_new_session=True,
        capture_output=True,
    ),
)
r, w = os.pipe()
p(
    "pass_fds",
    lambda: R(
        [sys.executable, "-c", f"import os;os.write({w},b'hello')"],
        pass_fds=[w],
        capture_output=True,
    ),
)
print(os.read(r, 100))
p(
    "close_fds",
    lambda: (
        R(
            [sys.executable, "-c", f"import os;os.write({w},b'hello')"], capture_output=True
        ).returncode
    ),
)
os.set_inheritable(w, True)
p(
    "close_fds=False",
    lambda: R(
        [sys.executable, "-c", f"import os;os.write({w},b'hello2')"],
        close_fds=False,
        capture_output=True,
    ),
)
print(os.read(r, 100))
p("executable", lambda: R(["foo", "-c", "echo $0"], executable="/bin/sh", capture_output=True))
p("umask", lambda: R(["sh", "-c", "umask"], umask=0o27, capture_output=True))
p("kill", lambda: (lambda q: (q.kill(), q.wait()))(subprocess.Popen(["sleep", "20"])))
p("term", lambda: (lambda q: (q.terminate(), q.wait()))(subprocess.Popen(["sleep", "20"])))
p("sig", lambda: R(["sh", "-c", "kill -USR1 $$"]).returncode)
p("os.system", lambda: os.system("exit 5"))
p("popen", lambda: (lambda f: (f.read(), f.close()))(os.popen("echo hi; exit 2")))
p("spawn", lambda: os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "exit 7"], os.environ), 0)[1])
p("spawnp", lambda: os.waitpid(os.posix_spawnp("sh", ["sh", "-c", "exit 7"], os.environ), 0)[1])
p("spawnp missing", lambda: os.posix_spawnp("nosuch", ["sh", "-c", "exit 7"], os.environ))
r, w = os.pipe()
p(
    "spawn fa",
    lambda: os.waitpid(
        os.posix_spawn(
            "/bin/sh",
            ["sh", "-c", "echo hi; cat /dev/fd/9 >&1; cat"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, w, 1),
                (os.POSIX_SPAWN_OPEN, 0, "/etc/hostname" if 0 else "/usr/bin/ldd", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 9, "f9", os.O_RDONLY | os.O_CREAT, 0o600),
                (os.POSIX_SPAWN_CLOSE, r),
            ],
            setpgroup=0,
            setsigmask=[signal.SIGUSR1],
            setsigdef=[signal.SIGPIPE],
        ),
        0,
    )[1],
)
print(len(os.read(r, 10000)))
p(
    "spawn pg",
    lambda: os.waitpid(
        os.posix_spawn(
            sys.executable,
            [
                "py",
                "-c",
                "import os,signal;print(os.getpgrp()==os.getpid(),signal.pthread_sigmask(0,[]))",
            ],
            os.environ,
            setpgroup=0,
            setsigmask=[signal.SIGUSR1],
        ),
        0,
    )[1],
)
p(
    "spawn sid",
    lambda: os.waitpid(
        os.posix_spawn(
            sys.executable,
            ["py", "-c", "import os,signal;print(os.getsid(0)==os.getpid())"],
            os.environ,
            setsid=True,
        ),
        0,
    )[1],
)
q = subprocess.Popen(["tr", "a-z", "A-Z"], stdin=P, stdout=P, text=True)
p("comm", lambda: q.communicate("hello"))
a = subprocess.Popen(["yes"], stdout=P)
b = subprocess.Popen(["head", "-2"], stdin=a.stdout, stdout=P)
a.stdout.close()
p("pipe", lambda: (b.communicate(), a.wait()))
p(
    "bash",
    lambda: R(
        [
            "bash",
            "-c",
            "echo a | (cat; echo b) && { false || echo d; } ; sleep 0.1 & wait; echo $?; exec sh -c 'exit 4'",
        ],
        capture_output=True,
    ),
)
p(
    "dash",
    lambda: R(
        [
            "dash",
            "-c",
            "echo a | (cat; echo b) && { false || echo d; } ; sleep 0.1 & wait; echo $?; exec sh -c 'exit 4'",
        ],
        capture_output=True,
    ),
)
p(
    "bash m",
    lambda: R(
        [
            "bash",
            "-c",
            "set -m; sleep 0.1 & echo x; wait; kill -l | head -1; sleep 3 & kill %1; wait %1; echo $?",
        ],
        capture_output=True,
    ),
)
p(
    "subst",
    lambda: R(
        [
            "bash",
            "-c",
            "echo $(echo a; echo b) `seq 3`; cat <(echo proc) ; cat <<<here; for i in 1 2 3; do echo $i | cat; done | wc -l; trap 'echo bye' EXIT; ulimit -c",
        ],
        capture_output=True,
    ),
)
p("getoutput", lambda: subprocess.getstatusoutput("ls /nonexist 2>&1; false"))
p("null argv", lambda: R(["sh", "-c", "echo $#", "a", "", "b c"], capture_output=True))
