"""`python3 -m tests.bench [--json] [--rounds N] [--only NAME …]`: measure and print one table.

Contestants take turns in every round, so that a busy moment hits all of them alike. Reported are
the median and the minimum over the rounds, and the ratio of the medians to plain Python's. No
number is judged here: targets are for people.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.contestants import Contestant, contestants
from tests.bench.pypys import pypy_contestants

INSIDE = Path(__file__).parent / "inside.py"
START, MEMORY = "start: -c pass", "memory of the parent"
CALLS = (
    "stat", "stat, missing", "open+close", "fstat", "with open: read", "listdir of 200",
    "walk of the library", "read 64 MiB", "map, search 64 MiB", "2 million additions",
    "spawn true",
)  # fmt: skip
Results = dict[str, dict[str, list[float]]]
"""measure: contestant: seconds (bytes for memory), one for each round"""


def prepare(directory: Path) -> None:
    """The material that every contestant reads."""
    (directory / "two_hundred").mkdir(parents=True)
    for number in range(200):
        (directory / "two_hundred" / f"name_{number:03}").touch()
    (directory / "small").write_text("a small file\n")
    (directory / "big").write_bytes(os.urandom(1 << 20) * 64)
    shutil.copy(INSIDE, directory)


def started(who: Contestant, arguments: list[str], directory: Path) -> tuple[float, str]:
    """Seconds from start to end of the whole process, and what it printed."""
    command = who.command(arguments)
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=directory, env=dict(who.environment), capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise RuntimeError(f"{who.name}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    return seconds, done.stdout


def resident(who: Contestant, directory: Path) -> float:
    """Bytes of memory that the process beside the script takes, while the script sleeps."""
    command = who.command(["-c", "import time; time.sleep(0.5)"])
    process = subprocess.Popen(command, cwd=directory, env=dict(who.environment))
    time.sleep(0.35)
    status = Path(f"/proc/{process.pid}/status").read_text()
    process.wait()
    field = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(field.split()[1]) * 1024.0


def one_round(who: Contestant, measures: list[str], directory: Path, results: Results) -> None:
    wanted = [name for name in measures if not who.only or name in who.only]
    if START in wanted:
        for _ in range(3):
            note(results, START, who, started(who, ["-c", "pass"], directory)[0])
    if MEMORY in wanted and who.name != "plain":
        note(results, MEMORY, who, resident(who, directory))
    calls = [name for name in wanted if name in CALLS]
    if calls:
        arguments = [str(directory / INSIDE.name), str(directory), *calls]
        _, output = started(who, arguments, directory)
        for name, seconds in json.loads(output).items():
            note(results, name, who, seconds)


def note(results: Results, measure: str, who: Contestant, value: float) -> None:
    results.setdefault(measure, {}).setdefault(who.name, []).append(value)


def shown(measure: str, value: float) -> str:
    if measure == MEMORY:
        return f"{value / 2**20:.1f} MiB"
    for unit, scale in (("µs", 1e6), ("ms", 1e3), ("s", 1.0)):
        if value * scale < 1000 or unit == "s":
            return f"{value * scale:.3g} {unit}"
    return ""


def table(results: Results, names: list[str]) -> str:
    """A table to paste: the median, the ratio to plain, (the minimum)."""
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for measure, by_name in results.items():
        plain = statistics.median(by_name["plain"]) if "plain" in by_name else None
        cells = []
        for name in names:
            values = by_name.get(name)
            if not values:
                cells.append("–")
                continue
            middle = statistics.median(values)
            ratio = f", {middle / plain:.2f} ×" if plain and name != "plain" else ""
            cells.append(f"{shown(measure, middle)}{ratio} ({shown(measure, min(values))})")
        lines.append(f"| {measure} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def measure(options: argparse.Namespace) -> tuple[Results, list[Contestant], list[str], list[str]]:
    """Results, who took part, who is not installed, who failed and why."""
    wanted = options.only or [START, *CALLS, MEMORY]
    results: Results = {name: {} for name in wanted}
    failed = []
    with tempfile.TemporaryDirectory(prefix="shannot-bench-") as top:
        directory = Path(top) / "material"
        prepare(directory)
        present, missing = contestants(directory)
        with_pypy, without = pypy_contestants(directory)
        present, missing = present + with_pypy, missing + without
        for number in range(options.rounds):
            for who in list(present):
                try:
                    one_round(who, wanted, directory, results)
                except (OSError, RuntimeError, ValueError) as error:
                    failed.append(str(error))
                    present.remove(who)
            if sys.stderr.isatty():
                print(f"\rround {number + 1} of {options.rounds}", end="", file=sys.stderr)
        if sys.stderr.isatty():
            print(file=sys.stderr)
    return results, present, missing, failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="every value, as one document")
    parser.add_argument("--rounds", type=int, default=10, help="how often each takes its turn")
    parser.add_argument(
        "--only", action="append", choices=[START, *CALLS, MEMORY], help="may be repeated"
    )
    options = parser.parse_args()
    results, present, missing, failed = measure(options)
    if options.json:
        document = {
            "machine": machine(),
            "contestants": {who.name: who.mediates for who in present},
            "missing": missing,
            "failed": failed,
            "seconds": results,
        }
        print(json.dumps(document, indent=1))
        return 0
    about = machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print(f"median, ratio to plain (minimum) of {options.rounds} rounds\n")
    print(table(results, [who.name for who in present]))
    print("\nmediates: " + "; ".join(f"{who.name}: {who.mediates}" for who in present))
    for name in missing:
        print(f"not installed: {name}")
    for reason in failed:
        print(f"failed, left out: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
