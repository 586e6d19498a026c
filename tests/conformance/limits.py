"""Resource limits can be read, and lowered for oneself."""

import os
import resource
import sys

sys.path.insert(0, ".")
from attempt import attempt

for name in ("NOFILE", "STACK", "CORE", "FSIZE", "AS", "CPU", "NPROC", "DATA"):
    soft, hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
    print(
        name,
        soft == resource.RLIM_INFINITY or soft >= 0,
        hard == resource.RLIM_INFINITY or hard >= soft,
    )
attempt("lower", resource.setrlimit, resource.RLIMIT_NOFILE, (64, 64))
attempt("read", resource.getrlimit, resource.RLIMIT_NOFILE)


def exhaust():
    while True:
        os.open("empty", os.O_RDONLY)


attempt("exhaust", exhaust)
attempt("even for directories", os.listdir, ".")
os.closerange(3, 64)
attempt("and again", lambda: len(os.listdir(".")) > 5)
attempt("soft above hard", resource.setrlimit, resource.RLIMIT_NOFILE, (100, 64))
attempt("usage", lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 1000)
attempt("children", lambda: resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime >= 0)
attempt("times", lambda: os.times().user >= 0)
attempt("configuration", lambda: (os.sysconf("SC_PAGESIZE"), os.sysconf("SC_CLK_TCK")))
attempt("path configuration", os.pathconf, ".", "PC_NAME_MAX")
