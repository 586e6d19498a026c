from __future__ import annotations

import pytest

from shannot.effects.model import (
    ChangeMode,
    ChangeOwner,
    DeletePath,
    Effect,
    Entry,
    Fingerprint,
    MakeDirectory,
    MakeLink,
    MovePath,
    WriteFile,
)
from shannot.effects.plan import Plan
from shannot.effects.warnings import warnings
from tests.effects.samples import DIRECTORY, FILE, SHA, command


def of(*effects: Effect) -> tuple[str, ...]:
    """The warnings of the first effect."""
    return warnings(Plan(effects))[0]


def write(path: str, mode: int = 0o644, before: Fingerprint | None = None) -> WriteFile:
    return WriteFile(path, before, Fingerprint("file", mode, SHA, 1))


def test_a_plain_file_has_no_warning() -> None:
    assert of(write("/srv/app/readme.txt")) == ()
    assert of(MakeDirectory("/srv/app/d", 0o755)) == ()


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/home/u/.bashrc", "start-up"), ("/home/u/.profile", "start-up"),
        ("/home/u/.zshrc", "start-up"), ("/etc/cron.d/x", "start-up"),
        ("/etc/crontab", "start-up"), ("/etc/rc.local", "start-up"),
        ("/etc/systemd/system/x.service", "start-up"), ("/var/spool/cron/root", "start-up"),
        ("/home/u/.config/systemd/user/x.timer", "start-up"),
        ("/home/u/.config/autostart/x.desktop", "start-up"), ("/etc/profile.d/x.sh", "start-up"),
        ("/usr/lib/python3/dist-packages/x.pth", "start-up"),
        ("/etc/ld.so.preload", "start-up"), ("/etc/sudoers.d/x", "start-up"),
        ("/home/u/.ssh/authorized_keys", "key"), ("/home/u/.ssh/config", "key"),
        ("/srv/tls/site.pem", "key"), ("/srv/.env", "key"), ("/etc/passwd", "account"),
        ("/srv/p/.git/hooks/post-checkout", "git hook"), ("/srv/p/.git/config", "git"),
        ("/srv/p.git/hooks/update", "git hook"), ("/srv/p/.husky/pre-commit", "git hook"),
        ("/etc/nginx/nginx.conf", "/etc"),
    ],
)  # fmt: skip
def test_a_dangerous_place_is_named(path: str, word: str) -> None:
    assert any(word in line for line in of(write(path)))
    assert any(word in line for line in of(MakeLink(path, "/srv/x")))
    assert any(word in line for line in of(MovePath("/srv/x", path, FILE)))
    assert any(word in line for line in of(DeletePath(path, FILE)))


def test_a_dangerous_place_inside_a_moved_directory_is_named() -> None:
    moved = MovePath("/srv/x", "/home/u", DIRECTORY, None, (Entry(".bashrc", FILE),))
    assert any("start-up" in line for line in of(moved))


@pytest.mark.parametrize(
    ("effect", "word"),
    [
        (write("/srv/x", 0o755), "executable"),
        (ChangeMode("/srv/x", 0o644, 0o744), "executable"),
        (ChangeMode("/srv/x", 0o755, 0o4755), "setuid"),
        (write("/srv/x", 0o2644), "setgid"),
        (MakeDirectory("/srv/x", 0o777), "every user"),
        (ChangeMode("/srv/x", 0o644, 0o666), "every user"),
        (ChangeOwner("/srv/x", (1, 1), (0, 0)), "user 0"),
        (MakeLink("/srv/x", "/home/u/.ssh/id_rsa"), "key"),
        (MakeLink("/srv/x", "/etc/shadow", hard=True), "second name"),
        (DeletePath("/srv/x", DIRECTORY, (Entry("a", FILE), Entry("b", FILE))), "2 paths"),
        (MovePath("/srv/x", "/srv/y", FILE, FILE), "replaces"),
        (command("true", state="assumed"), "told that it succeeded"),
        (command("sh", "-c", "id"), "shell line"),
    ],
    ids=str,
)
def test_a_dangerous_change_is_named(effect: Effect, word: str) -> None:
    assert any(word in line for line in of(effect))


def test_an_executable_that_stays_one_is_no_news() -> None:
    assert of(write("/srv/x", 0o755, Fingerprint("file", 0o755, SHA, 2))) == ()
    assert of(write("/tmp/x/d", 0o644, FILE)) == ()


@pytest.mark.parametrize(
    "later",
    [
        command("sh", "/srv/app/run.sh"),
        command("sh", "app/run.sh"),
        command("make", "-C", "x", "--file=/srv/app/run.sh"),
        command("sh", "-c", "cd / && sh '/srv/app/run.sh';true"),
    ],
    ids=lambda effect: " ".join(effect.argv),
)
def test_writing_what_a_later_command_is_given_is_named(later: Effect) -> None:
    assert any("command 2" in line for line in of(write("/srv/app/run.sh"), later))
    assert warnings(Plan((later, write("/srv/app/run.sh"))))[1] == ()


def test_writing_the_executable_of_a_later_command_is_named() -> None:
    assert any("command 2" in line for line in of(write("/usr/bin/tool"), command("tool")))
    assert of(write("/usr/bin/tool"), command("tool", state="done")) == ()


def test_a_command_that_ran_with_unseen_changes_says_so() -> None:
    from dataclasses import replace

    ran = replace(command("ls", state="done"), after_unseen_changes=True)
    assert any("without seeing" in line for line in of(ran))
