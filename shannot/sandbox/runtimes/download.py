"""Download one file whose checksum is known: bounded, resumable, refused if it is another file.

Called by `workflows/setup.py`. The checksum is what is trusted, and nobody on the way: a server may
redirect for ever, send too much, too little, too slowly or something else, and gets one line each.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest
from http.client import HTTPException, HTTPResponse

from shannot.errors import ShannotError, UnsuccessfulError
from shannot.escape import escape
from shannot.sandbox.runtimes.web import (
    Bounds,
    InterruptedTransferError,
    check_address,
    open_answer,
    shown,
    why,
)

Watch = Callable[[int, int | None], None]
"""Told (bytes there, bytes in all if that is known) now and then."""

_CHUNK = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file: where from, what it must be, where to."""

    url: str
    sha256: str
    path: str
    """The private file that it goes to. What is there already is taken as its beginning."""
    secure: bool = True
    """https alone. Without, a plain http address may be named, but never be redirected to."""


def download(transfer: Transfer, watch: Watch, bounds: Bounds = Bounds()) -> None:  # noqa: B008
    """Fetch the file whole and check it.

    Errors: UsageError for an address that is none, UnsuccessfulError where the server does not give
    the file, or not this one; ShannotError where it cannot be written. After an interruption, and
    after KeyboardInterrupt, what has arrived stays for the next time; a wrong file is removed.
    """
    check_address(transfer.url, transfer.secure)
    resumed = _size(transfer.path) > 0
    if resumed and _checksum(transfer.path) == transfer.sha256:
        return
    _fetch(transfer, watch, bounds)
    found = _checksum(transfer.path)
    if resumed and found != transfer.sha256:  # the beginning was another file's: once more, whole
        os.unlink(transfer.path)
        _fetch(transfer, watch, bounds)
        found = _checksum(transfer.path)
    if found != transfer.sha256:
        os.unlink(transfer.path)
        raise UnsuccessfulError(
            f"{shown(transfer.url)} is not the expected file: its sha256 is {found},"
            f" expected {transfer.sha256}; nothing was installed"
        )


def _fetch(transfer: Transfer, watch: Watch, bounds: Bounds) -> None:
    """Until everything is there, going on where a connection ended."""
    for attempt in range(1, bounds.attempts + 1):
        before = _size(transfer.path)
        try:
            _transfer(transfer, before, watch, bounds)
            return
        except InterruptedTransferError as error:
            there = _size(transfer.path)
            if there > before and attempt < bounds.attempts:
                continue
            what_next = "`shannot help pypy` says how to do without a network"
            if there:
                what_next = "what has arrived is kept, the same command goes on from there"
            raise UnsuccessfulError(
                f"cannot download {shown(transfer.url)}: {error}; {what_next}"
            ) from None


def _transfer(transfer: Transfer, have: int, watch: Watch, bounds: Bounds) -> None:
    """One connection's worth, after the `have` bytes that are there."""
    response = open_answer(transfer.url, have, secure=transfer.secure, bounds=bounds)
    if response is None:  # nothing lies behind what is there
        if _checksum(transfer.path) == transfer.sha256:
            return
        os.unlink(transfer.path)
        response = open_answer(transfer.url, 0, secure=transfer.secure, bounds=bounds)
        if response is None:
            raise UnsuccessfulError(f"cannot download {shown(transfer.url)}: it has no contents")
    with response:
        start, total = _extent(response, have, shown(transfer.url))
        if total is not None and total > bounds.size:
            raise _too_large(transfer, bounds)
        file_fd = _open_part(transfer.path, start)
        try:
            _receive(response, file_fd, transfer, (start, total), watch, bounds)
        finally:
            os.close(file_fd)


def _extent(response: HTTPResponse, have: int, name: str) -> tuple[int, int | None]:
    """(the position that the contents begin at, the size of the whole file if it is told)."""
    length = response.length  # of this answer's contents; None: not told
    if response.status == 200:
        return 0, length
    if response.status != 206:
        raise UnsuccessfulError(f"cannot download {name}: the server says {response.status}")
    unit, _, extent = (response.headers.get("Content-Range") or "").partition(" ")
    span, _, size = extent.partition("/")
    if unit != "bytes" or span.partition("-")[0] != str(have):
        raise UnsuccessfulError(f"cannot download {name}: the server sends another part of it")
    if size.isascii() and size.isdigit():
        return have, int(size[:18])
    return have, None if length is None else have + length


def _receive(
    response: HTTPResponse,
    file_fd: int,
    transfer: Transfer,
    extent: tuple[int, int | None],
    watch: Watch,
    bounds: Bounds,
) -> None:
    done, total = extent
    mark, mark_time = done, time.monotonic()
    watch(done, total)
    while total is None or done < total:
        try:
            piece = response.read1(_CHUNK)
        except (HTTPException, OSError, ValueError) as error:
            raise InterruptedTransferError(why(error, bounds)) from None
        if not piece:
            break
        done += len(piece)
        if done > bounds.size:
            raise _too_large(transfer, bounds)
        _write(file_fd, piece, transfer.path)
        watch(done, total)
        now = time.monotonic()
        if done - mark >= bounds.floor:
            mark, mark_time = done, now
        elif now - mark_time > bounds.patience:
            raise InterruptedTransferError(f"hardly any data for {bounds.patience:g} seconds")
    if total is not None and done != total:
        raise InterruptedTransferError(f"it ended after {done} of {total} bytes")


def _too_large(transfer: Transfer, bounds: Bounds) -> UnsuccessfulError:
    try:
        os.unlink(transfer.path)
    except FileNotFoundError:
        pass
    return UnsuccessfulError(
        f"{shown(transfer.url)} is larger than {bounds.size >> 20} MiB, so it is not the file"
    )


def _open_part(path: str, start: int) -> int:
    """The private file, cut off at start, at its end."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file_fd = os.open(path, flags, 0o600)
    except OSError as error:
        raise ShannotError(f"cannot write {escape(path)}: {error.strerror}") from error
    os.ftruncate(file_fd, start)
    os.lseek(file_fd, start, os.SEEK_SET)
    return file_fd


def _write(file_fd: int, data: bytes, path: str) -> None:
    """All of it. A disk that is full is not kept full: what was there is removed."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(file_fd, view) :]
    except OSError as error:
        os.unlink(path)
        raise ShannotError(
            f"cannot write {escape(os.path.dirname(path))}: {error.strerror};"
            " XDG_STATE_HOME names another place for it"
        ) from error


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0


def _checksum(path: str) -> str:
    """SHA-256 of the file in hexadecimal digits; of nothing where there is none."""
    try:
        with open(path, "rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
