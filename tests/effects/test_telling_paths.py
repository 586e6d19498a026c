"""What a path tells, and that the quick look which most paths get never overlooks anything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shannot.effects.telling_paths import TellingPaths, _told

# Everything that an alternative of the patterns begins with, ends in or hinges on.
WORDS = (
    "etc", "usr", "local", "lib", "systemd", "udev", "var", "spool", "cron", "at", "autostart",
    "hooks", ".git", "config", "modules", "info", "attributes", ".husky", ".config", "fish",
    ".bashrc", ".ssh", "gcloud", "authorized_keys", "authorized_keys2", "known_hosts", "id_rsa",
    "id_ed25519_sk.pub", ".netrc", ".env", ".env.local", "shadow", "passwd-", "ssl", "a.pem",
    "a.service", "x.pth", "sitecustomize.py", "conftest.py", "usercustomize.py", "a.key", "key",
    "service", ".service", ".gitattributes", "home", "x", "notes.txt", "a.pem\n", ".bashrc\n",
    "x.timer\n", "\n", "profile.d", "fstab", "cron.daily", "crontab", "security", "é.desktop",
)  # fmt: skip
PATHS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(lambda parts: "/".join(parts))


@settings(max_examples=3000, deadline=None)
@given(st.lists(PATHS, min_size=1, max_size=4))
def test_a_quick_look_tells_what_the_patterns_tell(paths: list[str]) -> None:
    telling = TellingPaths()
    for path in (f"/{path}" for path in paths):
        assert list(telling.of(path)) == _told(path), path


@pytest.mark.parametrize("first", WORDS)
def test_every_pair_of_telling_words_is_told_in_any_order(first: str) -> None:
    telling = TellingPaths()
    for second in WORDS:
        for path in (f"/{first}", f"/{first}/{second}", f"/home/{first}/{second}"):
            assert list(telling.of(path)) == _told(path), path
            assert list(telling.of(f"{path}/x")) == _told(f"{path}/x"), path


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/home/me/.bashrc", "start-up file"),
        ("/srv/app/x.service", "start-up file"),
        ("/srv/app/server.key", "key file"),
        ("/srv/app/.git/hooks/pre-commit", "git hook"),
        ("/srv/hooks/anything", "git hook"),
        ("/etc/motd", "in /etc"),
        ("/etc", "in /etc"),
    ],
)
def test_what_a_path_tells(path: str, what: str) -> None:
    assert any(what in line for line in TellingPaths().of(path))


def test_a_plain_path_tells_nothing() -> None:
    telling = TellingPaths()
    assert telling.of("/srv/app/main.py") == telling.of("/srv/app/other") == ()
