"""The audit log: append-only lines of JSON, each of which names the SHA-256 of the line before it.

    audit/000000000001.jsonl    a segment, named after its first record; a full one is left as it is
    seal/head                   how many records there are, and the SHA-256 of the last
    seal/key                    what the head is sealed with (HMAC, RFC 2104)

One process at a time writes, holding flock(2) on the head: it appends lines, then notes them in the
head. Killed between the two, the head lags behind, and the next writer takes the whole lines over
that continue the chain; half a line was never acted upon, and is dropped and told. What cannot be
told so by a crash (the log is shorter than the head says, or another one) is itself recorded, as
`damaged`, and stays an error of `verify` for ever.

`run` appends after its child ended, without fsync, and in less time than a module takes to load:
so this file imports next to nothing, is the package itself (a module less to find: 0.1 ms), and
`repair.py` comes only where something is wrong.
"""

from __future__ import annotations

import fcntl
import os
import time

from shannot.digest import sha256_of
from shannot.errors import ShannotError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Value = None | bool | int | str | Sequence["Value"] | Mapping[str, "Value"]
    Record = Mapping[str, Value]

SEGMENT_LIMIT = 16 << 20
"""Bytes: what comes after so many begins the next segment."""
START = "0" * 64
"""What the first record names as the line before it."""
HEAD_SIZE = 256
"""Bytes, always: written in one piece over the former head."""
PATIENCE = 5.0
"""Seconds to wait for other writers."""
_SIMPLE = 1000  # characters of a text that needs no second look
_FEW = 8  # items of such a list
_INNER = int.from_bytes(b"\x36" * 64, "big")  # ipad and opad of RFC 2104
_OUTER = int.from_bytes(b"\x5c" * 64, "big")
_MAGIC = "shannot-audit-head-1"
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class AuditError(ShannotError):
    """Something cannot be recorded, so what needs a record must not be done."""


class Head:
    """Where the log ends."""

    __slots__ = ("count", "first", "key", "sha256", "size")

    def __init__(self, count: int, first: int, size: int, sha256: str, key: bytes) -> None:
        self.count = count  # records in all
        self.first = first  # number of the first record of the last segment, which names it
        self.size = size  # bytes of that segment
        self.sha256 = sha256  # of the last line, without its newline
        self.key = key

    def dump(self) -> bytes:
        """The contents of seal/head."""
        text = f"{_MAGIC} {self.count} {self.first} {self.size} {self.sha256}"
        line = f"{text} {seal(self.key, text.encode('ascii'))}"
        return f"{line:<{HEAD_SIZE - 1}}\n".encode("ascii")


class Log:
    """The log below one state directory, of one user."""

    __slots__ = ("_patience", "_segment_limit", "_uid", "seal_path", "segments_path")

    def __init__(
        self,
        state: str,
        uid: int,
        segment_limit: int = SEGMENT_LIMIT,
        patience: float = PATIENCE,
    ) -> None:
        self.segments_path = f"{state}/audit"
        self.seal_path = f"{state}/seal"
        self._uid = uid
        self._segment_limit = segment_limit
        self._patience = patience

    def append(self, records: Sequence[Record], sync: bool = True) -> str:
        """Add records, all or none of them. Returns what was found wrong with the log, or "".

        sync: they survive a crash of the machine when this returns; without, one of shannot only.
        AuditError where they cannot be recorded.
        """
        segments = seals = head_fd = -1
        try:
            segments = self._open(self.segments_path)
            seals = self._open(self.seal_path)
            head_fd = _lock(seals, self._patience)
            head, finding, told = self._settled(segments, seals, head_fd)
            self._write(segments, head_fd, head, [*told, *records], sync)
            return finding
        except OSError as error:
            raise AuditError(
                f"the audit log in {self.segments_path} cannot be written: {error.strerror}"
            ) from error
        finally:
            for fd in (segments, seals, head_fd):
                if fd >= 0:
                    os.close(fd)

    def _settled(
        self, segments: int, seals: int, head_fd: int
    ) -> tuple[Head, str, Sequence[Record]]:
        """(the head, what is wrong, what is to be recorded of that)."""
        key = read_key(seals)
        head = parse_head(os.pread(head_fd, HEAD_SIZE + 1, 0), key)
        if head is not None:
            there = _segment_size(segments, head.first)
            if head.size == there >= self._segment_limit:
                head.first, head.size = head.count + 1, 0
                there = _segment_size(segments, head.first)
            if there == head.size:
                return head, "", ()
        # Seldom: a crash, a damaged log, or the very first record.
        from shannot.audit.repair import settle

        return settle(segments, seals, head_fd, head)

    def _write(
        self, segments: int, head_fd: int, head: Head, records: Sequence[Record], sync: bool
    ) -> None:
        old = head.size
        lines: list[bytes] = []
        now = moment()
        for record in records:
            line = encode(record, head.count + 1, head.sha256, now)
            head.count += 1
            head.size += len(line)
            head.sha256 = sha256_of(line[:-1])
            lines.append(line)
        segment = open_segment(segments, head.first, 0 if old else os.O_CREAT)
        try:
            write_all(segment, b"".join(lines))
            if sync:
                os.fsync(segment)
                if not old:
                    os.fsync(segments)
        except OSError:
            os.ftruncate(segment, old)  # half a line must not stand before the next one
            raise
        finally:
            os.close(segment)
        os.pwrite(head_fd, head.dump(), 0)

    def _open(self, path: str) -> int:
        """A descriptor of one of our directories, made where it is missing. AuditError."""
        try:
            fd = os.open(path, DIRECTORY)
        except FileNotFoundError:
            from shannot.audit.repair import make_directory  # once

            fd = make_directory(path)
        found = os.fstat(fd)
        if found.st_uid != self._uid or found.st_mode & 0o022:
            os.close(fd)
            raise AuditError(f"{path} is not this user's alone; nothing is recorded there")
        return fd


