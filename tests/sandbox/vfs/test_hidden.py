"""What no script sees, under any spelling and wherever it is moved."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from shannot.sandbox.vfs.hidden import Hidden
from tests.fakes.projects import Project, project, refused


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "path",
    [
        "/home/u/.ssh", "/home/u/.gnupg", "/home/u/.aws", "/home/u/.azure", "/home/u/.kube",
        "/home/u/.config/gcloud", "/home/u/.docker/config.json", "/home/u/.netrc",
        "/home/u/.pypirc",
        "/home/u/.npmrc", "/home/u/.git-credentials", "/home/u/.mozilla", "/home/u/.bash_history",
        "/home/u/.config/google-chrome", "/home/u/.local/share/keyrings", "/srv/app/.env",
        "/srv/app/.env.production", "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d",
        "/etc/ssl/private", "/etc/ssh/ssh_host_ed25519_key", "/home/u/.config/shannot",
        "/home/u/.local/state/shannot", "/home/u/p/.git/credentials", "/proc", "/dev",
        "/home/u/.config/git/credentials", "/home/u/.cargo/credentials.toml", "/home/u/.ssh/config",
        "/srv/app/.ENV", "/srv/app/.Env.local", "/home/u/.SSH", "/home/u/.Xauthority",
        "/var/backups/shadow.bak", "/image/etc/shadow-",
    ],
)  # fmt: skip
def test_keys_tokens_and_histories_are_hidden(path: str) -> None:
    assert Hidden().hides_path(path.encode())


@pytest.mark.parametrize(
    "path",
    [
        "/home/u/p/.git/config", "/home/u/.config", "/home/u/.config/git/config", "/etc/passwd",
        "/etc/ssh/sshd_config", "/etc/ssl/certs/ca.pem", "/home/u/.docker", "/srv/app/env",
        "/srv/app/.environment", "/etc/ssh/ssh_host_ed25519_key.pub", "/",
        "/home/u/.cargo/config.toml",
    ],
)  # fmt: skip
def test_what_is_no_secret_is_not_hidden(path: str) -> None:
    assert not Hidden().hides_path(path.encode())


def test_the_paths_of_this_run_are_hidden() -> None:
    hidden = Hidden(frozenset((b"/srv/state",)))
    assert hidden.hides(b"/srv", b"state")
    assert hidden.hides_path(b"/srv/state/sessions/x")


def test_a_hidden_name_is_no_entry(place: Project) -> None:
    place.file(".env", b"SECRET=1")
    place.file("d/f")
    script = place.start()
    for path in (".env", "./.env", "d/../.env", str(place.host / ".env")):
        refused("ENOENT", script.open, path, os.O_RDONLY)
        refused("ENOENT", script.stat, path)
    refused("ENOENT", script.open, ".env/", os.O_RDONLY)
    assert script.listdir(".") == ["d"]
    assert os.fsencode(place.host / ".env") in place.world.tree.lookup.missing


def test_nothing_takes_the_name_of_something_hidden(place: Project) -> None:
    path = place.file(".env", b"SECRET=1")
    place.file("f")
    script = place.start()
    refused("EACCES", script.write, ".env", b"x")
    refused("EACCES", script.mkdir, ".env")
    refused("EACCES", script.symlink, "f", ".env")
    refused("EACCES", script.link, "f", ".env")
    refused("EACCES", script.rename, "f", ".env")
    refused("ENOENT", script.unlink, ".env")
    assert path.read_bytes() == b"SECRET=1"


def test_a_name_that_would_be_hidden_is_the_script_s_own_where_the_host_has_none(
    place: Project,
) -> None:
    script = place.start()
    script.write(".env", b"mine")
    assert script.read(".env") == b"mine"
    assert script.listdir(".") == [".env"]


def test_a_moved_directory_does_not_reveal_what_it_hides(place: Project) -> None:
    place.file("app/.env", b"SECRET=1")
    place.file("app/.config/gcloud/token", b"SECRET=2")
    place.file("app/code", b"")
    script = place.start()
    script.rename("app", "moved")
    script.rename("moved/.config", "moved/plain")
    for path in ("moved/.env", "app/.env", "moved/plain/gcloud", "moved/plain/gcloud/token"):
        refused("ENOENT", script.stat, path)
    assert sorted(script.listdir("moved")) == ["code", "plain"]
    refused("ENOTEMPTY", script.rmdir, "moved/plain")


def test_the_rules_look_at_the_path_of_the_host(place: Project) -> None:
    place.file(".docker/config.json", b"SECRET")
    place.world.map(place.host / ".docker", "/elsewhere")
    script = place.start()
    refused("ENOENT", script.open, "/elsewhere/config.json", os.O_RDONLY)
    assert script.listdir("/elsewhere") == []


def test_a_link_to_something_hidden_leads_nowhere(place: Project) -> None:
    place.file(".ssh/id_rsa", b"SECRET")
    (place.host / "key").symlink_to(".ssh/id_rsa")
    (place.host / "directory").symlink_to(".ssh")
    script = place.start()
    refused("ENOENT", script.open, "key", os.O_RDONLY)
    refused("ENOENT", script.stat, "directory/id_rsa")
    assert script.readlink("key") == ".ssh/id_rsa"


def test_sockets_of_the_host_are_hidden_as_well(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.host)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("agent")
        script = place.start()
        refused("ENOENT", script.stat, "agent")
        assert script.listdir(".") == []
        refused("EACCES", script.write, "agent", b"")
