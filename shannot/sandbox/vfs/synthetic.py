"""Synthetic files of /etc: passwd and group reduced to the user."""

from __future__ import annotations

from .node import Generated, Mount, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from shannot.sandbox.spec import Spec

    from .rights import Identity


def accounts(put: Callable[[bytes, Node], None], identity: Identity, spec: Spec) -> None:
    """passwd(5) and group(5) with root, the user and nobody."""
    mount = Mount("ro", None)
    uid, gid = identity.uid, identity.gid
    lines = [b"root:x:0:0:root:/root:/bin/sh"] if uid else []
    lines.append(b"%s:x:%d:%d::%s:/bin/sh" % (spec.user, uid, gid, spec.home))
    lines.append(b"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin")
    passwd = b"\n".join(lines) + b"\n"
    groups = [b"root:x:0:"] if gid else []
    groups += [b"%s:x:%d:" % (spec.user, gid), b"nogroup:x:65534:"]
    group = b"\n".join(groups) + b"\n"
    put(b"/etc/passwd", Generated(mount, lambda _pid: passwd, 0x7001, 0o644))
    put(b"/etc/group", Generated(mount, lambda _pid: group, 0x7002, 0o644))
