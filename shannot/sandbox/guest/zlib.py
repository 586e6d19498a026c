"""`zlib` in Python: what it compresses is larger than the C library would make it, and as valid."""

from binascii import crc32

from _shannot_deflate import BitWriter, compressed, stored
from _shannot_inflate import Damaged, Inflater

DEFLATED = 8
DEF_BUF_SIZE = 16384
DEF_MEM_LEVEL = 8
MAX_WBITS = 15
ZLIB_VERSION = ZLIB_RUNTIME_VERSION = "1.2.13"
Z_NO_COMPRESSION, Z_BEST_SPEED, Z_BEST_COMPRESSION, Z_DEFAULT_COMPRESSION = 0, 1, 9, -1
Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED = 0, 1, 2, 3, 4
Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH, Z_BLOCK, Z_TREES = range(7)

_GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
_BLOCK = 1 << 18  # bytes of one compressed block


class error(Exception):
    """Data that cannot be decompressed."""

    __module__ = "zlib"


def adler32(data, value=1):
    """The checksum of RFC 1950, going on from another."""
    low, high = value & 0xFFFF, value >> 16 & 0xFFFF
    view = memoryview(data).cast("B")
    for place in range(0, len(view), 2048):
        for byte in view[place : place + 2048]:
            low += byte
            high += low
        low %= 65521
        high %= 65521
    return high << 16 | low


def compress(data, level=-1, wbits=MAX_WBITS):
    """The data, compressed."""
    compressor = compressobj(level, wbits=wbits)
    return compressor.compress(data) + compressor.flush()


def decompress(data, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE):
    """What was compressed. Raises error."""
    decompressor = decompressobj(wbits)
    found = decompressor.decompress(data)
    if not decompressor.eof:
        raise error("Error -5 while decompressing data: incomplete or truncated stream")
    return found


def compressobj(
    level=-1, method=DEFLATED, wbits=MAX_WBITS, memLevel=8, strategy=0, zdict=None
):  # fmt: skip
    """What compresses data piece by piece."""
    if method != DEFLATED or not -1 <= level <= 9 or not 9 <= abs(wbits) <= 31:
        raise ValueError("Invalid initialization option")
    if zdict is not None:
        raise NotImplementedError("zdict is not to be had here")
    return Compress(level, wbits)


def decompressobj(wbits=MAX_WBITS, zdict=b""):
    """What decompresses data piece by piece."""
    if not (wbits == 0 or 8 <= abs(wbits) <= 47):
        raise ValueError("Invalid initialization option")
    if zdict:
        raise NotImplementedError("zdict is not to be had here")
    return Decompress(wbits)


class Compress:
    """Compresses one stream; `compressobj` makes it."""

    def __init__(self, level, wbits):
        self._level = level
        self._kind = "raw" if wbits < 0 else "gzip" if wbits > 15 else "zlib"
        self._waiting = bytearray()
        self._bits = BitWriter()
        self._begun = self._ended = False
        self._check = 0 if self._kind == "gzip" else 1
        self._size = 0

    def compress(self, data):
        """More data. Returns what is ready of the stream."""
        view = memoryview(data).cast("B")
        self._waiting += view
        self._size += len(view)
        if self._kind == "zlib":
            self._check = adler32(view, self._check)
        elif self._kind == "gzip":
            self._check = crc32(view, self._check)
        self._begin()
        while len(self._waiting) >= _BLOCK:
            self._block(bytes(self._waiting[:_BLOCK]), False)
            del self._waiting[:_BLOCK]
        return self._bits.take()

    def flush(self, mode=Z_FINISH):
        """What is left of the stream; with Z_FINISH it ends."""
        if mode == Z_NO_FLUSH:
            return b""
        if self._ended:
            raise error("Error -2 while flushing: inconsistent stream state")
        self._begin()
        data = bytes(self._waiting)
        del self._waiting[:]
        if mode != Z_FINISH:
            if data:
                self._block(data, False)
            stored(self._bits, b"", False)
            return self._bits.take()
        self._ended = True
        self._block(data, True)
        self._bits.align()
        found = self._bits.take()
        if self._kind == "zlib":
            return found + self._check.to_bytes(4, "big")
        if self._kind == "gzip":
            size = self._size & 0xFFFFFFFF
            return found + self._check.to_bytes(4, "little") + size.to_bytes(4, "little")
        return found

    def _begin(self):
        if not self._begun:
            self._begun = True
            head = {"raw": b"", "zlib": b"\x78\x9c", "gzip": _GZIP}
            self._bits.data += head[self._kind]

    def _block(self, data, last):
        (stored if self._level == 0 else compressed)(self._bits, data, last)


