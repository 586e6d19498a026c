"""Effects to test with: one of each kind, and a strategy for any."""

from __future__ import annotations

import os

from hypothesis import strategies as st

from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    ChangeTimes,
    DeletePath,
    Effect,
    Entry,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    RunCommand,
    Unread,
    WriteFile,
)

SHA = "ab" * 32
FILE = Fingerprint("file", 0o644, SHA, 12)
DIRECTORY = Fingerprint("directory", 0o755)
LINK = Fingerprint("link", 0, SHA, 3)
ODD = os.fsdecode(b"/srv/\xff odd\n\xe2\x80\xae")


def command(*argv: str, state: str = "queued", directory: str = "/srv") -> RunCommand:
    """A command for the host, as the gate records one."""
    return RunCommand(
        argv=argv,
        directory=directory,
        environment=(("PATH", "/usr/bin:/bin"),),
        executable=f"/usr/bin/{argv[0]}",
        executable_sha256=SHA,
        verdict="allow" if state == "done" else "ask",
        rule="default",
        reason="nothing allows it",
        state=state,  # type: ignore[arg-type]
        exit_status=0 if state == "done" else None,
    )


EACH: tuple[Effect, ...] = (
    WriteFile(ODD, None, FILE, -5),
    WriteFile("/srv/b", LINK, FILE),
    DeletePath("/srv/c", FILE),
    DeletePath("/srv/d", DIRECTORY, (Entry("x", DIRECTORY), Entry("x/\udcff", FILE))),
    MakeDirectory("/srv/e", 0o2775, 7),
    MakeLink("/srv/f", "../\udcfe"),
    MakeLink("/srv/g", "/srv/b", FILE, hard=True),
    MovePath("/srv/h", "/srv/i", FILE, LINK),
    MovePath(
        "/srv/j",
        "/srv/k",
        DIRECTORY,
        None,
        (Entry("y", LINK), Entry("z", DIRECTORY)),
        (Unread(".env", "file"), Unread("z/.ssh", "directory", 3, SHA), Unread("z/p", "pipe")),
    ),
    ChangeMode("/srv/l", 0o600, 0o755),
    ChangeOwner("/srv/m", (0, 0), (1000, 100)),
    ChangeTimes("/srv/n", 1),
    WriteFile("/srv/o", FILE, FILE, other_names=3),
    ChangeMode("/srv/p", 0o600, 0o755, 1),
    ChangeOwner("/srv/q", (0, 0), (1000, 100), 2),
    command("systemctl", "reload", "\udcaa"),
)

NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(
    lambda parts: os.fsdecode(b"/" + b"/".join(parts))
)
SHAS = st.binary(min_size=32, max_size=32).map(bytes.hex)
MODES = st.integers(0, 0o7777)
FILES = st.builds(Fingerprint, st.just("file"), MODES, SHAS, st.integers(0, 1 << 62))
TIMES = st.none() | st.integers(-(1 << 63), (1 << 63) - 1)
EFFECTS = st.one_of(
    st.builds(WriteFile, PATHS, st.none() | FILES, FILES, TIMES),
    st.builds(DeletePath, PATHS, FILES),
    st.builds(MakeDirectory, PATHS, MODES, TIMES),
    st.builds(MakeLink, PATHS, PATHS, st.none() | FILES, st.booleans()),
    st.builds(ChangeMode, PATHS, MODES, MODES),
    st.sampled_from(EACH),
)
