import os, sys, re, errno, subprocess, threading, time


def p(l, f):
    try:
        r = f()
    except OSError as e:
        r = errno.errorcode[e.errno]
    except BaseException as e:
        r = (type(e).__name__, str(e))
    print(l, r, flush=True)


def rd(x):
    with open(x, "rb") as f:
        return f.read()


me = os.getpid()
st = lambda x: dict(l.split(":\t", 1) for l in rd(x).decode().splitlines() if ":\t" in l)
p("status pid", lambda: int(st("/proc/self/status")["Pid"]) == me)
p("status uid", lambda: st("/proc/self/status")["Uid"])
p("status gid", lambda: st("/proc/self/status")["Gid"])
p("status groups", lambda: st("/proc/self/status").get("Groups"))
p("status umask", lambda: st("/proc/self/status").get("Umask"))
p("status seccomp", lambda: len(st("/proc/self/status")) > 30)
p("status keys", lambda: list(st("/proc/self/status"))[:12])
p("maps", lambda: b"[stack]" in rd("/proc/self/maps") and b"python" in rd("/proc/self/maps"))
p("cmdline", lambda: rd("/proc/self/cmdline"))
p("exe", lambda: os.readlink("/proc/self/exe"))
p("exe same", lambda: os.path.samefile("/proc/self/exe", sys.executable))
p("cwd", lambda: os.readlink("/proc/self/cwd") == os.getcwd())
p("cwd list", lambda: os.listdir("/proc/self/cwd"))
p("root", lambda: os.readlink("/proc/self/root"))
f = open("a", "w+")
f.write("hello")
f.flush()
f.seek(1)
g = open("/usr/bin/ldd")
r, w = os.pipe()
p("fd", lambda: sorted(map(int, os.listdir("/proc/self/fd")))[:7])
p("fd link", lambda: os.readlink("/proc/self/fd/%d" % f.fileno()) == os.path.abspath("a"))
p("fd link host", lambda: os.readlink("/proc/self/fd/%d" % g.fileno()))
p("fd link pipe", lambda: re.sub(r"\d+", "N", os.readlink("/proc/self/fd/%d" % r)))
p("fd dir", lambda: (lambda d: os.readlink("/proc/self/fd/%d" % d))(os.open("/usr", os.O_RDONLY)))
p("fd reopen", lambda: rd("/proc/self/fd/%d" % f.fileno()))
p("fd reopen host", lambda: len(rd("/proc/self/fd/%d" % g.fileno())) > 100)
p(
    "fd stat",
    lambda: os.stat("/proc/self/fd/%d" % g.fileno()).st_size == os.stat("/usr/bin/ldd").st_size,
)
p("fd missing", lambda: os.readlink("/proc/self/fd/99"))
os.unlink("a")
p("fd deleted", lambda: os.readlink("/proc/self/fd/%d" % f.fileno()).endswith("/a (deleted)"))
p("fd deleted reopen", lambda: rd("/proc/self/fd/%d" % f.fileno()))
p("fdinfo list", lambda: len(os.listdir("/proc/self/fdinfo")) > 3)
p("task", lambda: os.listdir("/proc/self/task") == [str(me)])
p("thread-self", lambda: os.readlink("/proc/thread-self") == f"{me}/task/{me}")
p("mounts", lambda: any(l.split()[1] == b"/proc" for l in rd("/proc/mounts").splitlines()))
p("self mounts", lambda: any(l.split()[1] == b"/" for l in rd("/proc/self/mounts").splitlines()))
p("mountinfo", lambda: any(l.split()[4] == b"/" for l in rd("/proc/self/mountinfo").splitlines()))
p("limits", lambda: rd("/proc/self/limits").splitlines()[0])
p("environ", lambda: sorted(rd("/proc/self/environ").split(b"\0"))[1:2])
p("meminfo", lambda: rd("/proc/meminfo").startswith(b"MemTotal"))
p("cpuinfo", lambda: rd("/proc/cpuinfo").count(b"processor\t"))
for n in "loadavg uptime stat version filesystems".split():
    p(n, lambda: len(rd("/proc/" + n)) > 5)
p("osrelease", lambda: rd("/proc/sys/kernel/osrelease").decode().strip() == os.uname().release)
p("self", lambda: os.readlink("/proc/self") == str(me))
p("pid dir", lambda: os.path.isdir(f"/proc/{me}"))
p("statm", lambda: len(rd("/proc/self/statm").split()))
p("io", lambda: b"rchar" in rd("/proc/self/io"))
p("smaps", lambda: b"Rss" in rd("/proc/self/smaps_rollup"))
p("cgroup", lambda: len(rd("/proc/self/cgroup")) > 2)
c = subprocess.Popen(["sleep", "5"])
time.sleep(0.1)
p("child cmdline", lambda: rd(f"/proc/{c.pid}/cmdline"))
p("child comm", lambda: rd(f"/proc/{c.pid}/comm"))
p("child stat", lambda: rd(f"/proc/{c.pid}/stat").split()[1:4:2] == [b"(sleep)", b"%d" % me])
p("child exe", lambda: os.readlink(f"/proc/{c.pid}/exe"))
p("child environ", lambda: b"PATH" in rd(f"/proc/{c.pid}/environ"))
c.kill()
c.wait()
p("child gone", lambda: rd(f"/proc/{c.pid}/cmdline"))
p("nproc", lambda: subprocess.run(["nproc"], capture_output=True).stdout)
p(
    "pidof",
    lambda: (
        subprocess.run(
            ["sh", "-c", "ls -l /proc/self/exe | sed 's/.*-> //'; readlink /proc/$$/exe"],
            capture_output=True,
        ).stdout
    ),
)
