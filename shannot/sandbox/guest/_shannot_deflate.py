"""Deflate, RFC 1951: repetitions found by the last place of each three bytes, fixed codes."""

from _shannot_inflate import DISTANCES, FIXED, LENGTHS, codes_of, reversed_bits

_SHORTEST, _LONGEST, _FARTHEST = 3, 258, 32768
_STORED_MAX = 65535


def _table(lengths):
    return [(reversed_bits(code, length), length) for code, length in codes_of(lengths)]


_LITERALS = _table(FIXED)
_DISTANCES = _table([5] * 30)
_LENGTH_OF = {}
for _number, (_base, _more) in enumerate(LENGTHS):
    for _extra in range(1 << _more):
        _LENGTH_OF[_base + _extra] = (257 + _number, _extra, _more)
_LENGTH_OF[258] = (285, 0, 0)


class BitWriter:
    """Bits, first bit lowest, as bytes."""

    def __init__(self):
        self.data = bytearray()
        self._bits = self._count = 0

    def put(self, value, count):
        """The lowest bits of a value."""
        self._bits |= value << self._count
        self._count += count
        if self._count >= 32:
            self.data += (self._bits & 0xFFFFFFFF).to_bytes(4, "little")
            self._bits >>= 32
            self._count -= 32

    def align(self):
        """Up to the next whole byte."""
        size = (self._count + 7) // 8
        self.data += self._bits.to_bytes(size, "little")
        self._bits = self._count = 0

    def take(self):
        """The whole bytes so far."""
        data, self.data = bytes(self.data), bytearray()
        return data


def stored(bits, data, last):
    """Blocks that hold the data as it is."""
    pieces = [data[place : place + _STORED_MAX] for place in range(0, len(data), _STORED_MAX)]
    for number, piece in enumerate(pieces or [b""]):
        bits.put(int(last and number >= len(pieces) - 1), 3)
        bits.align()
        bits.data += len(piece).to_bytes(2, "little") + (len(piece) ^ 0xFFFF).to_bytes(2, "little")
        bits.data += piece


def compressed(bits, data, last):
    """One block of fixed codes."""
    bits.put(int(last) | 2, 3)
    places = {}
    place, size = 0, len(data)
    while place < size:
        key = data[place : place + _SHORTEST]
        before = places.get(key, -1) if len(key) == _SHORTEST else -1
        places[key] = place
        if before < 0 or place - before > _FARTHEST:
            bits.put(*_LITERALS[data[place]])
            place += 1
            continue
        length = _common(data, before, place)
        symbol, extra, more = _LENGTH_OF[length]
        bits.put(*_LITERALS[symbol])
        bits.put(extra, more)
        _put_distance(bits, place - before)
        for inside in range(place + 1, min(place + length, size - 2)):
            places[data[inside : inside + _SHORTEST]] = inside
        place += length
    bits.put(*_LITERALS[256])


def _common(data, before, place):
    limit = min(_LONGEST, len(data) - place)
    length = _SHORTEST
    while length < limit and data[before + length] == data[place + length]:
        length += 1
    return length


def _put_distance(bits, distance):
    low, high = 0, len(DISTANCES) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if DISTANCES[middle][0] <= distance:
            low = middle
        else:
            high = middle - 1
    base, more = DISTANCES[low]
    bits.put(*_DISTANCES[low])
    bits.put(distance - base, more)
