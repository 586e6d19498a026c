"""Who and where the script is: all its sources agree."""

import os
import pwd
import sys

sys.path.insert(0, ".")
from attempt import attempt

user = pwd.getpwuid(os.getuid())
print(user.pw_uid == os.getuid(), os.getuid() == os.geteuid(), os.getgid() == os.getegid())
print(os.getresuid() == (os.getuid(),) * 3, user.pw_gid == os.getgid())
print(pwd.getpwnam(user.pw_name) == user)
print(os.path.expanduser("~") == os.environ["HOME"], os.environ["SHANNOT_SANDBOX"])
print(sorted(os.environ))
print(sys.argv[0].endswith("identity.py"), os.path.isabs(__file__), __name__)
print(os.path.isfile(sys.executable), os.uname().sysname, len(os.uname().nodename) > 0)
print(os.getpid() > 0, os.getppid() >= 0, os.getpgrp() > 0, os.getsid(0) > 0)
print(os.getpgid(0) == os.getpgrp(), os.cpu_count() >= 1, len(os.sched_getaffinity(0)) >= 1)
print(os.getpriority(os.PRIO_PROCESS, 0), len(os.getloadavg()))
attempt("no such user", pwd.getpwnam, "no-such-user")
attempt("login name by environment", lambda: __import__("getpass").getuser() == os.environ["USER"])
attempt("setuid to myself", os.setuid, os.getuid())
attempt("terminal", os.ttyname, 0)
attempt("terminal size", os.get_terminal_size)
attempt("priority", os.nice, 0)
