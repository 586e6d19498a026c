"""The types of `array`, and arrays that another Python has pickled (`_array_reconstructor`).

The codes are those of Modules/arraymodule.c, `enum machine_format_code`.
"""

import struct
import sys

_NUMBERS = (
    *("<B", "<b", "<H", ">H", "<h", ">h", "<I", ">I", "<i", ">i"),
    *("<Q", ">Q", "<q", ">q", "<f", ">f", "<d", ">d"),
)
_TEXTS = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
SIZES = dict(b=1, B=1, u=4, h=2, H=2, i=4, I=4, l=8, L=8, q=8, Q=8, f=4, d=8)
SAME = {"l": "q", "L": "Q"}
"""Types that are laid out like another one: `struct` has 4 bytes for "=l"."""
_INTEGERS = "bBhHiIlLqQ"
_ORDER = "<" if sys.byteorder == "little" else ">"


def compared(name):
    """The operator of this name, for arrays, which are bytearrays with a type."""

    def compare(self, other):
        if not (isinstance(other, bytearray) and hasattr(other, "typecode")):
            return NotImplemented
        return getattr(self.tolist(), name)(other.tolist())

    return compare


def reconstruct(array, kind, typecode, code, items):
    """An array of the type `kind`, a subclass of `array`. Raises TypeError, ValueError."""
    if not isinstance(kind, type):
        name = type(kind).__name__
        raise TypeError("first argument must be a type object, not %.200s" % name)
    if not issubclass(kind, array):
        raise TypeError("%.200s is not a subtype of array.array" % kind.__name__)
    if not isinstance(typecode, str) or len(typecode) != 1:
        raise TypeError("second argument must be a unicode character")
    if typecode not in SIZES:
        raise ValueError("second argument must be a valid type code")
    if not isinstance(code, int):
        raise TypeError("an integer is required")
    if not 0 <= code < len(_NUMBERS) + len(_TEXTS):
        raise ValueError("third argument must be a valid machine format code.")
    if not isinstance(items, bytes):
        name = type(items).__name__
        raise TypeError("fourth argument should be bytes, not %.200s" % name)
    if code >= len(_NUMBERS):
        return kind(typecode, items.decode(_TEXTS[code - len(_NUMBERS)]))
    layout = struct.Struct(_NUMBERS[code])
    if len(items) % layout.size:
        raise ValueError("string length not a multiple of item size")
    order, letter = _NUMBERS[code]
    own = SAME.get(typecode, typecode) == letter and order == _ORDER
    if typecode in _INTEGERS and letter in _INTEGERS and not own:
        typecode = letter  # as the original does
    return kind(typecode, [value for (value,) in layout.iter_unpack(items)])