def moment() -> str:
    """Now, as a record says it."""
    now = time.time()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03}Z"


def encode(record: Record, number: int, before: str, when: str = "") -> bytes:
    """One line, its newline included. Long texts and lists are cut, and say how much is missing.

    when: the `moment` that it is recorded; now where none is given."""
    start = f'{{"seq":{number},"time":"{when or moment()}","prev":"{before}"'
    fields: list[str] = []
    for name, value in record.items():
        simple = _simple(value)
        if not simple:
            # A plain run has only simple values.
            from shannot.audit.values import fields_of

            fields = fields_of(record)
            break
        fields.append(f',"{name}":{simple}')
    return f"{start}{''.join(fields)}}}\n".encode("ascii")


def _simple(value: Value) -> str:
    """As JSON, where that is easy; else ""."""
    if isinstance(value, str):
        plain = value.isascii() and value.isprintable() and len(value) <= _SIMPLE
        return f'"{value}"' if plain and '"' not in value and "\\" not in value else ""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, list | tuple) or len(value) > _FEW:
        return ""
    parts = [_simple(item) for item in value]
    return f"[{','.join(parts)}]" if all(parts) else ""


def seal(key: bytes, data: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) of data, for a key of at most 64 bytes."""
    padded = int.from_bytes(key.ljust(64, b"\0"), "big")
    inner = sha256_of((padded ^ _INNER).to_bytes(64, "big") + data)
    return sha256_of((padded ^ _OUTER).to_bytes(64, "big") + bytes.fromhex(inner))


def parse_head(data: bytes, key: bytes) -> Head | None:
    """None for anything but a head with a good seal."""
    try:
        magic, count, first, size, sha256, _ = data.decode("ascii").split()
        head = Head(int(count), int(first), int(size), sha256, key)
    except ValueError:
        return None
    return head if magic == _MAGIC and key and head.dump() == data else None


def segment_name(first: int) -> str:
    """The file whose first record has this number."""
    return f"{first:012}.jsonl"


def open_segment(segments: int, first: int, more: int = 0) -> int:
    """A descriptor to read a segment and to append to it; `more` flags: O_CREAT, for one."""
    flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | more
    return os.open(segment_name(first), flags, 0o600, dir_fd=segments)


def _segment_size(segments: int, first: int) -> int:
    """0 where there is none."""
    try:
        return os.lstat(segment_name(first), dir_fd=segments).st_size
    except FileNotFoundError:
        return 0


def write_all(fd: int, data: bytes) -> None:
    """Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read_key(seals: int) -> bytes:
    """b"" where there is none."""
    try:
        fd = os.open("key", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=seals)
    except FileNotFoundError:
        return b""
    try:
        return os.read(fd, 64)
    finally:
        os.close(fd)


def _lock(seals: int, patience: float) -> int:
    """The head, open and locked. AuditError where somebody else keeps it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open("head", flags, 0o600, dir_fd=seals)
    try:
        wait_for(fd, fcntl.LOCK_EX, patience)
    except BaseException:
        os.close(fd)
        raise
    return fd


def wait_for(fd: int, operation: int, patience: float = PATIENCE) -> None:
    """flock(2) an open head. AuditError where another process keeps it for longer."""
    end = 0.0
    while True:
        try:
            fcntl.flock(fd, operation | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            end = end or time.monotonic() + patience
            if time.monotonic() > end:
                raise AuditError("another process keeps the audit log locked")
            time.sleep(0.001)
