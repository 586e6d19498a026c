"""Diagnose this machine: load, memory, disks, the biggest logs, failed services, open ports.

Changes nothing. What it may not look at, it says, instead of guessing:

    shannot run --view system examples/diagnose.py
"""

import os
import subprocess
import sys
from collections.abc import Callable

# (state, meaning) as in the kernel's include/net/tcp_states.h; 0A is LISTEN.
LISTEN = "0A"
LOGS = "/var/log"
WARN_FULL = 90  # percent of a disk


class UnseenError(Exception):
    """A part of the machine that this script is not shown."""


def read(path: str) -> str:
    """The text of a file; UnseenError where there is none for us."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise UnseenError(f"{path}: {error.strerror}") from error


def size(count: float) -> str:
    """1536 -> "1.5 KiB"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def load() -> "list[str]":
    one, five, fifteen, processes = read("/proc/loadavg").split()[:4]
    cpus = os.cpu_count() or 1
    verdict = "busy" if float(five) > cpus else "calm"
    days, seconds = divmod(float(read("/proc/uptime").split()[0]), 86400)
    return [
        f"{one} {five} {fifteen} on {cpus} processors: {verdict}",
        (
            f"{processes.rpartition('/')[2]} processes and threads, up {days:.0f} days"
            f" {seconds / 3600:.0f} hours"
        ),
    ]


def memory() -> "list[str]":
    fields = {}
    for line in read("/proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        fields[name] = int(value.split()[0]) * 1024
    total, free = fields.get("MemTotal", 0), fields.get("MemAvailable", 0)
    swap, unused = fields.get("SwapTotal", 0), fields.get("SwapFree", 0)
    if not total:
        raise UnseenError("/proc/meminfo has no MemTotal")
    return [
        f"{size(total - free)} of {size(total)} in use ({100 * (total - free) // total} %)",
        f"{size(swap - unused)} of {size(swap)} swap in use" if swap else "no swap",
    ]


def disks() -> "list[str]":
    lines = []
    seen = set()
    for line in read("/proc/mounts").splitlines():
        device, directory = line.split()[:2]
        if not device.startswith("/") or device in seen:
            continue
        seen.add(device)
        try:
            status = os.statvfs(directory.encode().decode("unicode_escape"))
        except OSError:
            continue
        total = status.f_blocks * status.f_frsize
        if total:
            free = status.f_bavail * status.f_frsize
            percent = 100 * (total - free) // total
            mark = "  <- nearly full" if percent >= WARN_FULL else ""
            lines.append(f"{directory}: {size(free)} of {size(total)} free, {percent} %{mark}")
    if not lines:
        raise UnseenError("/proc/mounts names no disk")
    return lines


def logs(top: str = LOGS, count: int = 5) -> "list[str]":
    if not os.path.isdir(top):
        raise UnseenError(f"{top} is not here")
    sizes = []
    unreadable = []
    for directory, _, names in os.walk(top, onerror=lambda e: unreadable.append(str(e.filename))):
        for name in names:
            path = os.path.join(directory, name)
            try:
                sizes.append((os.lstat(path).st_size, path))
            except OSError:
                unreadable.append(path)
    lines = [f"{size(length):>10}  {path}" for length, path in sorted(sizes, reverse=True)[:count]]
    lines.append(f"{size(sum(length for length, _ in sizes)):>10}  in {len(sizes)} files")
    if unreadable:
        lines.append(f"not readable: {', '.join(sorted(unreadable)[:3])}")
    return lines


def services() -> "list[str]":
    command = ["systemctl", "--failed", "--no-legend", "--plain"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        raise UnseenError(f"systemctl: {error}") from error
    if done.returncode != 0:
        raise UnseenError(
            f"systemctl ended with {done.returncode}: {done.stderr.partition(chr(10))[0]}"
        )
    if not done.stdout.strip():
        return ["systemctl named no failed service (if it waits for approval, it has not run yet)"]
    return [line.split()[0] for line in done.stdout.splitlines() if line.strip()]


def ports(tables: "tuple[str, ...]" = ("/proc/net/tcp", "/proc/net/tcp6")) -> "list[str]":
    found = set()
    for table in tables:
        for line in read(table).splitlines()[1:]:
            fields = line.split()
            if len(fields) > 3 and fields[3] == LISTEN:
                address, _, port = fields[1].rpartition(":")
                everywhere = not address.strip("0")
                found.add((int(port, 16), "every address" if everywhere else "one address"))
    return [f"{port} on {where}" for port, where in sorted(found)] or ["none"]


SECTIONS: "tuple[tuple[str, Callable[[], list[str]]], ...]" = (
    ("Load", load),
    ("Memory", memory),
    ("Disks", disks),
    ("Biggest logs", logs),
    ("Failed services", services),
    ("Listening ports", ports),
)


def main() -> int:
    unseen = 0
    for title, section in SECTIONS:
        print(title)
        try:
            lines = section()
        except UnseenError as reason:
            lines = [f"cannot be seen from here ({reason})"]
            unseen += 1
        for line in lines:
            print(f"  {line}")
    if unseen:
        more = " (shannot run --view system shows more)" if unseen > len(SECTIONS) // 2 else ""
        print(f"{unseen} of {len(SECTIONS)} parts were not visible{more}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
