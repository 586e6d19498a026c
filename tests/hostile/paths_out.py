"""Names that lead out of the mapped tree. Stopped by: lookup walks the virtual tree only, where
nothing but what is mapped exists; the host's own walk takes one component, no link, no `..`."""

import os
import sys

sys.path.insert(0, ".")
from attack import HOST_TMP, OUTSIDE, SECRET, attack, leak

here = os.getcwd()
up = "../" * 40
SPELLINGS = (
    SECRET,
    "/" + SECRET,
    SECRET.replace("/", "//"),
    SECRET.replace("/", "/./"),
    f"{up}{SECRET}",
    f"../{os.path.basename(OUTSIDE)}/secret.txt",
    f"sub/../../{os.path.basename(OUTSIDE)}/secret.txt",
    f"{here}/../{os.path.basename(OUTSIDE)}/secret.txt",
    f"/proc/self/root{SECRET}",
    f"/proc/self/cwd/{up}{SECRET}",
    f"/dev/fd/../../../..{SECRET}",
    f"/proc/1/root{SECRET}",
    f"/proc/{os.getppid()}/root{SECRET}",
    f"{SECRET}/",
    f"{SECRET}/.",
    f"{SECRET}/../secret.txt",
    f"\x00{SECRET}",
    f"{SECRET}\x00.txt",
    "./" * 1000 + up + SECRET,
    f"dirlink/../../{os.path.basename(OUTSIDE)}/secret.txt",
    HOST_TMP,
    f"/tmp/../{HOST_TMP}",
    f"/etc/../{SECRET}",
    f"/usr/lib/..{up}{SECRET}",
)
for path in SPELLINGS:
    attack(f"read {path[-60:]!r}", leak, path)
    attack(f"stat {path[-60:]!r}", os.stat, path)
    attack(
        f"list beside {path[-60:]!r}",
        lambda: os.listdir(os.path.dirname(path.rstrip("/."))) if OUTSIDE in path else None,
    )
for path in (
    f"{OUTSIDE}/planted",
    f"../{os.path.basename(OUTSIDE)}/planted",
    "../planted",
    f"{up}{OUTSIDE}/planted",
):
    attack(f"write {path[-40:]!r}", lambda: open(path, "w").write("x") and None)
    attack(f"mkdir {path[-40:]!r}", os.mkdir, path)
    attack(f"symlink {path[-40:]!r}", os.symlink, "x", path)
    attack(f"rename to {path[-40:]!r}", os.rename, "hello.txt", path)
    attack(f"link to {path[-40:]!r}", os.link, "numbers.txt", path)
attack("rename the secret here", os.rename, SECRET, "mine")
attack("link the secret here", os.link, SECRET, "mine")
attack("remove it", os.unlink, SECRET)
attack("truncate it", os.truncate, SECRET, 0)
attack("chmod it", os.chmod, SECRET, 0o777)
attack("change its time", os.utime, SECRET, (1, 1))