class Decompress:
    """Decompresses one stream; `decompressobj` makes it."""

    def __init__(self, wbits):
        self.eof = False
        self.unused_data = b""
        self.unconsumed_tail = b""
        self._inflater = Inflater()
        self._wbits = wbits
        self._kind = "raw" if wbits < 0 else ""
        self._head = b""
        self._check = 1
        self._size = 0
        self._skip = 0

    def decompress(self, data, max_length=0):
        """More of the stream. Returns what it holds, `max_length` bytes at most (0: all)."""
        if max_length < 0:
            raise ValueError("max_length must be non-negative")
        data = bytes(memoryview(data).cast("B"))
        self.unconsumed_tail = b""
        if self.eof:
            self.unused_data += data
            return b""
        data, self._skip = data[self._skip :], 0
        return self._go_on(data, max_length or None)

    def _go_on(self, data, limit):
        inflater = self._inflater
        try:
            if not self._kind or self._head is not None:
                data = self._begin(data)
                if data is None:
                    return b""
            inflater.feed(data)
            inflater.run(limit)
        except Damaged as damage:
            raise error("Error -3 while decompressing data: %s" % damage) from None
        found = inflater.take(limit)
        self._size += len(found)
        if self._kind == "zlib":
            self._check = adler32(found, self._check)
        elif self._kind == "gzip":
            self._check = crc32(found, self._check)
        if inflater.ended:
            self._end()
        elif limit is not None and len(found) == limit:
            tail = inflater.data[inflater.place :]
            if not tail and inflater.is_waiting() and inflater.data:
                tail, self._skip = inflater.data[-1:], 1  # so that somebody asks for the rest
            self.unconsumed_tail = tail
            inflater.data, inflater.place = b"", 0
        return found

    def _begin(self, data):
        """Past the head of the stream; None where it is not all there yet."""
        head = self._head + data
        kind = self._kind or ("gzip" if self._expects_gzip(head) else "zlib")
        size = 0 if kind == "raw" else _head_size(head, kind)
        if size is None:
            self._head = head
            return None
        self._kind, self._head = kind, None
        self._check = 0 if kind == "gzip" else 1
        return head[size:]

    def _expects_gzip(self, head):
        if self._wbits > 31:
            return head[:1] == b"\x1f"
        return self._wbits > 15

    def _end(self):
        rest = self._inflater.unused()
        length = {"raw": 0, "zlib": 4, "gzip": 8}[self._kind]
        if len(rest) < length:
            self._inflater.data, self._inflater.place = rest, 0
            return
        if self._kind == "zlib" and int.from_bytes(rest[:4], "big") != self._check:
            raise error("Error -3 while decompressing data: incorrect data check")
        if self._kind == "gzip":
            check, size = rest[:4], rest[4:8]
            if int.from_bytes(check, "little") != self._check:
                raise error("Error -3 while decompressing data: incorrect data check")
            if int.from_bytes(size, "little") != self._size & 0xFFFFFFFF:
                raise error("Error -3 while decompressing data: incorrect length check")
        self.eof = True
        self.unused_data = rest[length:]

    def flush(self, length=DEF_BUF_SIZE):
        """What is left of the data so far."""
        tail, self.unconsumed_tail = self.unconsumed_tail, b""
        data, self._skip = tail[self._skip :], 0
        return b"" if self.eof else self._go_on(data, None)


def _head_size(head, kind):
    """How long the head of a stream is; None where it is not all there. Raises error."""
    if kind == "zlib":
        if len(head) < 2:
            return None
        if head[0] & 15 != DEFLATED or head[0] >> 4 > 7 or (head[0] << 8 | head[1]) % 31:
            raise error("Error -3 while decompressing data: incorrect header check")
        if head[1] & 32:
            raise error("Error 2 while decompressing data")
        return 2
    if head[:3] != b"\x1f\x8b\x08"[: len(head)]:
        raise error("Error -3 while decompressing data: incorrect header check")
    if len(head) < 10:
        return None
    flags, size = head[3], 10
    if flags & 4:
        if len(head) < size + 2:
            return None
        size += 2 + int.from_bytes(head[size : size + 2], "little")
    for flag in (8, 16):  # a name and a comment, each up to a NUL
        if flags & flag:
            end = head.find(b"\0", size)
            if end < 0:
                return None
            size = end + 1
    size += 2 if flags & 2 else 0
    return size if len(head) >= size else None
