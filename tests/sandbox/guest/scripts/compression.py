"""`zlib`, `gzip`, `zipfile`, `tarfile`: the same with the standard library's and the guest's.

Compressed data is not printed, for there is more than one way to make it.
"""

import base64
import gzip
import io
import random
import tarfile
import zipfile
import zlib


def attempt(name, call, *args, **named):
    try:
        result = call(*args, **named)
    except Exception as error:
        result = type(error).__name__
    print(name, result)


chance = random.Random(5)
SAMPLES = [
    b"", b"a", b"aaaa", b"hello hello hello " * 100, bytes(range(256)) * 20, b"\0" * 70000,
    bytes(chance.choice(b"abcde") for _ in range(9000)),
    bytes(chance.randrange(256) for _ in range(2000)),
]  # fmt: skip
# made by zlib 1.2.13 at level 9: dynamic trees
DYNAMIC = base64.b64decode(
    "eNoryUhVKCzNTM5WSCrKL89TSMuvUMgqzS0oVsgvSy1SKAFK5yRWVSqk5Kdbg3m0UaygqKSsoqqmrqGppa2jq6dvYGhk"
    "bGJqZm5haWVtY2tn7+Do5Ozi6ubu4enl7ePr5x8QGBQcEhoWHhEZFR0TGxefkJiUnJKalp6RmZWdk5uXX1BYVFxSWlZe"
    "UVlVXVNbR2PjCxKBvsytVEgCerE8syRDIS2zLBXosarUPIWczMLS/CKgz9OL9RQGUCEAVqum+w=="
)
for sample in SAMPLES:
    for level in (0, 1, 9):
        for wbits in (15, -15, 31):
            maker = zlib.compressobj(level, zlib.DEFLATED, wbits)
            made = maker.compress(sample[:700]) + maker.flush(zlib.Z_SYNC_FLUSH)
            made += maker.compress(sample[700:]) + maker.flush()
            print(len(sample), level, wbits, zlib.decompress(made, wbits) == sample)
            taker = zlib.decompressobj(wbits)
            found, data, steps = b"", made + b"and more", 0
            while not taker.eof and steps < 100000:
                found += taker.decompress(data, 300)
                data = taker.unconsumed_tail
                steps += 1
            print(found == sample, taker.unused_data[:8] in b"and more", taker.eof)
    print(zlib.adler32(sample), zlib.crc32(sample), zlib.adler32(sample, 99), zlib.crc32(sample, 9))
attempt("dynamic", zlib.decompress, DYNAMIC)
made = zlib.compress(b"hello" * 9, 0)
for place in range(len(made)):
    attempt(place, zlib.decompress, made[:place])
    attempt(place, zlib.decompress, made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :])
for text in (b"x", b"\x78\x9c\x07", b"\x78\x9d", b"\x1f\x8b"):
    attempt(text, zlib.decompress, text)
    attempt(text, zlib.decompress, text, -15)
for wrong in ({"level": 10}, {"level": -2}, {"wbits": 99}):
    attempt(sorted(wrong), lambda: zlib.compressobj(**wrong))
attempt("str", zlib.compress, "text")
attempt("negative", zlib.decompressobj().decompress, b"", -1)
attempt("automatic", zlib.decompress, gzip.compress(b"either"), 47)
file = io.BytesIO()
with gzip.GzipFile("name", "wb", fileobj=file, mtime=1) as out:
    out.write(SAMPLES[3])
file.seek(0)
with gzip.GzipFile(fileobj=file) as back:
    print(back.read(5), back.read() == SAMPLES[3][5:])
print(gzip.decompress(gzip.compress(b"one") + gzip.compress(b"two")))
file = io.BytesIO()
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
    for number, sample in enumerate(SAMPLES):
        archive.writestr("member%d" % number, sample)
with zipfile.ZipFile(file) as archive:
    print(archive.testzip(), [archive.read(n) == s for n, s in zip(archive.namelist(), SAMPLES)])
    with archive.open("member3") as member:
        print(member.read(7), member.readline()[:5])
file = io.BytesIO()
with tarfile.open(fileobj=file, mode="w:gz") as archive:
    info = tarfile.TarInfo("inside")
    info.size = len(SAMPLES[4])
    archive.addfile(info, io.BytesIO(SAMPLES[4]))
file.seek(0)
with tarfile.open(fileobj=file) as archive:
    print(archive.getnames(), archive.extractfile("inside").read() == SAMPLES[4])
