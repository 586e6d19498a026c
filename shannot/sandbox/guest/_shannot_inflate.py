"""Inflate, RFC 1951: takes compressed data piece by piece and stops wherever it is told to."""

# RFC 1951, 3.2.5 to 3.2.7: length and distance of each code, and how many more bits it has
LENGTHS = [(3 + n, 0) for n in range(8)]
for _bits in range(1, 6):
    LENGTHS += [(LENGTHS[-1][0] + (1 << LENGTHS[-1][1]), _bits)]
    LENGTHS += [(LENGTHS[-1][0] + (n << _bits), _bits) for n in range(1, 4)]
LENGTHS.append((258, 0))
DISTANCES = [(n, 0) for n in range(1, 5)]
for _bits in range(1, 14):
    DISTANCES += [(DISTANCES[-1][0] + (1 << DISTANCES[-1][1]), _bits)]
    DISTANCES += [(DISTANCES[-1][0] + (1 << _bits), _bits)]
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
FIXED = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8
_FAST = 9  # bits looked up at once
_WINDOW = 32768


class Damaged(Exception):
    """No compressed data."""


class _Starved(Exception):
    """More data is needed."""


def reversed_bits(code, length):
    """The code as it stands in the stream, first bit lowest."""
    return int(format(code, "0%db" % length)[::-1], 2)


def codes_of(lengths):
    """(code, length) of each symbol, canonically; RFC 1951, 3.2.2."""
    counts = [0] * 16
    for length in lengths:
        counts[length] += 1
    counts[0] = 0
    following, code = [0] * 17, 0
    for length in range(1, 16):
        code = (code + counts[length - 1]) << 1
        following[length] = code
    found = []
    for length in lengths:
        found.append((following[length], length))
        following[length] += 1 if length else 0
    return found


class _Tree:
    """Looks symbols up: short codes in a list, long ones in a dictionary."""

    def __init__(self, lengths, complete=True):
        self.fast = [None] * (1 << _FAST)
        self.slow = {}
        self.longest = max(lengths) if lengths else 0
        used = sum(1 << (15 - length) for length in lengths if length)
        if used > 1 << 15 or (complete and used < 1 << 15 and sum(map(bool, lengths)) != 1):
            raise Damaged("invalid code lengths set")
        for symbol, (code, length) in enumerate(codes_of(lengths)):
            if not length:
                continue
            turned = reversed_bits(code, length)
            if length <= _FAST:
                for place in range(turned, 1 << _FAST, 1 << length):
                    self.fast[place] = (length, symbol)
            else:
                self.slow[length, turned] = symbol


