"""A line to another machine that is cut where a test says: it stands in for ssh.

As `ssh` on the PATH it ignores its options, runs the command for the other machine on this one,
with that machine's environment, and passes the frames of both directions on, until the one at
which the line is cut: the server then sees what it sees when sshd closes a session.

    LINE_CUT   "up:2" or "down:5": the frame, counted from 1, that is not passed on any more;
               "up:2+3": three bytes of it still are
    LINE_KILL  set: the server is killed by SIGKILL there, and does not see the line end
    LINE_SSHD  set: the real sshd that this was started by is killed there, with the connection
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

from tests.cli.places import ROOT, Place


def install(here: Place, there: Place) -> None:
    """Give `here` an ssh that leads to `there`, and a restricted remote of the name web."""
    binaries = here.home.parent / "bin"
    binaries.mkdir(exist_ok=True)
    line = binaries / "ssh"
    variables = " ".join(f"{name}='{value}'" for name, value in there.environment.items())
    line.write_text(
        f"#!/bin/sh\ncd {there.project} || exit 255\nexport PYTHONPATH={ROOT}\n"
        f"exec {sys.executable} {ROOT}/tests/machines/line.py /usr/bin/env -i {variables}"
        f" SSH_ORIGINAL_COMMAND=shannot-serve {sys.executable} -m shannot serve $SERVE\n"
    )
    line.chmod(0o755)
    here.environment["PATH"] = f"{binaries}:{here.environment['PATH']}"
    words = ("remote", "add", "web", "ops@web.example", "--restricted")
    done = here.shannot(*words, f"--directory={there.project}")
    assert done.returncode == 0, done.stderr


def answering(here: Place, frames: Sequence[object]) -> None:
    """Let a server that says these frames, whatever it hears, be what `here` reaches."""
    said = here.home.parent / "said"
    with said.open("wb") as file:
        for message in frames:
            body = json.dumps(message).encode()
            file.write(struct.pack(">I", len(body)) + body)
    line = here.home.parent / "bin" / "ssh"
    line.write_text(f"#!/bin/sh\ncat {said}\nexec cat >/dev/null\n")


def main(argv: list[str]) -> None:
    """argv: of the server."""
    kind, _, place = os.environ.get("LINE_CUT", "none:0").partition(":")
    number, _, part = place.partition("+")
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    cut = threading.Event()
    directions = (
        ("up", sys.stdin.buffer, process.stdin),
        ("down", process.stdout, sys.stdout.buffer),
    )
    for name, reader, writer in directions:
        at = (int(number), int(part or 0)) if name == kind else (0, 0)
        threading.Thread(target=passing, args=(reader, writer, at, cut), daemon=True).start()
    cut.wait()
    if kind in ("up", "down") and "LINE_KILL" in os.environ:
        process.send_signal(signal.SIGKILL)
    if kind in ("up", "down") and "LINE_SSHD" in os.environ:
        os.kill(session_of_sshd(), signal.SIGKILL)
    os.close(process.stdin.fileno())
    os.close(process.stdout.fileno())
    os._exit(process.wait() & 0xFF)  # the other thread may be in the middle of a read


def session_of_sshd() -> int:
    """The process of sshd for this connection: the nearest one above. ValueError without one."""
    pid = os.getppid()
    while pid > 1:
        with open(f"/proc/{pid}/stat") as file:
            name, _, rest = file.read().partition("(")[2].rpartition(")")
        if name.startswith("sshd"):
            return pid
        pid = int(rest.split()[1])
    raise ValueError("not started by sshd")


def passing(
    reader: IO[bytes], writer: IO[bytes], at: tuple[int, int], cut: threading.Event
) -> None:
    """Frame by frame, until the end or the cut."""
    count = 0
    try:
        while head := reader.read(4):
            data = head + reader.read(struct.unpack(">I", head)[0])
            count += 1
            if count == at[0]:
                writer.write(data[: at[1]])
                writer.flush()
                break
            writer.write(data)
            writer.flush()
    except (OSError, ValueError, struct.error):
        pass
    cut.set()


if __name__ == "__main__":
    main(sys.argv[1:])
