"""`binascii`: the same with the standard library's and the guest's, for data of every kind."""

import binascii
import random


def attempt(name, call, *args, **named):
    try:
        result = call(*args, **named)
    except Exception as error:
        result = type(error).__name__
    print(name, result)


chance = random.Random(3)


def data(length, letters=None):
    pool = letters or bytes(range(256))
    return bytes(chance.choice(pool) for _ in range(length))


for length in (0, 1, 2, 3, 4, 5, 44, 45, 46, 100):
    given = data(length)
    attempt(length, binascii.hexlify, given)
    attempt(length, binascii.unhexlify, binascii.hexlify(given))
    attempt(length, binascii.b2a_base64, given)
    attempt(length, binascii.b2a_base64, given, newline=False)
    attempt(length, binascii.a2b_base64, binascii.b2a_base64(given))
    attempt(length, binascii.crc32, given)
    attempt(length, binascii.crc32, given, 12345)
    attempt(length, binascii.crc_hqx, given, 1)
    attempt(length, binascii.b2a_uu, given)
    if length <= 45:
        attempt(length, binascii.a2b_uu, binascii.b2a_uu(given))
    attempt(length, binascii.a2b_qp, given)
for _ in range(200):
    text = data(chance.randrange(12), b"QUFB=+/ \n-_z")
    attempt(text, binascii.a2b_base64, text)
    attempt(text, binascii.a2b_hex, data(chance.randrange(6), b"0aF9gz"))
    attempt(text, binascii.a2b_qp, data(chance.randrange(10), b"=3Da_ \n\rA"), header=True)
    attempt(text, binascii.b2a_qp, data(chance.randrange(8), b"ab= \t_.\xe9"))
attempt("text", binascii.b2a_qp, b"a line\nand \xe9 more = so\n" + b"x" * 100 + b"\n")
attempt("str", binascii.a2b_base64, "QUFB")
attempt("str", binascii.b2a_base64, "QUFB")
attempt("buffers", binascii.hexlify, memoryview(bytearray(b"ab")))
attempt("uu", binascii.a2b_uu, b"#86)C\n")
attempt("uu", binascii.a2b_uu, b"#86)C trailing")
attempt("uu", binascii.a2b_uu, b"")
print(issubclass(binascii.Error, ValueError), binascii.b2a_hex is not None)
