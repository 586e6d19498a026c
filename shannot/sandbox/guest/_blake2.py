"""`_blake2`: BLAKE2b and BLAKE2s as RFC 7693 has them, in Python, with keys and trees."""

import struct

# RFC 7693, 2.7
_ORDER = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
_STEPS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip
_START = (
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
)  # fmt: skip


class _Blake2:
    """One hash under way."""

    _bits = _rounds = MAX_DIGEST_SIZE = MAX_KEY_SIZE = SALT_SIZE = PERSON_SIZE = 0
    _turns = ()
    _words = _header = ""

    def __init__(
        self, data=b"", *, digest_size=None, key=b"", salt=b"", person=b"", fanout=1, depth=1,
        leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False,
        usedforsecurity=True
    ):  # fmt: skip
        size = self.MAX_DIGEST_SIZE if digest_size is None else digest_size
        self._check(size, key, salt, person)
        self.digest_size = size
        self.block_size = self._bits * 2
        self._mask = (1 << self._bits) - 1
        self._last_node = last_node
        header = struct.pack("<BBBBI", size, len(key), fanout, depth, leaf_size)
        header += node_offset.to_bytes(self._offset_size, "little")
        header += struct.pack("<BB", node_depth, inner_size)
        header = header.ljust(self._bits - self.SALT_SIZE - self.PERSON_SIZE, b"\0")
        header += bytes(salt).ljust(self.SALT_SIZE, b"\0")
        header += bytes(person).ljust(self.PERSON_SIZE, b"\0")
        words = struct.unpack(self._words[0] + "8" + self._words[1], header)
        shift = 64 - self._bits
        self._state = [(start >> shift) ^ word for start, word in zip(_START, words)]
        self._taken = 0
        self._waiting = bytes(key).ljust(self.block_size, b"\0") if key else b""
        self.update(data)

    def _check(self, size, key, salt, person):
        name = self.name
        if not 1 <= size <= self.MAX_DIGEST_SIZE:
            limit = self.MAX_DIGEST_SIZE
            raise ValueError("digest_size must be between 1 and %d bytes" % limit)
        if len(key) > self.MAX_KEY_SIZE:
            raise ValueError("maximum key length is %d bytes" % self.MAX_KEY_SIZE)
        if len(salt) > self.SALT_SIZE or len(person) > self.PERSON_SIZE:
            raise ValueError("maximum %s salt or person length is %d" % (name, self.SALT_SIZE))

    @property
    def name(self):
        """As `hashlib.new` takes it."""
        return type(self).__name__

    def update(self, data):
        """More to hash."""
        if isinstance(data, str):
            raise TypeError("Unicode-objects must be encoded before hashing")
        waiting = self._waiting + bytes(data)
        size = self.block_size
        start = 0
        while len(waiting) - start > size:  # the last block is compressed at the end
            self._taken += size
            self._compress(self._state, waiting[start : start + size], self._taken, False)
            start += size
        self._waiting = waiting[start:]

    def _compress(self, state, block, count, last):
        bits, mask = self._bits, self._mask
        shift = 64 - bits
        words = struct.unpack(self._words[0] + "16" + self._words[1], block)
        mixed = state + [start >> shift for start in _START]
        mixed[12] ^= count & mask
        mixed[13] ^= count >> bits
        if last:
            mixed[14] ^= mask
            if self._last_node:
                mixed[15] ^= mask
        first, second, third, fourth = self._turns
        for number in range(self._rounds):
            order = _ORDER[number % 10]
            for step, (a, b, c, d) in enumerate(_STEPS):
                for word, turn, back in (
                    (words[order[2 * step]], first, second),
                    (words[order[2 * step + 1]], third, fourth),
                ):
                    mixed[a] = (mixed[a] + mixed[b] + word) & mask
                    value = mixed[d] ^ mixed[a]
                    mixed[d] = (value >> turn | value << (bits - turn)) & mask
                    mixed[c] = (mixed[c] + mixed[d]) & mask
                    value = mixed[b] ^ mixed[c]
                    mixed[b] = (value >> back | value << (bits - back)) & mask
        for place in range(8):
            state[place] ^= mixed[place] ^ mixed[place + 8]

    def digest(self):
        """The hash as bytes."""
        state = self._state[:]
        block = self._waiting.ljust(self.block_size, b"\0")
        self._compress(state, block, self._taken + len(self._waiting), True)
        return struct.pack(self._words[0] + "8" + self._words[1], *state)[: self.digest_size]

    def hexdigest(self):
        """The hash as text."""
        return self.digest().hex()

    def copy(self):
        """Another that goes on from here."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._state = self._state[:]
        return other


class blake2b(_Blake2):
    """BLAKE2b: 64-bit words."""

    _bits, _rounds, _turns, _words, _offset_size = 64, 12, (32, 24, 16, 63), "<Q", 8
    MAX_DIGEST_SIZE, MAX_KEY_SIZE, SALT_SIZE, PERSON_SIZE = 64, 64, 16, 16


class blake2s(_Blake2):
    """BLAKE2s: 32-bit words."""

    _bits, _rounds, _turns, _words, _offset_size = 32, 10, (16, 12, 8, 7), "<I", 6
    MAX_DIGEST_SIZE, MAX_KEY_SIZE, SALT_SIZE, PERSON_SIZE = 32, 32, 8, 8
