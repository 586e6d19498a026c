import subprocess, sys, os, signal, time, errno, select


def p(l, f):
    try:
        r = f()
    except OSError as e:
        r = errno.errorcode[e.errno]
    except BaseException as e:
        r = (type(e).__name__, str(e))
    print(l, r, flush=True)


def child(f):
    pid = os.fork()
    if pid == 0:
        try:
            r = f()
        except BaseException as e:
            print(repr(e), flush=True)
            r = 99
        os._exit(r or 0)
    return pid


p("fork", lambda: os.waitpid(child(lambda: 3), 0)[1])
p("wait4", lambda: os.wait4(child(lambda: 3), 0)[1])
p("waitid", lambda: (lambda c: os.waitid(os.P_PID, c, os.WEXITED).si_status)(child(lambda: 4)))


def pidfd():
    c = child(lambda: time.sleep(0.2))
    f = os.pidfd_open(c)
    r = select.select([f], [], [], 5)[0] == [f]
    s = os.waitid(os.P_PIDFD, f, os.WEXITED).si_status
    os.close(f)
    return r, s


p("pidfd", pidfd)
p("pidfd gone", lambda: os.pidfd_open(999999))
p("pidfd 0", lambda: os.pidfd_open(0))


def sigpidfd():
    c = child(lambda: time.sleep(20))
    f = os.pidfd_open(c)
    signal.pidfd_send_signal(f, 15)
    return os.waitpid(c, 0)[1]


p("pidfd sig", sigpidfd)


def dblfork():
    r, w = os.pipe()
    os.mkdir("q") if not os.path.exists("q") else 0

    def first():
        os.chdir("q")
        child(
            lambda: (time.sleep(0.2), os.write(w, (os.getcwd()[-3:] + str(os.umask(0))).encode()))[
                0
            ]
        )
        os.chdir("/usr")
        os.umask(0o77)

    os.umask(0o13)
    c = child(first)
    os.chdir("/usr/lib")
    os.umask(0o22)
    os.waitpid(c, 0)
    os.close(w)
    x = os.read(r, 100)
    os.close(r)
    os.chdir(H)
    return x


H = os.getcwd()
p("double fork", dblfork)


def manycwd():
    r, w = os.pipe()
    cs = []
    for i, d in enumerate(["/usr", "/usr/lib", "/usr/bin", "/etc", "/", "/dev"]):
        os.chdir(d)
        cs.append(
            child(
                lambda: (time.sleep(0.3 - i * 0.05), os.write(w, b"%d%s " % (i, os.getcwdb())))[0]
            )
        )
    os.chdir(H)
    for c in cs:
        os.waitpid(c, 0)
    x = sorted(os.read(r, 1000).split())
    os.close(r)
    os.close(w)
    return x


p("cwd at fork", manycwd)
p("kill missing", lambda: os.kill(999999, 0))
p("kill bad", lambda: os.kill(os.getpid(), 99))
p("kill 0", lambda: os.kill(os.getpid(), 0))
signal.signal(signal.SIGUSR1, lambda *a: print("usr1", flush=True))
p("kill self", lambda: os.kill(os.getpid(), signal.SIGUSR1))
p("raise", lambda: signal.raise_signal(signal.SIGUSR1))
import threading

p("pthread_kill", lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1))


def grp():
    c = child(lambda: (os.setpgid(0, 0), time.sleep(20))[0])
    time.sleep(0.2)
    g = os.getpgid(c) == c
    os.killpg(c, signal.SIGTERM)
    return g, os.waitpid(c, 0)[1]


p("group", grp)


def grp2():
    c = child(lambda: time.sleep(20))
    os.setpgid(c, c)
    d = child(lambda: time.sleep(20))
    os.setpgid(d, c)
    g = os.getpgid(d) == c
    os.killpg(c, signal.SIGKILL)
    return g, os.waitpid(c, 0)[1], os.waitpid(d, 0)[1]


p("group2", grp2)


def grp3():
    c = child(lambda: time.sleep(20))
    os.setpgid(c, c)
    os.kill(c, 9)
    time.sleep(0.1)
    z = os.getpgid(c) == c
    return z, os.waitpid(c, 0)[1]


p("waitpid group", grp3)
p("waitpid -1 none", lambda: os.waitpid(-1, 0))
p("setpgid other", lambda: os.setpgid(1, 1))
p(
    "setsid child",
    lambda: os.waitpid(
        child(lambda: (os.setsid(), int(os.getsid(0) == os.getpid() == os.getpgrp()))[1]), 0
    )[1],
)


def ss():
    os.setpgid(0, 0)
    try:
        os.setsid()
    except OSError as e:
        return e.errno