class Inflater:
    """One stream. `out` holds what has come out and was not taken."""

    def __init__(self, window=b""):
        self._window = bytearray(window)
        self.out = bytearray()
        self.data = b""
        self.place = 0
        self._bits = self._count = 0
        self._last = False
        self._step = self._begin_block
        self._stored = 0
        self._copy = (0, 0)  # what is left of a repetition: length, distance
        self.ended = False

    def feed(self, data):
        """More compressed data."""
        self.data = self.data[self.place :] + data
        self.place = 0

    def run(self, limit):
        """Go on until `limit` bytes are out (None: no limit), the data is used up, or it ends."""
        try:
            while not self.ended and (limit is None or len(self.out) < limit):
                self._step(limit)
        except _Starved:
            pass
        if len(self._window) > 4 * _WINDOW:
            del self._window[:-_WINDOW]

    def take(self, limit):
        """What has come out, `limit` bytes at most."""
        size = len(self.out) if limit is None else limit
        data = bytes(self.out[:size])
        del self.out[:size]
        return data

    def unused(self):
        """What follows the end: whole bytes that were looked at are given back."""
        self.place -= self._count // 8
        self._bits = self._count = 0
        return self.data[self.place :]

    def _need(self, count):
        while self._count < count:
            if self.place >= len(self.data):
                raise _Starved
            self._bits |= self.data[self.place] << self._count
            self.place += 1
            self._count += 8

    def _take(self, count):
        self._need(count)
        value = self._bits & ((1 << count) - 1)
        self._bits >>= count
        self._count -= count
        return value

    def _mark(self):
        return self.place, self._bits, self._count

    def _return_to(self, mark):
        self.place, self._bits, self._count = mark

    def _symbol(self, tree):
        while self._count < tree.longest and self.place < len(self.data):
            self._bits |= self.data[self.place] << self._count
            self.place += 1
            self._count += 8
        found = tree.fast[self._bits & ((1 << _FAST) - 1)]
        if found is None:
            for length in range(_FAST + 1, tree.longest + 1):
                symbol = tree.slow.get((length, self._bits & ((1 << length) - 1)))
                if symbol is not None:
                    found = (length, symbol)
                    break
            else:
                if self._count < tree.longest:
                    raise _Starved
                raise Damaged("invalid code")
        length, symbol = found
        if length > self._count:
            raise _Starved
        self._bits >>= length
        self._count -= length
        return symbol

    def _emit(self, data):
        self.out += data
        self._window += data

    # -- steps: each does one thing, or nothing where the data is used up --------------------------

    def _begin_block(self, _limit):
        mark = self._mark()
        try:
            if self._last:
                self.ended = True
                return
            last = self._take(1)
            kind = self._take(2)
            if kind == 0:
                self._take(self._count % 8)
                size, inverse = self._take(16), self._take(16)
                if size ^ inverse != 0xFFFF:
                    raise Damaged("invalid stored block lengths")
                self._stored, self._step = size, self._copy_stored
            elif kind == 1:
                self._use(FIXED, [5] * 30)
            elif kind == 2:
                self._read_trees()
            else:
                raise Damaged("invalid block type")
            self._last = bool(last)
        except _Starved:
            self._return_to(mark)
            raise

    def _use(self, literals, distances):
        self._literals = _Tree(literals)
        self._distances = _Tree(distances, complete=False)
        self._step = self._decode

    def _read_trees(self):
        literals, distances = self._take(5) + 257, self._take(5) + 1
        count = self._take(4) + 4
        if literals > 286 or distances > 30:
            raise Damaged("too many length or distance symbols")
        lengths = [0] * 19
        for place in _ORDER[:count]:
            lengths[place] = self._take(3)
        tree = _Tree(lengths)
        found = []
        while len(found) < literals + distances:
            symbol = self._symbol(tree)
            if symbol < 16:
                found.append(symbol)
            elif symbol == 16:
                if not found:
                    raise Damaged("invalid bit length repeat")
                found += found[-1:] * (3 + self._take(2))
            else:
                found += [0] * (3 + self._take(3) if symbol == 17 else 11 + self._take(7))
        if len(found) > literals + distances:
            raise Damaged("invalid bit length repeat")
        if not found[256]:
            raise Damaged("invalid code -- missing end-of-block")
        self._use(found[:literals], found[literals:])

    def _copy_stored(self, limit):
        if not self._stored:
            self._step = self._begin_block
            return
        if self._count:  # whole bytes that were looked at
            self._emit(bytes((self._take(8),)))
            self._stored -= 1
            return
        room = self._stored if limit is None else min(self._stored, limit - len(self.out))
        piece = self.data[self.place : self.place + room]
        if not piece:
            raise _Starved
        self._emit(piece)
        self.place += len(piece)
        self._stored -= len(piece)

    def _decode(self, limit):
        out, window, literals = self.out, self._window, self._literals
        if self._copy[0]:
            self._repeat(limit)
        while limit is None or len(out) < limit:
            mark = self._mark()
            try:
                symbol = self._symbol(literals)
                if symbol < 256:
                    out.append(symbol)
                    window.append(symbol)
                    continue
                if symbol == 256:
                    self._step = self._begin_block
                    return
                self._copy = self._repetition(symbol)
            except _Starved:
                self._return_to(mark)
                raise
            self._repeat(limit)

    def _repetition(self, symbol):
        if symbol > 285:
            raise Damaged("invalid literal/length code")
        base, more = LENGTHS[symbol - 257]
        length = base + self._take(more)
        symbol = self._symbol(self._distances)
        if symbol > 29:
            raise Damaged("invalid distance code")
        base, more = DISTANCES[symbol]
        distance = base + self._take(more)
        if distance > len(self._window):
            raise Damaged("invalid distance too far back")
        return length, distance

    def _repeat(self, limit):
        length, distance = self._copy
        now = length if limit is None else min(length, limit - len(self.out))
        self._copy = (length - now, distance)
        window = self._window
        start = len(window) - distance
        piece = bytes(window[start : start + now])
        while len(piece) < now:
            piece += piece
        self._emit(piece[:now])

    def is_waiting(self):
        """Is there more to come out without any more data?"""
        return bool(self._copy[0])
