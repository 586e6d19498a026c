"""Digests on the way of every run."""

from __future__ import annotations

import sys

import pytest

from shannot.digest import sha256_of

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of FIPS 180-2


def test_a_digest_is_that_of_the_standard() -> None:
    assert sha256_of(b"abc") == ABC


def test_a_python_without_digests_of_its_own_takes_those_of_openssl(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As RHEL builds it: `--with-builtin-hashlib-hashes=blake2`."""
    for name in ("_sha2", "_sha256"):
        monkeypatch.setitem(sys.modules, name, None)
    assert sha256_of(b"abc") == ABC