p("setsid leader", lambda: os.waitpid(child(ss), 0)[1] >> 8)
got = []
signal.signal(signal.SIGCHLD, lambda *a: got.append(1))
p("sigchld", lambda: (os.waitpid(child(lambda: 0), 0)[1], got))
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
signal.signal(signal.SIGALRM, lambda *a: print("alrm", flush=True))
p(
    "alarm",
    lambda: (
        signal.setitimer(signal.ITIMER_REAL, 0.1),
        signal.pause(),
        signal.alarm(1),
        signal.alarm(0),
    ),
)
p(
    "sigwait",
    lambda: (
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]),
        os.kill(os.getpid(), signal.SIGUSR2),
        signal.sigwait([signal.SIGUSR2]),
    )[2],
)
p("sigtimedwait", lambda: signal.sigtimedwait([signal.SIGUSR2], 0.1))


def info():
    c = child(lambda: os.kill(os.getppid(), signal.SIGUSR2))
    i = signal.sigwaitinfo([signal.SIGUSR2])
    os.waitpid(c, 0)
    return i.si_signo, i.si_code


p("sigwaitinfo", info)


def stop():
    c = child(lambda: (os.kill(os.getpid(), signal.SIGSTOP), time.sleep(0.5), 7)[2])
    s = os.waitpid(c, os.WUNTRACED)[1]
    os.kill(c, signal.SIGCONT)
    t = os.waitpid(c, os.WCONTINUED)[1]
    return s, t, os.waitpid(c, 0)[1]


p("stop", stop)
p("abort", lambda: os.waitpid(child(lambda: os.abort()), 0)[1] & 127)
p(
    "segv",
    lambda: subprocess.run([sys.executable, "-c", "import ctypes;ctypes.string_at(0)"]).returncode,
)
p("selfkill", lambda: subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)
p(
    "sigterm handler",
    lambda: (
        subprocess.run(
            [
                sys.executable,
                "-c",
                "import signal,os,sys;signal.signal(15,lambda *a:sys.exit(8));os.kill(os.getpid(),15)",
            ]
        ).returncode
    ),
)
p(
    "sigint",
    lambda: (
        subprocess.run(
            [
                sys.executable,
                "-c",
                "import signal,os\ntry: os.kill(os.getpid(),2)\nexcept KeyboardInterrupt: print('KI')",
            ],
            capture_output=True,
        ).stdout
    ),
)


def tk():
    t = []

    def run():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
        t.append(signal.sigwait([signal.SIGUSR2]))

    th = threading.Thread(target=run)
    th.start()
    time.sleep(0.1)
    signal.pthread_kill(th.ident, signal.SIGUSR2)
    th.join()
    return t


p("thread kill", tk)
p("getpriority", lambda: (os.getpriority(0, 0), os.nice(0)))
p("nice", lambda: os.waitpid(child(lambda: os.nice(3)), 0)[1])
import resource

p(
    "rlimit",
    lambda: (
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200)),
        resource.getrlimit(resource.RLIMIT_NOFILE),
    ),
)
p("rlimit raise", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (201, 200)))
p("emfile", lambda: [open("/dev/null") for _ in range(200)])
p("rlimit child", lambda: subprocess.run("ulimit -n", shell=True, capture_output=True).stdout)
p("prlimit", lambda: resource.prlimit(child(lambda: time.sleep(0.2)), resource.RLIMIT_NOFILE))
os.waitpid(-1, 0)
p("aff", lambda: (len(os.sched_getaffinity(0)), os.cpu_count()))
p("setaff", lambda: (os.sched_setaffinity(0, {0}), os.sched_getaffinity(0)))
p("setaff2", lambda: (os.sched_setaffinity(0, {0, 1}), os.sched_getaffinity(0)))
p("setaff bad", lambda: os.sched_setaffinity(0, {77}))
p("sched", lambda: (os.sched_getscheduler(0), os.sched_getparam(0), os.sched_get_priority_max(1)))
p("setuid", lambda: (os.setuid(os.getuid()), os.seteuid(os.getuid()), os.setregid(-1, -1)))
import pwd, grp as grpm, platform

p("uname", lambda: (os.uname().sysname, platform.machine()))
p("load", lambda: len(os.getloadavg()))
p("times", lambda: len(os.times()))
p("ctermid", lambda: os.ctermid())
p("tcgetpgrp", lambda: os.tcgetpgrp(0))
p("isatty", lambda: (os.isatty(0), os.isatty(1)))
p("ttyname", lambda: os.ttyname(1))
p("termsize", lambda: os.get_terminal_size(1))
p(
    "sysconf",
    lambda: (
        os.sysconf("SC_NPROCESSORS_ONLN"),
        os.sysconf("SC_PAGESIZE"),
        os.sysconf("SC_ARG_MAX"),
    ),
)
p(
    "fork in thread",
    lambda: (
        lambda l: (lambda t: (t.start(), t.join(), l))(
            threading.Thread(target=lambda: l.append(os.waitpid(child(lambda: 6), 0)[1]))
        )
    )([])[2],
)
