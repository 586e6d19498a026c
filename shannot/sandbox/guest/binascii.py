"""`binascii`: binary data as text and back, in Python; for builds that leave it out."""

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES = {letter: value for value, letter in enumerate(_BASE64)}
_HEX = b"0123456789abcdef"


class Error(ValueError):
    """Data that is no encoding of anything."""


class Incomplete(Exception):
    """Data that ends too early."""


def _text(data):
    if isinstance(data, str):
        try:
            return data.encode("ascii")
        except UnicodeEncodeError:
            raise ValueError("string argument should contain only ASCII characters") from None
    return _data(data)


def _data(data):
    if isinstance(data, str):
        raise TypeError("a bytes-like object is required, not 'str'")
    return bytes(memoryview(data).cast("B")) if not isinstance(data, bytes) else data


def hexlify(data, sep=None, bytes_per_sep=1):
    """Two digits for each byte."""
    digits = _data(data).hex()
    if sep is None or not bytes_per_sep:
        return digits.encode("ascii")
    mark = sep if isinstance(sep, str) else sep.decode("latin-1")
    if len(mark) != 1:
        raise ValueError("sep must be length 1.")
    pairs = [digits[place : place + 2] for place in range(0, len(digits), 2)]
    step = abs(bytes_per_sep)
    first = len(pairs) % step if bytes_per_sep > 0 else 0
    groups = ["".join(pairs[:first])] if first else []
    groups += ["".join(pairs[p : p + step]) for p in range(first, len(pairs), step)]
    return mark.join(groups).encode("ascii")


def unhexlify(hexstr):
    """The bytes of two digits each."""
    digits = _text(hexstr)
    if len(digits) % 2:
        raise Error("Odd-length string")
    if digits.translate(None, b"0123456789abcdefABCDEF"):
        raise Error("Non-hexadecimal digit found")
    return bytes.fromhex(digits.decode("ascii"))


b2a_hex, a2b_hex = hexlify, unhexlify


def b2a_base64(data, *, newline=True):
    """One line of base64."""
    data = _data(data)
    parts = bytearray()
    for place in range(0, len(data) - 2, 3):
        value = data[place] << 16 | data[place + 1] << 8 | data[place + 2]
        parts += bytes((
            _BASE64[value >> 18], _BASE64[value >> 12 & 63], _BASE64[value >> 6 & 63],
            _BASE64[value & 63],
        ))  # fmt: skip
    left = data[len(data) // 3 * 3 :]
    if left:
        value = int.from_bytes(left.ljust(3, b"\0"), "big")
        parts += bytes((_BASE64[value >> 18], _BASE64[value >> 12 & 63]))
        parts += bytes((_BASE64[value >> 6 & 63],)) if len(left) == 2 else b"="
        parts += b"="
    return bytes(parts) + (b"\n" if newline else b"")


def a2b_base64(data):
    """The bytes of base64; what is no letter of it is left out."""
    parts = bytearray()
    value = count = padding = letters = 0
    for letter in _text(data):
        if letter == 0x3D:
            padding += 1
            if count >= 2 and count + padding >= 4:
                break
            continue
        number = _VALUES.get(letter)
        if number is None:
            continue
        padding = 0
        letters += 1
        value = value << 6 | number
        count += 1
        if count == 4:
            parts += value.to_bytes(3, "big")
            value = count = 0
    if not count:
        return bytes(parts)
    if count + padding < 4 or count == 1:
        if count == 1:
            raise Error(
                "Invalid base64-encoded string: number of data characters (%d) cannot be 1 more"
                " than a multiple of 4" % letters
            )
        raise Error("Incorrect padding")
    whole = value << 6 * (4 - count)
    return bytes(parts) + whole.to_bytes(3, "big")[: count - 1]


def _table(polynomial):
    found = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        found.append(value)
    return found


_CRC32 = _table(0xEDB88320)


def crc32(data, crc=0):
    """The checksum of zip and gzip, going on from another."""
    table = _CRC32
    crc = ~crc & 0xFFFFFFFF
    for byte in _data(data):
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return ~crc & 0xFFFFFFFF


def crc_hqx(data, crc):
    """The checksum of CCITT, going on from another."""
    crc &= 0xFFFF
    for byte in _data(data):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc


def b2a_uu(data, *, backtick=False):
    """One line of uuencode."""
    data = _data(data)
    if len(data) > 45:
        raise Error("At most 45 bytes at once")
    zero = 0x60 if backtick else 0x20
    line = bytearray((len(data) + 32 if data else zero,))
    padded = data + b"\0" * (-len(data) % 3)
    for place in range(0, len(padded), 3):
        value = int.from_bytes(padded[place : place + 3], "big")
        for shift in (18, 12, 6, 0):
            number = value >> shift & 63
            line.append(number + 32 if number else zero)
    return bytes(line) + b"\n"


def a2b_uu(data):
    """The bytes of a line of uuencode."""
    line = _text(data)
    length = (line[0] - 32) & 63 if line else 32
    value = count = 0
    parts = bytearray()
    place = 1
    while len(parts) < length:
        letter = line[place] if place < len(line) else 0
        place += 1
        if letter in (10, 13, 0):
            number = 0
        elif not 32 <= letter <= 96:
            raise Error("Illegal char")
        else:
            number = (letter - 32) & 63
        value = value << 6 | number
        count += 1
        if count == 4:
            parts += value.to_bytes(3, "big")
            value = count = 0
    if any(letter not in (32, 96, 10, 13) for letter in line[place:]):
        raise Error("Trailing garbage")
    return bytes(parts[:length])


def a2b_qp(data, header=False):
    """The bytes of quoted-printable text."""
    text = _text(data)
    parts = bytearray()
    place = 0
    while place < len(text):
        letter = text[place]
        place += 1
        if letter != 0x3D:
            parts.append(0x20 if header and letter == 0x5F else letter)
            continue
        if place >= len(text):
            break
        if text[place] in (10, 13):
            while place < len(text) and text[place] != 10:
                place += 1
            place += 1
        elif text[place] == 0x3D:
            parts.append(0x3D)
            place += 1
        else:
            digits = text[place : place + 2]
            if len(digits) == 2 and not digits.translate(None, b"0123456789abcdefABCDEF"):
                parts.append(int(digits, 16))
                place += 2
            else:
                parts.append(0x3D)
    return bytes(parts)


def b2a_qp(data, quotetabs=False, istext=True, header=False):
    """Quoted-printable text, with lines of 76 characters at most."""
    data = _data(data)
    ending = b"\r\n" if b"\r\n" in data[: data.find(b"\n") + 1] else b"\n"
    lines = data.replace(b"\r\n", b"\n").split(b"\n") if istext else [data]
    return ending.join(_qp_line(line, quotetabs, istext, header) for line in lines)


def _qp_line(line, quotetabs, istext, header):
    parts = []
    for place, byte in enumerate(line):
        last = place == len(line) - 1
        if byte in (9, 32):
            quote = quotetabs or (last and istext)
            if header and byte == 32 and not quote:
                byte, quote = 0x5F, False
        else:
            quote = byte < 33 or byte > 126 or byte == 0x3D or (header and byte == 0x5F)
            quote = quote or (byte == 0x2E and line == b".")
        parts.append(b"=%02X" % byte if quote else bytes((byte,)))
    found, length = [], 0
    for number, part in enumerate(parts):
        room = 76 if number == len(parts) - 1 else 75
        if length + len(part) > room:
            found.append(b"=\n")
            length = 0
        found.append(part)
        length += len(part)
    return b"".join(found)
