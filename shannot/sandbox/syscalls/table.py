"""Rows, and how a row becomes the function that answers its call.

Theory of operation
-------------------
A row names a call, the handler, how each register becomes a value (`kinds`) and how the handler's
result goes back (`result`). `fill_table` puts rows into one list indexed by the call's number; its
functions take a task, the call's id and the raw arguments, and return what is sent back: a value,
CONTINUE, DEFERRED, or a `Descriptor` to install. A raised OSError becomes the errno.

What a row's kinds read from memory is read once, before the handler runs, and the call is checked
to be alive after that and before anything is done: the thread may have been killed meanwhile and
its number, hence its memory, belong to another. A query (`is_query`) is not checked: it changes
nothing anywhere, and the descriptor that it reads and writes memory through belongs to one address
space, not to a number.
"""

from __future__ import annotations

from errno import EFAULT, ESRCH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from shannot.sandbox.kernel.task import Task

    Arguments = Sequence[int]
    Kind = Callable[[Task, int], object]
    Answer = Callable[[Task, int, Arguments], "int | Descriptor"]
    Result = Callable[[Task, Arguments, object], "int | Descriptor"]


class Descriptor:
    """A host descriptor to hand over: the child gets its own number for it, and ours is closed."""

    __slots__ = ("cloexec", "host_fd")

    def __init__(self, host_fd: int, cloexec: bool) -> None:
        self.host_fd = host_fd
        self.cloexec = cloexec


class Row:
    """One call. A kind is a function of the register, or a `Constant` that uses none."""

    __slots__ = ("handler", "kinds", "must_be_alive", "name", "result")

    def __init__(  # type: ignore[explicit-any]  # a handler takes what its `kinds` decode
        self,
        name: str,
        handler: Callable[..., object],
        kinds: tuple[Kind | Constant | Skip, ...],
        result: Result | None = None,
        *,
        is_query: bool = False,
    ) -> None:
        self.name = name
        self.handler = handler
        self.kinds = kinds
        self.result = result
        reads_memory = any(getattr(kind, "reads_memory", False) for kind in kinds)
        self.must_be_alive = reads_memory and not is_query


