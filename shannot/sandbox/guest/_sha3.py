"""`_sha3`: Keccak as FIPS 202 has it, in Python."""

_MASK = (1 << 64) - 1
_ROUNDS = 24


def _constants():
    """Round constants by the shift register of FIPS 202, 3.2.5."""
    found = []
    register = 1
    for _ in range(_ROUNDS):
        value = 0
        for bit in range(7):
            if register & 1:
                value |= 1 << ((1 << bit) - 1)
            register <<= 1
            if register & 0x100:
                register ^= 0x171
        found.append(value)
    return found


def _moves():
    """(from, to, rotation) of each lane by the steps rho and pi."""
    found = [(0, 0, 0)]
    x, y = 1, 0
    for step in range(24):
        source = x + 5 * y
        x, y = y, (2 * x + 3 * y) % 5
        found.append((source, x + 5 * y, ((step + 1) * (step + 2) // 2) % 64))
    return found


_CONSTANTS = _constants()
_MOVES = _moves()


def _permute(lanes):
    for constant in _CONSTANTS:
        sums = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        for x in range(5):
            next_sum = sums[(x + 1) % 5]
            mixed = sums[(x - 1) % 5] ^ ((next_sum << 1 | next_sum >> 63) & _MASK)
            for y in range(0, 25, 5):
                lanes[x + y] ^= mixed
        moved = [0] * 25
        for source, target, turn in _MOVES:
            lane = lanes[source]
            moved[target] = (lane << turn | lane >> (64 - turn)) & _MASK
        for y in range(0, 25, 5):
            row = moved[y : y + 5]
            for x in range(5):
                lanes[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        lanes[0] ^= constant
    return lanes


class _Sponge:
    """One hash under way. `_capacity` in bits, `_suffix` the domain's bits and the first of pad."""

    _capacity = 0
    _suffix = 0
    digest_size = 0

    def __init__(self, string=b""):
        self._lanes = [0] * 25
        self._waiting = b""
        self.update(string)

    @property
    def block_size(self):
        """Bytes that are taken in at once."""
        return 200 - self._capacity // 8

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
        whole = len(waiting) // size * size
        for start in range(0, whole, size):
            _absorb(self._lanes, waiting[start : start + size])
        self._waiting = waiting[whole:]

    def copy(self):
        """Another that goes on from here."""
        other = type(self)()
        other._lanes = self._lanes[:]
        other._waiting = self._waiting
        return other

    def _squeezed(self, length):
        size = self.block_size
        last = bytearray(self._waiting + b"\0" * (size - len(self._waiting)))
        last[len(self._waiting)] ^= self._suffix
        last[-1] ^= 0x80
        lanes = _absorb(self._lanes[:], bytes(last))
        found = b""
        while True:
            found += b"".join(lane.to_bytes(8, "little") for lane in lanes[: size // 8])
            if len(found) >= length:
                return found[:length]
            lanes = _permute(lanes)


def _absorb(lanes, block):
    for place in range(len(block) // 8):
        lanes[place] ^= int.from_bytes(block[place * 8 : place * 8 + 8], "little")
    return _permute(lanes)


class _Fixed(_Sponge):
    _suffix = 0x06

    def digest(self):
        """The hash as bytes."""
        return self._squeezed(self.digest_size)

    def hexdigest(self):
        """The hash as text."""
        return self.digest().hex()


class _Extendable(_Sponge):
    _suffix = 0x1F

    def digest(self, length):
        """So many bytes of the hash."""
        if length < 0:
            raise ValueError("value must be positive")
        return self._squeezed(length)

    def hexdigest(self, length):
        """So many bytes of the hash, as text."""
        return self.digest(length).hex()


class sha3_224(_Fixed):
    """SHA3-224."""

    _capacity, digest_size = 448, 28


class sha3_256(_Fixed):
    """SHA3-256."""

    _capacity, digest_size = 512, 32


class sha3_384(_Fixed):
    """SHA3-384."""

    _capacity, digest_size = 768, 48


class sha3_512(_Fixed):
    """SHA3-512."""

    _capacity, digest_size = 1024, 64


class shake_128(_Extendable):
    """SHAKE128."""

    _capacity = 256


class shake_256(_Extendable):
    """SHAKE256."""

    _capacity = 512
