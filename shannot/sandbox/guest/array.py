"""`array` for a Python that is built without it: the values of one C type, packed.

A bytearray underneath, so that files, `bytes` and `memoryview` take it as they take the original;
only the format of its memoryview is that of bytes. Layouts are those of a 64-bit Linux.
"""

import struct
from functools import partial
from operator import index as _place

from _shannot_arrays import SAME, SIZES, compared, reconstruct

__all__ = ["ArrayType", "array", "typecodes"]

typecodes = "".join(SIZES)
_PIECE = 1 << 16


class array(bytearray):
    """array(typecode [, initializer]): a sequence of numbers, or of characters with "u"."""

    def __new__(cls, typecode, initializer=(), **named):
        if named and cls is array:
            raise TypeError("array.array() takes no keyword arguments")
        if not isinstance(typecode, str) or len(typecode) != 1:
            raise TypeError("array() argument 1 must be a unicode character")
        if typecode not in SIZES:
            raise ValueError("bad typecode (must be %s)" % ", ".join(SIZES))
        self = bytearray.__new__(cls)
        self._begin(typecode, initializer)
        return self

    def __init__(self, *_all, **_done):
        pass

    def _begin(self, typecode, initializer):
        self.typecode = typecode
        self.itemsize = SIZES[typecode]
        self._one = struct.Struct("=i" if typecode == "u" else "=" + SAME.get(typecode, typecode))
        if isinstance(initializer, array):
            if initializer.typecode == typecode:
                self._join(initializer.tobytes())
                return
            if "u" in (typecode, initializer.typecode):
                raise TypeError(
                    "cannot use a unicode array to initialize an array with typecode %r" % typecode
                )
        elif isinstance(initializer, (bytes, bytearray)):
            self.frombytes(initializer)
            return
        elif isinstance(initializer, str):
            if typecode != "u":
                raise TypeError(
                    "cannot use a str to initialize an array with typecode %r" % typecode
                )
            self.fromunicode(initializer)
            return
        for value in initializer:
            self.append(value)

    # -- values and bytes ------------------------------------------------------------------------

    def _pack(self, value):
        if self.typecode == "u":
            if not isinstance(value, str) or len(value) != 1:
                raise TypeError("array item must be unicode character")
            return self._one.pack(ord(value))
        if self.typecode in "fd":
            if isinstance(value, (str, bytes, bytearray)):
                raise TypeError("must be real number, not %s" % type(value).__name__)
            return self._one.pack(float(value))
        if not hasattr(value, "__index__"):
            raise TypeError("an integer is required (got type %s)" % type(value).__name__)
        try:
            return self._one.pack(value)
        except (struct.error, ValueError):
            raise OverflowError("value out of range for typecode %r" % self.typecode)

    def _value(self, data):
        value = self._one.unpack(data)[0]
        return chr(value) if self.typecode == "u" else value

    def _join(self, data):
        bytearray.extend(self, data)

    def _index(self, index):
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError("array index out of range")
        return index * self.itemsize

    def _of(self, data):
        made = array(self.typecode)
        made._join(data)
        return made

    def _same(self, other):
        if not isinstance(other, array):
            raise TypeError("can only append array (not %r) to array" % type(other).__name__)
        if other.typecode != self.typecode:
            raise TypeError("can only extend with array of same kind")
        return other.tobytes()

    # -- the sequence ----------------------------------------------------------------------------

    def __len__(self):
        return bytearray.__len__(self) // self.itemsize

    def __iter__(self):
        index = 0
        while index < len(self):
            yield self[index]
            index += 1

    def __getitem__(self, index):
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            size = self.itemsize
            if step == 1:
                return self._of(self.tobytes()[start * size : max(start, stop) * size])
            data = self.tobytes()
            places = range(start, stop, step)
            return self._of(b"".join([data[at * size : at * size + size] for at in places]))
        at = self._index(_place(index))
        return self._value(bytearray.__getitem__(self, slice(at, at + self.itemsize)))

    def __setitem__(self, index, value):
        size = self.itemsize
        if not isinstance(index, slice):
            at = self._index(_place(index))
            bytearray.__setitem__(self, slice(at, at + size), self._pack(value))
            return
        data = self._same(value)
        start, stop, step = index.indices(len(self))
        if step == 1:
            bytearray.__setitem__(self, slice(start * size, max(start, stop) * size), data)
            return
        places = range(start, stop, step)
        if len(places) * size != len(data):
            raise ValueError(
                "attempt to assign array of size %d to extended slice of size %d"
                % (len(value), len(places))
            )
        for number, at in enumerate(places):
            piece = data[number * size : number * size + size]
            bytearray.__setitem__(self, slice(at * size, at * size + size), piece)

    def __delitem__(self, index):
        size = self.itemsize
        if isinstance(index, slice):
            for at in sorted(range(*index.indices(len(self))), reverse=True):
                bytearray.__delitem__(self, slice(at * size, at * size + size))
            return
        at = self._index(_place(index))
        bytearray.__delitem__(self, slice(at, at + size))

    def __contains__(self, value):
        return any(value == own for own in self)

    def __add__(self, other):
        return self._of(self.tobytes() + self._same(other))

    def __iadd__(self, other):
        self._join(self._same(other))
        return self

    def __mul__(self, count):
        return self._of(self.tobytes() * count)

    __rmul__ = __mul__

    def __imul__(self, count):
        data = self.tobytes() * count
        bytearray.clear(self)
        self._join(data)
        return self

    def append(self, value):
        self._join(self._pack(value))

    def extend(self, values):
        if isinstance(values, array):
            self._join(self._same(values))
            return
        for value in values:
            self.append(value)

    def insert(self, index, value):
        index = min(max(index + len(self) if index < 0 else index, 0), len(self)) * self.itemsize
        bytearray.__setitem__(self, slice(index, index), self._pack(value))

    def pop(self, index=-1):
        if not len(self):
            raise IndexError("pop from empty array")
        value = self[index]
        del self[index]
        return value

    def index(self, value):
        for number, own in enumerate(self):
            if own == value:
                return number
        raise ValueError("array.index(x): x not in array")

    def remove(self, value):
        del self[self.index(value)]

    def count(self, value):
        return sum(1 for own in self if own == value)

    def reverse(self):
        self[:] = self[::-1]

    # -- comparing -------------------------------------------------------------------------------

    __hash__ = None
    __eq__, __ne__ = compared("__eq__"), compared("__ne__")
    __lt__, __le__ = compared("__lt__"), compared("__le__")
    __gt__, __ge__ = compared("__gt__"), compared("__ge__")

    # -- into other forms ------------------------------------------------------------------------

    def tobytes(self):
        return bytes(memoryview(self))

    tostring = tobytes

    def frombytes(self, data):
        data = bytes(memoryview(data))
        if len(data) % self.itemsize:
            raise ValueError("bytes length not a multiple of item size")
        self._join(data)

    def fromstring(self, data):
        self.frombytes(data.encode() if isinstance(data, str) else data)

    def tolist(self):
        return list(self)

    def fromlist(self, values):
        if not isinstance(values, list):
            raise TypeError("arg must be list")
        self._join(b"".join([self._pack(value) for value in values]))

    def tounicode(self):
        if self.typecode != "u":
            raise ValueError("tounicode() may only be called on unicode type arrays")
        return "".join(self)

    def fromunicode(self, text):
        if self.typecode != "u":
            raise ValueError("fromunicode() may only be called on unicode type arrays")
        self._join(b"".join([self._pack(character) for character in text]))

    def tofile(self, file):
        data = self.tobytes()
        for start in range(0, len(data), _PIECE):
            file.write(data[start : start + _PIECE])

    def fromfile(self, file, count):
        if count < 0:
            raise EOFError("negative count")
        data = file.read(count * self.itemsize)
        whole = len(data) // self.itemsize * self.itemsize
        self.frombytes(data[:whole])
        if whole < count * self.itemsize:
            raise EOFError("read() didn't return enough bytes")

    def byteswap(self):
        size, data = self.itemsize, self.tobytes()
        if size > 1:
            pieces = [data[at : at + size][::-1] for at in range(0, len(data), size)]
            bytearray.clear(self)
            self._join(b"".join(pieces))

    def buffer_info(self):
        return id(self), len(self)

    def __copy__(self, _memo=None):
        return self._of(self.tobytes())

    __deepcopy__ = __copy__

    def __reduce_ex__(self, _protocol):
        own = ("typecode", "itemsize", "_one")
        more = {name: value for name, value in vars(self).items() if name not in own}
        return type(self), (self.typecode, self.tobytes()), more or None

    def __repr__(self):
        if not len(self):
            return "array(%r)" % self.typecode
        values = self.tounicode() if self.typecode == "u" else self.tolist()
        return "array(%r, %r)" % (self.typecode, values)

    __str__ = __repr__


ArrayType = array
_array_reconstructor = partial(reconstruct, array)  # what pickles of other Pythons name
