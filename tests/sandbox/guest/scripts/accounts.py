"""`pwd` and `grp` over the files of this machine: the same with both modules."""

import grp
import pwd


def attempt(name, call, *args):
    try:
        result = call(*args)
    except Exception as error:
        result = "%s" % type(error).__name__
    print(name, result)


for name in ("root", "nobody", "no such user"):
    attempt(name, pwd.getpwnam, name)
for name in ("root", "no such group"):
    attempt(name, grp.getgrnam, name)
for number in (0, 65534, 12345678, True):
    attempt(number, pwd.getpwuid, number)
    attempt(number, grp.getgrgid, number)
for wrong in (1.5, "x", None):
    attempt(wrong, pwd.getpwuid, wrong)
    attempt(wrong, pwd.getpwnam, wrong if wrong != "x" else 3)
root = pwd.getpwuid(0)
print(root.pw_name, root.pw_uid, root[5] == root.pw_dir, len(root), tuple(root)[:2])
print(grp.getgrgid(0).gr_mem, [entry.gr_gid for entry in grp.getgrall()][:3])
print(len(pwd.getpwall()) > 1, isinstance(root, tuple), sorted(pwd.getpwall()) != [])
attempt("no attribute", lambda: root.nothing)
