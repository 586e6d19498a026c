"""Rows become functions: registers are decoded, results sent back, errors raised."""

from __future__ import annotations

import os
from errno import EFAULT, ESRCH
from pathlib import Path

import pytest

from shannot.sandbox.syscalls import linux, linux_seldom, table
from shannot.sandbox.syscalls.numbers import of_machine
from shannot.sandbox.syscalls.rules import rules
from shannot.sandbox.syscalls.table import Constant, Descriptor, Row, Skip, empty_table, fill_table
from tests.fakes.world import World
from tests.sandbox.mediation.test_arguments import FlatMemory

BY_COMMANDS = {"clone", "fork", "vfork", "execve", "execveat", "flock"}
TOP = 0xFFFF_FFFF_FFFF_FFFF


def rows(machine: str) -> list[Row]:
    """Both halves of the table."""
    return [*linux.rows(machine), *linux_seldom.rows()]


def answer(row: Row, alive: bool = True) -> table.Answer:
    table = empty_table({row.name: 3})
    fill_table(table, [row], {row.name: 3}, lambda _call: alive)
    found = table[3]
    assert found is not None
    return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "private")
    made.task.memory = FlatMemory(x1000=b"/a/path\0" + bytes(100))
    return made


def test_registers_are_cut_to_what_the_kernel_looks_at(world: World) -> None:
    seen: list[object] = []

    def handler(_task: object, *values: object) -> int:
        seen.extend(values)
        return 0

    kinds = (table.fd, table.unsigned, table.long, table.size, Skip(), Constant("given"))
    row = Row("call", handler, kinds)
    answer(row)(world.task, 1, (TOP << 32 & TOP | 5, TOP, TOP, TOP, 77, 88))
    assert seen == [5, 0xFFFF_FFFF, -1, TOP, "given"]
    assert table.fd(world.task, 0xFFFF_FF9C) == table.fd(world.task, TOP - 99) == -100


def test_a_path_is_read_once_and_the_caller_must_still_be_there(world: World) -> None:
    row = Row("call", lambda _task, path: len(path), (table.path,))
    assert answer(row)(world.task, 1, (0x1000,)) == 7
    for call, address, expected in ((answer(row), 0, EFAULT), (answer(row, False), 0x1000, ESRCH)):
        with pytest.raises(OSError) as caught:
            call(world.task, 1, (address,))
        assert caught.value.errno == expected


def test_results_go_where_the_registers_point(world: World) -> None:
    handlers = Row("call", lambda _task: b"abc", (), table.filled(0))
    assert answer(handlers)(world.task, 1, (0x1010,)) == 3
    assert world.task.memory.read(0x1010, 3) == b"abc"
    stored = Row("call", lambda _task: b"xyz", (), table.stored(0))
    assert answer(stored)(world.task, 1, (0x1010,)) == 0
    written = Row("call", lambda _task: (1,), (), table.written(0, bytes))
    assert answer(written)(world.task, 1, (0x1010,)) == 0
    assert world.task.memory.read(0x1010, 3) == b"\1yz"
    with pytest.raises(OSError, match="no buffer"):
        answer(written)(world.task, 1, (0,))


def test_a_descriptor_closes_on_exec_as_the_flag_says(world: World) -> None:
    row = Row("call", lambda _task: 9, (), table.descriptor(0))
    for flags, expected in ((0, False), (os.O_CLOEXEC, True)):
        given = answer(row)(world.task, 1, (flags,))
        assert isinstance(given, Descriptor)
        assert (given.host_fd, given.cloexec) == (9, expected)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_row_names_a_call_that_the_filter_sends_to_us(machine: str) -> None:
    decided = rules()
    for row in rows(machine):
        cases, otherwise = decided.get(row.name, ((), "notify"))
        assert "notify" in (otherwise, *(case[0] for case in cases)), row.name


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_no_call_has_two_rows(machine: str) -> None:
    names = [row.name for row in rows(machine)]
    assert len(names) == len(set(names))
    assert not BY_COMMANDS & set(names)


def test_a_table_is_as_long_as_its_numbers() -> None:
    for machine in ("x86_64", "aarch64"):
        numbers = of_machine(machine).numbers()
        compiled = empty_table(numbers)
        fill_table(compiled, rows(machine), numbers, lambda _call: True)
        assert len(compiled) == max(numbers.values()) + 1
        assert compiled[numbers["openat"]] is not None
        assert compiled[numbers["ptrace"]] is None
