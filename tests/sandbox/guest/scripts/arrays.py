"""`array`: every type, every method, errors too, the same with the standard library's."""

import array
import copy
import io
import pickle
from array import array as make


def attempt(name, call, *args, **named):
    try:
        result = call(*args, **named)
    except Exception as error:
        result = type(error).__name__
    print(name, result)


print(sorted(array.typecodes), array.ArrayType is make)
EDGES = [0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31]
EDGES += [2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 1.5, "x", None, b"x"]
for code in "bBhHiIlLqQfdu":
    empty = make(code)
    print(code, empty.itemsize, empty.typecode, repr(empty), len(empty), list(empty))
    for value in EDGES:
        attempt((code, value), lambda: make(code, [value]).tobytes())

numbers = make("i", range(10))
for index in (
    0,
    9,
    -1,
    -10,
    10,
    -11,
    slice(2, 5),
    slice(None, None, -1),
    slice(8, 2, -3),
    slice(5, 2),
    slice(20, 30),
    "x",
    1.0,
):
    attempt(("get", index), lambda: numbers[index])
for index, value in (
    (0, 7),
    (-1, 8),
    (10, 1),
    (slice(2, 4), make("i", [1, 2, 3])),
    (slice(0, 0), make("i", [5])),
    (slice(None, None, 2), make("i", [9] * 5)),
    (slice(None, None, 2), make("i", [9])),
    (slice(1, 2), [1]),
    (slice(1, 2), make("l", [1])),
    (0, "x"),
    (0, 2**40),
):
    changed = make("i", range(10))
    attempt(("set", index, value), changed.__setitem__, index, value)
    print(changed)
for index in (0, -1, 10, slice(2, 5), slice(None, None, 3), slice(None, None, -2), slice(5, 5)):
    changed = make("i", range(10))
    attempt(("delete", index), changed.__delitem__, index)
    print(changed)

words = make("h", [3, 1, 2, 1])
print(words.count(1), words.index(2), 1 in words, 9 in words, words == make("i", [3, 1, 2, 1]))
print(words < make("h", [3, 2]), words <= words, words != [3, 1, 2, 1], words > make("h"))
words.append(5)
words.extend(make("h", [6]))
words.extend([7, 8])
words.insert(0, -1)
words.insert(100, 99)
words.insert(-1, 98)
print(words, words.pop(), words.pop(0), words)
attempt("pop", make("h").pop)
attempt("pop", words.pop, 100)
attempt("remove", words.remove, 1000)
words.remove(1)
words.reverse()
print(words, words + words, words * 2, 2 * make("b", [1]), words * 0)
attempt("add", lambda: words + [1])
attempt("extend", words.extend, make("i", [1]))
attempt("extend", words.extend, ["x"])
words += make("h", [1])
words *= 2
print(words)
words.byteswap()
print(words, words.tolist(), words.tobytes(), bytes(words), memoryview(words).nbytes)
words.fromlist([1, 2])
attempt("fromlist", words.fromlist, [1, "x"])
attempt("fromlist", words.fromlist, (1,))
attempt("frombytes", words.frombytes, b"abc")
words.frombytes(b"abcd")
print(words)
file = io.BytesIO()
words.tofile(file)
file.seek(0)
again = make("h")
attempt("fromfile", again.fromfile, file, 2)
attempt("fromfile", again.fromfile, file, 1000)
print(again == words[: len(again)], len(again))
target = make("B", bytes(6))
print(io.BytesIO(b"abcdef").readinto(target), target)
text = make("u", "aé∀😀")
print(text, text.tounicode(), len(text), text[-1])
text.fromunicode("z")
attempt("unicode", text.append, "xy")
attempt("unicode", words.tounicode)
attempt("unicode", make, "i", "text")
attempt("type", make, "z")
attempt("type", make, "ii")
attempt("type", make, 1)
attempt("hash", hash, words)
for other in (copy.copy(words), copy.deepcopy(words), pickle.loads(pickle.dumps(words))):
    print(other == words, other is words, type(other) is type(words), other.typecode)
print(
    make("d", [1.5, float("inf")]),
    make("f", [0.1]).tolist(),
    make("B", b"ab"),
    make("l", make("h", [1])),
)
print(
    list(reversed(make("b", [1, 2]))),
    sorted(make("b", [2, 1])),
    max(make("b", [2, 1])),
    bool(make("b")),
)
# pickles of other machines
rebuild = array._array_reconstructor
for code, kind, data in (
    (0, "B", b"\x00\xff"), (1, "b", b"\x00\xff"), (2, "H", b"\x01\x02"), (3, "H", b"\x01\x02"),
    (5, "h", b"\xff\xfe"), (6, "I", bytes(8)), (9, "i", b"\xff" * 4), (12, "q", bytes(8)),
    (13, "l", b"\xff" * 8), (10, "L", b"\xff" * 8), (4, "l", b"\x01\x80"), (8, "q", b"\xff" * 4),
    (14, "f", bytes(4)), (17, "d", b"\x3f\xf8" + bytes(6)), (18, "u", "a\u20ac".encode("utf-16-le")),
    (21, "u", "a\u20ac".encode("utf-32-be")), (2, "H", b"x"), (22, "b", b""), (-1, "b", b""),
    (0, "?", b""), (0, "b", "text"), ("0", "b", b""),
):  # fmt: skip
    attempt("rebuild %s %s" % (code, kind), rebuild, array.array, kind, code, data)
attempt("rebuild", rebuild, str, "b", 0, b"")
attempt("rebuild", rebuild, "", "b", 0, b"")
print(pickle.loads(pickle.dumps(make("i", [1, -2]), 4)))


class Named(array.array):
    def __init__(self, typecode, values=(), label=None):
        array.array.__init__(self)


named = Named("i", [1, 2], label="odd")
named.note = "kept"
again = pickle.loads(pickle.dumps(named, 2))
print(list(again), again.note, type(again).__name__)
