from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from shannot.audit import AuditError, Log, seal
from shannot.audit.verify import verify


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(str(tmp_path / "state"), os.geteuid())


def append(log: Log, *events: str, sync: bool = False) -> str:
    return log.append([{"event": event, "user": "someone"} for event in events], sync)


def segments(log: Log) -> list[Path]:
    return sorted(Path(log.segments_path).iterdir())


def lines(log: Log) -> list[bytes]:
    return b"".join(path.read_bytes() for path in segments(log)).splitlines()


def whole(log: Log) -> bool:
    return verify(log).findings == ()


def test_each_line_names_the_one_before_it(log: Log) -> None:
    append(log, "run", sync=True)
    append(log, "run", "approved")
    found = lines(log)
    assert [json.loads(line)["seq"] for line in found] == [1, 2, 3]
    hashes = ["0" * 64, *(hashlib.sha256(line).hexdigest() for line in found)]
    assert [json.loads(line)["prev"] for line in found] == hashes[:-1]
    assert verify(log).sha256 == hashes[-1]
    assert whole(log)


def test_everything_is_private(log: Log) -> None:
    append(log, "run")
    for place in (log.segments_path, log.seal_path):
        assert os.stat(place).st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in Path(place).iterdir()} == {0o600}


def test_the_seal_is_the_known_construction() -> None:
    assert seal(b"k" * 32, b"data") == hmac.new(b"k" * 32, b"data", "sha256").hexdigest()


def test_any_text_comes_back_as_it_was(log: Log) -> None:
    odd = '"quoted" \\ \n \udcff \u202e ü'
    log.append([{"event": "run", "text": odd, "list": [1, None, True, [odd]], "of": {odd: 2}}])
    (line,) = lines(log)
    assert line.isascii()
    record = json.loads(line)
    assert (record["text"], record["list"], record["of"]) == (odd, [1, None, True, [odd]], {odd: 2})


def test_a_record_stays_small_and_says_what_is_cut(log: Log) -> None:
    log.append([{"event": "run", "text": "\udcff" * 5_000_000, "list": ["\u202e" * 2000] * 10_000}])
    (line,) = lines(log)
    assert len(line) < 256 << 10
    record = json.loads(line)
    assert record["text"].endswith(" more characters)")
    assert record["list"][-1].endswith(" more)")
    assert whole(log)


def test_a_full_segment_is_left_and_the_chain_goes_on(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "state"), os.geteuid(), segment_limit=500)
    for _ in range(10):
        append(log, "run")
    assert [path.name for path in segments(log)][:2] == ["000000000001.jsonl", "000000000005.jsonl"]
    assert all(path.stat().st_size < 800 for path in segments(log))
    assert verify(log).records == 10
    assert whole(log)


def test_many_writers_at_once_make_one_chain(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "state"), os.geteuid(), segment_limit=5000)
    children = []
    for _ in range(6):
        pid = os.fork()
        if pid == 0:
            try:
                for _ in range(40):
                    append(log, "run", "run")
                os._exit(0)
            finally:
                os._exit(1)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 6
    assert verify(log).records == 480
    assert whole(log)


def test_writers_killed_at_any_moment_leave_a_log_that_goes_on(log: Log) -> None:
    for turn in range(30):
        pid = os.fork()
        if pid == 0:
            while True:
                append(log, "run", "run", "run")
        time.sleep(0.003 + turn % 7 / 1000)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert append(log, "last") == ""
    assert whole(log)
    assert json.loads(lines(log)[-1])["event"] == "last"


def test_half_a_line_is_dropped_and_told(log: Log) -> None:
    append(log, "run")
    with segments(log)[0].open("ab") as file:
        file.write(b'{"seq":2,"time":"2026')
    assert not whole(log)
    assert append(log, "run") == ""
    records = [json.loads(line) for line in lines(log)]
    assert [record["event"] for record in records] == ["run", "recovered", "run"]
    assert (records[1]["dropped_bytes"], records[1]["taken_over"]) == (21, 0)
    assert whole(log)


def test_a_line_whose_writer_was_killed_before_the_head_is_taken_over(log: Log) -> None:
    append(log, "run")
    head = Path(log.seal_path, "head").read_bytes()
    append(log, "approved")
    Path(log.seal_path, "head").write_bytes(head)
    assert append(log, "run") == ""
    records = [json.loads(line) for line in lines(log)]
    assert [record["event"] for record in records] == ["run", "approved", "recovered", "run"]
    assert records[2]["taken_over"] == 1
    assert whole(log)


def test_the_first_line_of_a_new_segment_is_taken_over_too(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "state"), os.geteuid(), segment_limit=100)
    append(log, "run")
    head = Path(log.seal_path, "head").read_bytes()
    append(log, "approved")
    Path(log.seal_path, "head").write_bytes(head)
    append(log, "run")
    assert verify(log).records == 4
    assert whole(log)


def test_a_writer_that_stops_does_not_stop_the_others_for_ever(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "state"), os.geteuid(), patience=0.05)
    append(log, "run")
    fd = os.open(f"{log.seal_path}/head", os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        with pytest.raises(AuditError, match="another process keeps the audit log locked"):
            append(log, "run")
    finally:
        os.close(fd)
    append(log, "run")
    assert whole(log)


def test_what_others_can_write_is_no_place_for_a_log(log: Log) -> None:
    append(log, "run")
    os.chmod(log.segments_path, 0o777)
    with pytest.raises(AuditError, match="not this user's alone"):
        append(log, "run")


def test_a_link_in_its_place_is_not_followed(log: Log, tmp_path: Path) -> None:
    os.makedirs(os.path.dirname(log.segments_path))
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", log.segments_path)
    with pytest.raises(AuditError):
        append(log, "run")
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_file_that_can_grow_no_more_is_an_error_and_leaves_no_half_line(log: Log) -> None:
    append(log, "run")
    before = segments(log)[0].read_bytes()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, len(before) + 50))
        try:
            append(log, "run")
        except AuditError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert segments(log)[0].read_bytes() == before
    assert append(log, "run") == ""
    assert whole(log)


def test_a_full_disk_records_nothing_and_can_be_emptied(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size=64k,uid={os.geteuid()}", "none", str(state)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        log = Log(str(state), os.geteuid())
        append(log, "run")
        filler = state / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError):  # noqa: PT012
            while True:
                file.write(b"x" * 1024)
        with pytest.raises(AuditError, match="No space left"):  # noqa: PT012
            for _ in range(100):  # the last page has room for some
                append(log, "run")
        filler.unlink()
        assert append(log, "run") == ""
        assert whole(log)
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)
