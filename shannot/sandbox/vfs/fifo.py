"""FIFOs that the script makes: a name in the layer, and a FIFO of this run's own in the spool.

They end with the run: no effect can make one, and the plan says so where one is left.
"""

from __future__ import annotations

import os
import select

from shannot import libc

from .node import Fifo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .node import Directory
    from .overlay import Overlay


def make_fifo(overlay: Overlay, directory: Directory, name: bytes, mode: int) -> None:
    """Errors: as of any new name."""
    overlay.free_name(directory, name)
    node = Fifo(directory.mount, mode, overlay.spool)
    overlay.prepare(node, directory)
    node.key = node.spool.create_fifo()
    overlay.put(directory, name, node)


def has_had_writer(host_fd: int) -> bool:
    """Of an end for reading: is there a writer, or has there been one since it was opened?"""
    poll = select.poll()
    poll.register(host_fd, select.POLLIN)
    if poll.poll(0):
        return True  # data, or POLLHUP: it came and went
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        return libc.tee(host_fd, writer) != 0
    except BlockingIOError:
        return True  # it has written nothing yet
    finally:
        os.close(reader)
        os.close(writer)
