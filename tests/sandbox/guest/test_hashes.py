"""The guest's BLAKE2 and SHA-3 beside OpenSSL's: the same for every length around a block."""

from __future__ import annotations

import hashlib
import random
from types import ModuleType

import pytest

from tests.sandbox.guest.loading import load

LENGTHS = (0, 1, 63, 64, 65, 71, 72, 127, 128, 129, 135, 136, 137, 143, 144, 256, 300)
FIXED = ("sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s")


def data(length: int) -> bytes:
    return random.Random(length).randbytes(length)


@pytest.fixture(scope="module")
def ours() -> dict[str, ModuleType]:
    return {"sha3": load("_sha3"), "blak": load("_blake2"), "shak": load("_sha3")}


@pytest.mark.parametrize("name", FIXED)
def test_a_hash_is_that_of_openssl(name: str, ours: dict[str, ModuleType]) -> None:
    make = getattr(ours[name[:4]], name)
    for length in LENGTHS:
        expected = hashlib.new(name, data(length))
        parts = make(data(length)[: length // 3])
        parts.update(data(length)[length // 3 :])
        assert parts.copy().hexdigest() == expected.hexdigest()
        assert (parts.name, parts.digest_size, parts.block_size) == (
            expected.name, expected.digest_size, expected.block_size,
        )  # fmt: skip


@pytest.mark.parametrize("name", ["shake_128", "shake_256"])
def test_a_hash_of_any_length_is_that_of_openssl(name: str, ours: dict[str, ModuleType]) -> None:
    for length in LENGTHS:
        expected = hashlib.new(name, data(length)).hexdigest(500)
        assert getattr(ours["shak"], name)(data(length)).hexdigest(500) == expected


@pytest.mark.parametrize("name", ["blake2b", "blake2s"])
@pytest.mark.parametrize(
    "options",
    [
        {"digest_size": 20},
        {"key": b"secret"},
        {"salt": b"salt", "person": b"me"},
        {"fanout": 2, "depth": 2, "leaf_size": 300, "node_offset": 3, "node_depth": 1},
        {"inner_size": 16, "last_node": True},
    ],
)
def test_keys_and_trees_are_those_of_openssl(
    name: str, options: dict[str, object], ours: dict[str, ModuleType]
) -> None:
    for length in (0, 5, 128, 300):
        expected = getattr(hashlib, name)(data(length), **options).hexdigest()
        assert getattr(ours["blak"], name)(data(length), **options).hexdigest() == expected


def test_what_is_too_long_is_refused(ours: dict[str, ModuleType]) -> None:
    for options in ({"digest_size": 65}, {"digest_size": 0}, {"key": bytes(65)}):
        with pytest.raises(ValueError, match=r"digest_size|key"):
            ours["blak"].blake2b(b"", **options)
