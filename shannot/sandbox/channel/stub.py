"""The program that a process becomes when what it wanted to start runs somewhere else.

A static ELF of some 350 bytes, executed in place of a command (`kernel/processes.py`); the
mediator decides, when it knows, how the process ends or which program it turns into.

Theory of operation. An exec that shannot answers itself must still end as an exec: close-on-exec
descriptors closed, a vfork parent released, the old memory gone. So the kernel executes this stub,
and the stub makes one call, `STUB_CALL`, of a number that no kernel has: the filter notifies it,
and the mediator answers it whenever it likes, minutes later too. Before it answers 0 it writes
four u64 to BUFFER, an order of one of these shapes:

    AGAIN, 0, 0, 0          make the call once more
    EXIT, status, 0, 0      exit_group(status)
    EXECUTE, fd, argv, envp execveat(fd, "", argv, envp, AT_EMPTY_PATH), which is notified again

Death by a signal needs no order: the mediator kills the process while the call is pending. What
goes wrong ends the process: 126 where execveat says EACCES, and 127 for any other error of it,
for an order that is none of these, and for an answer that is not 0, as from the kernel itself
(ENOSYS) when the mediator is gone.

The first argument of the call is the stack pointer as the kernel left it: argc, argv, NULL, envp,
NULL (the arguments the child passed to execve), so that an EXECUTE can point into them. The
memory from BUFFER + ORDER.size on is free for arrays the mediator writes.

Registers of the call: x86-64 and AArch64 psABI. ELF layout: elf(5).
"""

from __future__ import annotations

from struct import Struct, pack

STUB_CALL = 0x5348  # "SH"; unallocated, far above the last number of any architecture
TEXT = 0x400000
BUFFER = 0x600000  # multiples of 64 KiB: the largest page of AArch64
BUFFER_SIZE = 0x40000  # bytes, zero pages until they are written

ORDER = Struct("<4Q")
AGAIN, EXIT, EXECUTE = 0, 1, 2

_HEADERS = 64 + 3 * 56
_ENTRY = TEXT + _HEADERS
_EM_X86_64, _EM_AARCH64 = 62, 183

# One instruction a line. Offsets are from _ENTRY; a jump's last byte counts from its end.
_X86_64_CODE = bytes.fromhex(
    "4989e4"  #          00        mov r12, rsp
    "b848530000"  #      03 again: mov eax, STUB_CALL
    "4c89e7"  #          08        mov rdi, r12
    "be00006000"  #      0b        mov esi, BUFFER
    "0f05"  #            10        syscall
    "4885c0"  #          12        test rax, rax
    "7541"  #            15        jnz fail
    "bb00006000"  #      17        mov ebx, BUFFER
    "488b03"  #          1c        mov rax, [rbx]
    "488b7b08"  #        1f        mov rdi, [rbx + 8]
    "4885c0"  #          23        test rax, rax
    "74db"  #            26        jz again
    "4883f801"  #        28        cmp rax, EXIT
    "742f"  #            2c        je exit
    "4883f802"  #        2e        cmp rax, EXECUTE
    "7524"  #            32        jne fail
    "488b5310"  #        34        mov rdx, [rbx + 16]
    "4c8b5318"  #        38        mov r10, [rbx + 24]
    "be4d014000"  #      3c        mov esi, empty
    "41b800100000"  #    41        mov r8d, AT_EMPTY_PATH
    "b842010000"  #      47        mov eax, 322 (execveat)
    "0f05"  #            4c        syscall
    "83f8f3"  #          4e        cmp eax, -EACCES
    "bf7e000000"  #      51        mov edi, 126 (leaves the flags)
    "7405"  #            56        je exit
    "bf7f000000"  #      58 fail:  mov edi, 127
    "b8e7000000"  #      5d exit:  mov eax, 231 (exit_group)
    "0f05"  #            62        syscall
    "f4"  #              64        hlt (never reached; a fault if it is)
    "00"  #              65 empty: the empty path
)

_AARCH64_CODE = pack(
    "<26I",
    0x910003F3,  #       00        mov x19, sp
    0xD28A6908,  #       04 again: mov x8, STUB_CALL
    0xAA1303E0,  #       08        mov x0, x19
    0xD2A00C01,  #       0c        mov x1, BUFFER
    0xD4000001,  #       10        svc 0
    0xB5000200,  #       14        cbnz x0, fail
    0xD2A00C14,  #       18        mov x20, BUFFER
    0xA9400289,  #       1c        ldp x9, x0, [x20]
    0xB4FFFF29,  #       20        cbz x9, again
    0xF100053F,  #       24        cmp x9, EXIT
    0x54000180,  #       28        b.eq exit
    0xF100093F,  #       2c        cmp x9, EXECUTE
    0x54000121,  #       30        b.ne fail
    0xA9410E82,  #       34        ldp x2, x3, [x20, 16]
    0x10000161,  #       38        adr x1, empty
    0xD2820004,  #       3c        mov x4, AT_EMPTY_PATH
    0xD2802328,  #       40        mov x8, 281 (execveat)
    0xD4000001,  #       44        svc 0
    0xB100341F,  #       48        cmn x0, EACCES
    0xD2800FC0,  #       4c        mov x0, 126 (leaves the flags)
    0x54000040,  #       50        b.eq exit
    0xD2800FE0,  #       54 fail:  mov x0, 127
    0xD2800BC8,  #       58 exit:  mov x8, 94 (exit_group)
    0xD4000001,  #       5c        svc 0
    0xD4200000,  #       60        brk 0 (never reached; a fault if it is)
    0x00000000,  #       64 empty: the empty path
)


def stub(machine: str) -> bytes:
    """The ELF file for `os.uname().machine`, x86_64 or aarch64. KeyError for any other."""
    number, code = {
        "x86_64": (_EM_X86_64, _X86_64_CODE),
        "aarch64": (_EM_AARCH64, _AARCH64_CODE),
    }[machine]
    # e_ident (ELF, 64 bit, little-endian, version 1), ET_EXEC, machine, version, entry, headers
    # at 64, no sections, flags, sizes and counts of the headers.
    header = pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        2, number, 1, _ENTRY, 64, 0, 0, 64, 56, 3, 64, 0, 0,
    )  # fmt: skip
    text = _segment(1, 5, TEXT, _HEADERS + len(code))
    buffer = _segment(1, 6, BUFFER, 0, BUFFER_SIZE)
    stack = _segment(0x6474E551, 6, 0, 0)  # PT_GNU_STACK without PF_X: the stack is data
    return header + text + buffer + stack + code


def _segment(kind: int, flags: int, address: int, in_file: int, in_memory: int = 0) -> bytes:
    """Elf64_Phdr: type, flags (1 X, 2 W, 4 R), offset, two addresses, two sizes, alignment."""
    memory = in_memory or in_file
    return pack("<IIQQQQQQ", kind, flags, 0, address, address, in_file, memory, 0x10000)
