"""The processor's other doors: int 0x80, x32, numbers that do not exist. Stopped by: the filter
looks at the architecture first and kills; unknown numbers are ENOSYS.
"""

import ctypes
import sys

sys.path.insert(0, ".")
from attack import SECRET, X86, attack, call, libc, machine_code


def low_memory(data):
    """An address below 4 GiB that holds data, for a 32-bit call."""
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 4]
    address = libc.mmap(None, 4096, 3, 0x22 | 0x40, -1, 0)
    ctypes.memmove(address, data, len(data))
    return address


def interrupt(number, address=0):
    # push rbx; mov ebx, edi; xor ecx, ecx; xor edx, edx; mov eax, number; int 0x80; pop rbx; movsxd rax, eax; ret
    code = (
        b"\x53\x89\xfb\x31\xc9\x31\xd2\xb8"
        + number.to_bytes(4, "little")
        + b"\xcd\x80\x5b\x48\x63\xc0\xc3"
    )
    return machine_code(code)(address) >= 0


def raw(number):
    """The number as it is, 64 bits of it, in rax."""
    code = b"\x48\xb8" + number.to_bytes(8, "little") + b"\x31\xff\x31\xf6\x31\xd2\x0f\x05\xc3"
    return machine_code(code)(0)


if X86:
    attack("int 0x80 open", lambda: interrupt(5, low_memory(SECRET.encode() + b"\0")))
    attack("int 0x80 getpid", interrupt, 20)
    attack("int 0x80 mkdir", lambda: interrupt(39, low_memory(b"by_interrupt\0")))
    attack("int 0x80 execve", lambda: interrupt(11, low_memory(b"/bin/true\0")))
    attack("x32 getpid", lambda: raw(0x40000000 | 39) >= 0)
    attack("x32 open", lambda: call(0x40000000 | 2, SECRET.encode(), 0) >= 0)
    attack("x32 execve", lambda: call(0x40000000 | 520, b"/bin/true", None, None) >= 0)
    for high in (1, 0xDEADBEEF, 0x80000000, 0xFFFFFFFF):
        attack(f"garbage above: {high:#x}", lambda: raw(high << 32 | 101) >= 0)  # ptrace
    attack(
        "int 0x80 from a thread",
        lambda: (
            __import__("concurrent.futures")
            .futures.ThreadPoolExecutor(1)
            .submit(interrupt, 20)
            .result()
        ),
    )
for number in (-1, -(2**31), 335, 400, 423, 500, 999, 0x3FFFFFFF, 0x7FFFFFFF):
    attack(f"number {number}", lambda: call(number, 0, 0, 0, 0, 0, 0) >= 0)
attack(
    "write and execute", lambda: machine_code(b"\xb8\x2a\x00\x00\x00\xc3")(0) != 42 if X86 else None
)
print("SAFE all tried")
