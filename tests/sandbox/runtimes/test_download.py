from __future__ import annotations

import os
import resource
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from shannot.errors import ShannotError, UnsuccessfulError, UsageError
from shannot.sandbox.runtimes.download import Transfer, download
from shannot.sandbox.runtimes.web import Bounds, shown
from tests.fakes import web_server as web
from tests.fakes.web_server import Server, serving

DATA = bytes(range(256)) * 4096
SHA256 = sha256(DATA).hexdigest()
QUICK = Bounds(patience=0.3)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    with serving() as server:
        yield server


def transfer(server: Server, path: Path, secure: bool = False, sha256: str = SHA256) -> Transfer:
    return Transfer(f"{server.address}/file", sha256, str(path / "part"), secure)


def unwatched(done: int, total: int | None) -> None:
    """Nobody looks."""


def test_a_file_arrives_whole_and_private(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.ranged(DATA)
    seen: list[tuple[int, int | None]] = []
    download(transfer(server, tmp_path), lambda done, total: seen.append((done, total)))
    assert (tmp_path / "part").read_bytes() == DATA
    assert (tmp_path / "part").stat().st_mode & 0o777 == 0o600
    assert (seen[0], seen[-1]) == ((0, len(DATA)), (len(DATA), len(DATA)))


def test_a_wrong_checksum_is_refused_and_nothing_stays(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.ranged(DATA + b"x")
    with pytest.raises(UnsuccessfulError, match="is not the expected file"):
        download(transfer(server, tmp_path), unwatched)
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_is_cut_off_is_named_and_kept(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.cut_off(DATA, 1000)
    with pytest.raises(UnsuccessfulError, match=f"ended after 1000 of {len(DATA)} bytes.*goes on"):
        download(transfer(server, tmp_path), unwatched)
    assert (tmp_path / "part").read_bytes() == DATA[:1000]


def test_what_was_cut_off_is_gone_on_with_at_once(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.in_turn(web.cut_off(DATA, 1000), web.ranged(DATA))
    download(transfer(server, tmp_path), unwatched)
    assert (tmp_path / "part").read_bytes() == DATA
    assert server.asked == [("/file", ""), ("/file", "bytes=1000-")]


def test_a_download_goes_on_where_an_earlier_one_ended(server: Server, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(DATA[:5000])
    server.routes["/file"] = web.ranged(DATA)
    download(transfer(server, tmp_path), unwatched)
    assert (tmp_path / "part").read_bytes() == DATA
    assert server.asked == [("/file", "bytes=5000-")]


def test_a_server_without_ranges_sends_it_all_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"y" * 5000)
    server.routes["/file"] = web.whole(DATA)
    download(transfer(server, tmp_path), unwatched)
    assert (tmp_path / "part").read_bytes() == DATA


def test_what_is_there_already_is_not_asked_for(server: Server, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(DATA)
    download(transfer(server, tmp_path), unwatched)
    assert server.asked == []


@pytest.mark.parametrize("beginning", [b"y" * 5000, b"y" * len(DATA), b"y" * (len(DATA) + 7)])
def test_another_files_beginning_is_dropped(
    server: Server, tmp_path: Path, beginning: bytes
) -> None:
    (tmp_path / "part").write_bytes(beginning)
    server.routes["/file"] = web.ranged(DATA)
    download(transfer(server, tmp_path), unwatched)
    assert (tmp_path / "part").read_bytes() == DATA


def test_a_range_that_was_not_asked_for_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(DATA[:5000])
    server.routes["/file"] = lambda handler: handler.head(
        206, Content_Range="bytes 1-9/10", Content_Length="9"
    )
    with pytest.raises(UnsuccessfulError, match="another part of it"):
        download(transfer(server, tmp_path), unwatched)


def test_a_file_that_is_not_there_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UnsuccessfulError, match=r"/file: the server says 404 Not Found"):
        download(transfer(server, tmp_path), unwatched)
    assert list(tmp_path.iterdir()) == []


def test_what_a_server_says_is_escaped(server: Server, tmp_path: Path) -> None:
    def route(handler: web.Handler) -> None:
        handler.wfile.write(b"HTTP/1.0 500 \x1b[2J bad\r\n\r\n")

    server.routes["/file"] = route
    with pytest.raises(UnsuccessfulError) as error:
        download(transfer(server, tmp_path), unwatched)
    assert str(error.value).isprintable()


def test_redirects_are_followed_and_keep_the_range(server: Server, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(DATA[:10])
    server.routes["/file"] = web.redirect("/elsewhere", 307)
    server.routes["/elsewhere"] = web.ranged(DATA)
    download(transfer(server, tmp_path), unwatched)
    assert server.asked == [("/file", "bytes=10-"), ("/elsewhere", "bytes=10-")]


def test_a_redirect_loop_ends(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.redirect("/other")
    server.routes["/other"] = web.redirect("/file")
    with pytest.raises(UnsuccessfulError, match="more than 5 redirects"):
        download(transfer(server, tmp_path), unwatched)
    assert len(server.asked) == 6


def test_the_body_of_a_redirect_is_not_read(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.chatty_redirect("/elsewhere")
    server.routes["/elsewhere"] = web.whole(DATA)
    download(transfer(server, tmp_path), unwatched)
    assert (tmp_path / "part").read_bytes() == DATA


@pytest.mark.parametrize(
    "goal", ["ftp://127.0.0.1/file", "file:///etc/passwd", "http://", "//a b", "http://u:p@h/", ""]
)
def test_a_redirect_to_what_is_no_web_address_is_refused(
    server: Server, tmp_path: Path, goal: str
) -> None:
    server.routes["/file"] = web.redirect(goal)
    server.routes["/"] = web.redirect("/")
    with pytest.raises(UnsuccessfulError, match="redirect") as error:
        download(transfer(server, tmp_path), unwatched)
    assert "u:p" not in str(error.value)


def test_a_server_that_stalls_is_left(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.stalling(DATA, 1000)
    with pytest.raises(UnsuccessfulError, match=r"no answer for 0\.3 seconds"):
        download(transfer(server, tmp_path), unwatched, QUICK)
    assert (tmp_path / "part").read_bytes() == DATA[:1000]


def test_a_server_that_never_answers_is_left(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = lambda handler: bool(handler.server.closing.wait(30)) and None
    with pytest.raises(UnsuccessfulError, match=r"no answer for 0\.3 seconds"):
        download(transfer(server, tmp_path), unwatched, QUICK)


def test_a_server_that_drips_is_left(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.dripping(DATA)
    with pytest.raises(UnsuccessfulError, match="hardly any data"):
        download(transfer(server, tmp_path), unwatched, Bounds(patience=0.3, attempts=1))


@pytest.mark.parametrize("route", [web.endless, web.whole(DATA)])
def test_a_file_that_is_too_large_is_not_taken(
    server: Server, tmp_path: Path, route: web.Route
) -> None:
    server.routes["/file"] = route
    with pytest.raises(UnsuccessfulError, match="larger than"):
        download(transfer(server, tmp_path), unwatched, Bounds(size=1 << 19))
    assert list(tmp_path.iterdir()) == []


def test_a_refused_connection_is_named(server: Server, tmp_path: Path) -> None:
    order = Transfer("http://127.0.0.1:1/x", SHA256, str(tmp_path / "part"), secure=False)
    with pytest.raises(UnsuccessfulError, match=r"http://127\.0\.0\.1:1/x: Connection refused"):
        download(order, unwatched)


def test_garbage_instead_of_http_is_no_fault_of_ours(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = lambda handler: handler.wfile.write(b"\0" * 100) and None
    with pytest.raises(UnsuccessfulError, match="cannot download"):
        download(transfer(server, tmp_path), unwatched)


@pytest.mark.parametrize("size", ["-1", "x", "99999999999999999999"])
def test_a_nonsensical_length_does_not_matter(server: Server, tmp_path: Path, size: str) -> None:
    def route(handler: web.Handler) -> None:
        handler.head(200, Content_Length=size)
        handler.wfile.write(DATA)

    server.routes["/file"] = route
    if size == "99999999999999999999":
        with pytest.raises(UnsuccessfulError, match="larger than"):
            download(transfer(server, tmp_path), unwatched)
    else:
        download(transfer(server, tmp_path), unwatched)
        assert (tmp_path / "part").read_bytes() == DATA


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("http://example.org/x", True),
        ("ftp://example.org/x", False),
        ("file:///etc/passwd", False),
        ("https:///x", False),
        ("https://example.org:port/x", False),
        ("https://example.org/a b", False),
        ("https://example.org/\x1b", False),
        ("https://example.org/\u202e", False),
        ("https://[::1/x", False),
    ],
)
def test_only_web_addresses_are_taken(tmp_path: Path, url: str, secure: bool) -> None:
    with pytest.raises(UsageError, match="not an https address") as error:
        download(Transfer(url, SHA256, str(tmp_path / "part"), secure), unwatched)
    assert str(error.value).isprintable()


def test_a_password_in_an_address_is_neither_taken_nor_shown(tmp_path: Path) -> None:
    url = "https://me:secret@example.org/x?token=secret#secret"
    with pytest.raises(UsageError) as error:
        download(Transfer(url, SHA256, str(tmp_path / "part")), unwatched)
    assert "secret" not in str(error.value)
    assert shown(url) == "https://example.org/x"


def test_a_disk_that_is_full_is_named_and_not_kept_full(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.whole(DATA)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        with pytest.raises(ShannotError, match=r"cannot write .*: File too large"):
            download(transfer(server, tmp_path), unwatched)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_real_disk_that_is_full_is_named(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.whole(DATA)
    code = (
        "from shannot.sandbox.runtimes.download import *\n"
        "import sys; from shannot.errors import ShannotError\n"
        "try: download(Transfer(sys.argv[1], sys.argv[2], sys.argv[3], False), lambda *_: None)\n"
        "except ShannotError as error: print(error)\n"
    )
    mount = f'mount -t tmpfs -o size=64k none {tmp_path} && exec "$@"'
    result = subprocess.run(
        ["/usr/bin/unshare", "-m", "/bin/sh", "-c", mount, "sh", sys.executable, "-c", code,
         f"{server.address}/file", SHA256, f"{tmp_path}/part"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        timeout=60,
        env={"no_proxy": "*", "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    if b"mount" in result.stderr or b"unshare" in result.stderr:
        pytest.skip("no mount namespaces here")
    assert b"No space left on device" in result.stdout, result.stderr


def test_ctrl_c_keeps_what_has_arrived(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.in_turn(web.whole(DATA), web.ranged(DATA))

    def interrupt(done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(transfer(server, tmp_path), interrupt)
    have = (tmp_path / "part").stat().st_size
    assert 0 < have < len(DATA)
    download(transfer(server, tmp_path), unwatched)
    assert server.asked[-1] == ("/file", f"bytes={have}-")
    assert (tmp_path / "part").read_bytes() == DATA


def secured(server: Server, directory: Path) -> str:
    """Make the server speak https, under a certificate of its own; the certificate's path."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    certificate = str(directory / "certificate.pem")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", certificate + ".key", "-out", certificate, "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate + ".key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return certificate


def test_https_is_checked_and_never_left_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    certificate = secured(server, keys)
    address = server.address.replace("http:", "https:")
    place = tmp_path / "place"
    place.mkdir()
    order = Transfer(f"{address}/file", SHA256, str(place / "part"))
    server.routes["/file"] = web.whole(DATA)
    with pytest.raises(UnsuccessfulError, match="CERTIFICATE_VERIFY_FAILED"):
        download(order, unwatched)
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    download(order, unwatched)
    assert (place / "part").read_bytes() == DATA
    (place / "part").unlink()
    server.routes["/file"] = web.redirect(server.address + "/plain")
    for secure in (True, False):
        with pytest.raises(UnsuccessfulError, match=r"redirects to .*not an https address"):
            download(
                Transfer(order.url, order.sha256, order.path, secure),
                unwatched,
            )
    assert list(place.iterdir()) == []


def test_many_threads_may_download_at_once(server: Server, tmp_path: Path) -> None:
    server.routes["/file"] = web.ranged(DATA)
    places = [tmp_path / str(number) for number in range(4)]
    for place in places:
        place.mkdir()
    threads = [
        threading.Thread(target=download, args=(transfer(server, place), unwatched))
        for place in places
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((place / "part").read_bytes() == DATA for place in places)
