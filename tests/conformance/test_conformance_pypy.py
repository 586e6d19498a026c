"""The scripts of this directory, and of the guest's tests, in a sandboxed PyPy: they must print the
same as on a plain CPython, but for those that this interpreter cannot run at all.
"""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import pytest

from tests.comparing import CONFIGURATION, SCRIPTS
from tests.fakes.real_pypy import RealPypy
from tests.trees import clear, plant, snapshot

pytestmark = pytest.mark.pypy
HERE = Path(__file__).parent
GUEST = HERE.parent / "sandbox" / "guest" / "scripts"

NO_THREADS = "no thread can be started"
NO_FORK = "this interpreter cannot fork"
NO_MODULE = "needs a module of C: "
LATER = "needs a later Python than 3.6 or 3.8: "
NOT_IN_OS = "its os module has no "
CANNOT = {
    "archives.py": NO_MODULE + "bz2, lzma",
    "asynchronous.py": LATER + "asyncio.run; and SIGCHLD, for its subprocesses",
    "c_functions.py": NO_MODULE + "ctypes",
    "child_states.py": NO_MODULE + "resource",
    "copy_calls.py": NOT_IN_OS + "copy_file_range",
    "copying_trees.py": LATER + "copytree(dirs_exist_ok)",
    "databases.py": NO_MODULE + "sqlite3",
    "descriptors.py": "its fcntl knows no F_DUPFD, and sets O_NONBLOCK only; no pass_fds",
    "directory_descriptors.py": NOT_IN_OS + "O_PATH",
    "exit_number.py": NO_THREADS,
    "fifos.py": "it can make none: there is nobody to be at the other end",
    "file_systems.py": "its posix_fallocate returns 0",
    "forking.py": NO_FORK,
    "globbing.py": LATER + "glob(root_dir)",
    "hard_links.py": "its os.link follows no links only",
    "identity.py": NOT_IN_OS + "sched_getaffinity",
    "libraries.py": "the table of what can be imported is test_imports_pypy.py",
    "limits.py": NO_MODULE + "resource",
    "listing.py": "its scandir takes no descriptor",
    "locks.py": NO_FORK,
    "mapping.py": "it cannot map memory",
    "modes.py": LATER + "makedirs keeps the mode for the last directory only",
    "open_file_locks.py": "its fcntl has no locks of open files",
    "open_modes.py": NOT_IN_OS + "O_PATH",
    "own_process.py": "its name is another",
    "path_descriptors.py": NOT_IN_OS + "O_PATH",
    "paths.py": LATER + "Path.is_mount",
    "pipes_and_signals.py": "no signal reaches it",
    "pools.py": NO_FORK,
    "pools_spawn.py": NO_FORK,
    "shells_and_spawn.py": LATER + "os.waitstatus_to_exitcode",
    "socket_pairs.py": NO_FORK,
    "sparse_files.py": LATER + "f-strings with =",
    "subprocesses.py": "no pass_fds",
    "temporary_files.py": "what is left open is written when it is collected, not at once",
    "threading_use.py": NO_THREADS,
    "times.py": LATER + "time.time_ns",
    "unnamed_files.py": NOT_IN_OS + "O_TMPFILE",
}
"""Scripts of this directory that a sandboxed PyPy cannot run as they are, and why."""
SHARED = [HERE / name for name in SCRIPTS if name not in CANNOT]
OWN = [
    GUEST / name for name in ("commands.py", "waiting.py", "sockets.py", "tables.py", "texts.py")
]


@pytest.mark.parametrize("script", [*SHARED, *OWN], ids=lambda path: path.name)
def test_a_script_prints_the_same_in_pypy_and_changes_nothing(script: Path, tmp_path: Path) -> None:
    pypy = RealPypy(tmp_path, CONFIGURATION)
    pypy.project.rmdir()
    plant(pypy.project)
    native = pypy.natively(script)
    clear(pypy.project)
    plant(pypy.project)
    before = snapshot(pypy.project)
    inside = pypy.run("-q", str(script))
    assert snapshot(pypy.project) == before
    clear(pypy.project)
    for plain, boxed in ((native.stdout, inside.stdout), (native.stderr, inside.stderr)):
        found = unified_diff(plain.splitlines(), boxed.splitlines(), "plain", "pypy", "", "", 0, "")
        difference = "\n".join(found)
        if difference:
            pytest.fail(f"{difference}\n{inside.stderr[-2000:]}", pytrace=False)
    status = native.returncode
    assert inside.returncode == (status if status >= 0 else 128 - status)


def test_the_table_of_what_cannot_run_names_scripts_that_there_are() -> None:
    assert set(CANNOT) <= set(SCRIPTS)
    assert len(SHARED) >= 15
