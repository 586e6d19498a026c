"""SHA-256 without `hashlib`, for what is on the way of every run.

`hashlib` would load OpenSSL, which takes longer than everything else that a short run does.
"""

from __future__ import annotations

import sys


def sha256_of(data: bytes) -> str:
    """In hexadecimal."""
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]  # no stub
        else:
            from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]  # no stub
    except ImportError:  # a Python that leaves all digests to OpenSSL, as some distributions' do
        from hashlib import sha256
    found: str = sha256(data).hexdigest()
    return found