class Constant:
    """An argument that the call's old form does not have."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def read(self, _task: Task, _raw: int) -> object:
        """As a kind that looks at no register."""
        return self.value


class Skip:
    """A register that the handler does not see: where the result goes, or nothing of interest."""

    __slots__ = ()


def empty_table(numbers: Mapping[str, int]) -> list[Answer | None]:
    """No rows, room for all."""
    return [None] * (max(numbers.values()) + 1)


def fill_table(
    table: list[Answer | None],
    rows: Iterable[Row],
    numbers: Mapping[str, int],
    alive: Callable[[int], bool],
) -> None:
    """Put in the rows of calls that this architecture has, each at its number."""
    for row in rows:
        number = numbers.get(row.name)
        if number is not None:
            table[number] = compile_row(row, alive)


def compile_row(row: Row, alive: Callable[[int], bool]) -> Answer:
    """One function for the row, its first arguments unrolled: half the cost of a loop."""
    if len(row.kinds) >= 3:
        hot = _compile_hot(row, alive)
        if hot is not None:
            return hot
    handler, result = row.handler, row.result
    must_be_alive = row.must_be_alive
    kinds, at = _registers(row)
    count = len(kinds)
    (k0, k1, k2), (i0, i1, i2) = ([*kinds, *[_nothing] * 3][:3], [*at, 0, 0, 0][:3])
    rest = tuple(zip(kinds[3:], at[3:], strict=True))

    def answer(task: Task, call: int, arguments: Arguments) -> int | Descriptor:
        first = k0(task, arguments[i0])
        second = k1(task, arguments[i1])
        third = k2(task, arguments[i2])
        more = [kind(task, arguments[index]) for kind, index in rest] if rest else ()
        if must_be_alive and not alive(call):
            raise OSError(ESRCH, "the caller is gone")
        if count == 0:
            value = handler(task)
        elif count == 1:
            value = handler(task, first)
        elif count == 2:
            value = handler(task, first, second)
        elif count == 3:
            value = handler(task, first, second, third)
        else:
            value = handler(task, first, second, third, *more)
        if result is None:
            return value  # type: ignore[return-value]  # handlers without a result kind give an int
        return result(task, arguments, value)

    return answer


def _compile_hot(row: Row, alive: Callable[[int], bool]) -> Answer | None:
    """Two shapes without a branch that others need: those of newfstatat and of openat."""
    kinds, at = _registers(row)
    handler, result = row.handler, row.result
    if result is None:
        return None
    if len(kinds) == 3 and not row.must_be_alive:
        k0, k1, k2 = kinds
        i0, i1, i2 = at

        def query(task: Task, _call: int, raw: Arguments) -> int | Descriptor:
            value = handler(task, k0(task, raw[i0]), k1(task, raw[i1]), k2(task, raw[i2]))
            return result(task, raw, value)

        return query
    if len(kinds) == 4 and row.must_be_alive:
        k0, k1, k2, k3 = kinds
        i0, i1, i2, i3 = at

        def change(task: Task, call: int, raw: Arguments) -> int | Descriptor:
            first, second = k0(task, raw[i0]), k1(task, raw[i1])
            third, fourth = k2(task, raw[i2]), k3(task, raw[i3])
            if not alive(call):
                raise OSError(ESRCH, "the caller is gone")
            return result(task, raw, handler(task, first, second, third, fourth))

        return change
    return None


def _registers(row: Row) -> tuple[list[Kind], list[int]]:
    """What decodes each argument of the handler, and which register it decodes."""
    kinds: list[Kind] = []
    at: list[int] = []
    register = 0
    for kind in row.kinds:
        if isinstance(kind, Constant):
            kinds.append(kind.read)
            at.append(0)
            continue
        if not isinstance(kind, Skip):
            kinds.append(kind)
            at.append(register)
        register += 1
    return kinds, at


def _nothing(_task: Task, _raw: int) -> None:
    """In place of a kind that the row does not have."""


# -- kinds ---------------------------------------------------------------------------------------


def fd(_task: Task, raw: int) -> int:
    """An int: the kernel looks at the low 32 bits only, and so do we."""
    raw &= 0xFFFFFFFF
    return raw - (1 << 32) if raw & 0x80000000 else raw


integer = fd


def unsigned(_task: Task, raw: int) -> int:
    return raw & 0xFFFFFFFF


def long(_task: Task, raw: int) -> int:
    return raw - (1 << 64) if raw >> 63 else raw


def size(_task: Task, raw: int) -> int:
    return raw


def path(task: Task, raw: int) -> bytes:
    return task.memory.read_string(raw, 4096)


def optional_path(task: Task, raw: int) -> bytes | None:
    return task.memory.read_string(raw, 4096) if raw else None


def reading(length: int) -> Kind:
    """A pointer to a structure of `length` bytes, or None where it is NULL."""

    def read(task: Task, raw: int) -> bytes | None:
        return task.memory.read(raw, length) if raw else None

    read.reads_memory = True  # type: ignore[attr-defined]  # a mark for `Row`
    return read


path.reads_memory = True  # type: ignore[attr-defined]  # a mark for `Row`
optional_path.reads_memory = True  # type: ignore[attr-defined]  # a mark for `Row`


# -- results -------------------------------------------------------------------------------------


def descriptor(flags_register: int | None, flag: int = 0o2000000) -> Result:
    """Hand over a host descriptor; close-on-exec if that register has the flag (None: never)."""

    def hand_over(_task: Task, arguments: Arguments, value: object) -> Descriptor:
        cloexec = flags_register is not None and bool(arguments[flags_register] & flag)
        return Descriptor(value, cloexec)  # type: ignore[arg-type]  # the handler's host descriptor

    return hand_over


def written(register: int, pack: Callable[[tuple[int, ...]], bytes]) -> Result:
    """Write the packed values where that register points; the call returns 0.

    Bytes are what `Node.packed` keeps of an earlier call: packed already.
    """

    def write(task: Task, arguments: Arguments, value: object) -> int:
        address = arguments[register]
        if not address:
            raise OSError(EFAULT, "no buffer")
        if type(value) is not bytes:
            value = pack(value)  # type: ignore[arg-type]  # the handler's values
        task.memory.write(address, value)
        return 0

    return write


def stored(register: int) -> Result:
    """Write the bytes where that register points; the call returns 0."""

    def write(task: Task, arguments: Arguments, value: object) -> int:
        task.memory.write(arguments[register], value)  # type: ignore[arg-type]  # its bytes
        return 0

    return write


def filled(register: int) -> Result:
    """Write the bytes where that register points; the call returns their number."""

    def write(task: Task, arguments: Arguments, value: object) -> int:
        data: bytes = value  # type: ignore[assignment]  # the handler's bytes
        if data:
            task.memory.write(arguments[register], data)
        return len(data)

    return write
