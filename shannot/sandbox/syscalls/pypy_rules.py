"""What the process of a sandboxed PyPy may ask the kernel: the rules of its filter, as data.

Two phases, one filter. While the dynamic loader brings in the libraries, what is notified is
answered by `runtimes/pypy_loader.py`. When the interpreter sends its first message the listener is
closed, and the kernel answers ENOSYS from then on: what is left is what is allowed here, which is
reading and writing its pipes, memory, and ending. Anything else was EPERM all along.
"""

from __future__ import annotations

from errno import EPERM

from .rules import EXACTLY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .rules import Action, Rule

OTHERWISE: Action = EPERM

_ALLOWED = """
brk munmap mprotect mremap madvise
rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack futex sched_yield restart_syscall
clock_gettime gettimeofday time getrandom getpid gettid
exit exit_group arch_prctl set_tid_address set_robust_list rseq close
"""
# With a descriptor: the loader's own, and later nothing but the pipes.
_LOADING = """
execveat openat open newfstatat stat fstat access faccessat readlink readlinkat pread64
"""
MAP_ANONYMOUS = 0x20
REPORT = 60
"""The number under which the launch reports; closed by the exec, and nothing can open it again."""


def rules() -> dict[str, Rule]:
    """By name, for `compile_filter` with `otherwise` EPERM. A new dictionary."""
    found: dict[str, Rule] = dict.fromkeys(_ALLOWED.split(), ((), "allow"))
    found |= dict.fromkeys(_LOADING.split(), ((), "notify"))
    found["read"] = ((("allow", ((0, EXACTLY, (0,)),), ""),), "notify")
    found["write"] = ((("allow", ((0, EXACTLY, (1, 2, REPORT)),), ""),), EPERM)
    found["writev"] = ((("allow", ((0, EXACTLY, (2,)),), ""),), EPERM)
    found["mmap"] = ((("allow", ((3, MAP_ANONYMOUS, (MAP_ANONYMOUS,)),), ""),), "notify")
    found["prlimit64"] = ((("allow", ((0, EXACTLY, (0,)), (2, EXACTLY, (0,))), ""),), EPERM)
    found["getrlimit"] = ((), "allow")
    return found
