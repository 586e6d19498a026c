"""The command line in a mount namespace of its own, where root can take away what a machine has."""

from __future__ import annotations

import subprocess

import pytest

from tests.cli.places import Place

WITHOUT_PROC = "umount -l /proc && { umount -l /proc 2> /dev/null; %s; }"  # one may be below it


def in_namespace(place: Place, line: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """What a shell line does there; `words` are its $0, $1 and so on. Skips where it cannot be."""
    result = subprocess.run(
        ["/usr/bin/unshare", "-m", "/bin/sh", "-c", line, *words],
        env=place.environment,
        cwd=place.project,
        capture_output=True,
        timeout=60,
    )
    if any(word in result.stderr for word in (b"umount", b"mount:", b"unshare")):
        pytest.skip("no mount namespaces here")
    return result
