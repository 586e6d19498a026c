"""Names that are legal and rarely met: bytes that are no UTF-8, newlines, 255 bytes."""

import os
import sys

sys.path.insert(0, ".")
from attempt import attempt, content, fill, tree

NAMES = [
    b"\xff\xfe",
    b"new\nline",
    b" ",
    b" lead",
    b"trail ",
    b"-rf",
    b"*",
    b"?",
    b"[a]",
    b"~",
    b"$HOME",
    b"'",
    b'"',
    b"\\",
    b"\x01\x1b[31m",
    b"...",
    b"..x",
    b"\xc3\xa9",
    b"e\xcc\x81",
    b"n" * 255,
    b"\xf0\x9f\x90\x8d" * 63,
    b"\t",
    b"a:b",
    b"CON",
    b"\xe2\x80\xae",
]
os.mkdir("odd")
for name in NAMES:
    fill(b"odd/" + name, name)
print(sorted(os.listdir(b"odd")) == sorted(NAMES), len(NAMES))
for name in NAMES:
    assert content(b"odd/" + name) == name
print([ascii(name) for name in sorted(os.listdir("odd"))][:8])
os.rename("odd", b"\xfe odd")
for name in NAMES:
    os.rename(b"\xfe odd/" + name, b"\xfe odd/" + name[:200] + b"'")
tree(b"\xfe odd".decode("utf-8", "surrogateescape"))
attempt("too long", fill, "n" * 256, b"")
attempt("too long in bytes", fill, "é" * 128, b"")
attempt("just fits", fill, "é" * 127, b"")
attempt("lone surrogate that is no byte", fill, "\ud800", b"")
attempt("link to odd", lambda: [os.symlink(b"\xfe odd", b"l\xff"), os.readlink(b"l\xff")][1])
attempt("through it", lambda: len(os.listdir(b"l\xff")))
for name in os.listdir(b"\xfe odd"):
    os.unlink(b"\xfe odd/" + name)
attempt("empty again", os.rmdir, b"\xfe odd")
attempt("case matters", lambda: [fill("Case", b"1"), fill("case", b"2"), content("Case")][2])
