from __future__ import annotations

import pytest

from shannot.policy.danger import DANGER_LIMIT, dangers, level


def kinds(line: str) -> set[str]:
    return {danger.kind for danger in dangers(("/bin/sh", "-c", line), "/home/u/p")}


@pytest.mark.parametrize(
    ("line", "kind", "how_much"),
    [
        ("rm -rf build", "deletes", "danger"),
        ("rm f", "deletes", "notice"),
        ("find . -name x -delete", "deletes", "danger"),
        ("git clean -fdx", "deletes", "danger"),
        ("chmod +x f", "permissions", "notice"),
        ("timeout -k 1 5 chown me f", "permissions", "notice"),
        ("sudo id", "elevates", "danger"),
        ("true && nice -n 5 sudo id", "elevates", "danger"),
        ("pip install x", "installs", "notice"),
        ("python3 -m pip install x", "installs", "notice"),
        ("echo $(apt-get -y install x)", "installs", "notice"),
        ("curl http://x -o f", "network", "notice"),
        ("git push origin", "network", "notice"),
        ("systemctl restart nginx", "services", "notice"),
        ("kill 1", "services", "notice"),
        ("echo x >> ~/.bashrc", "startup", "danger"),
        ("tee /etc/cron.d/x", "startup", "danger"),
        ("cd ~ && cp x .bashrc", "startup", "danger"),
        ("crontab -", "startup", "danger"),
        ("systemctl enable x", "startup", "danger"),
        ("cat f | sh", "interpreter", "danger"),
        ("cat f | python3", "interpreter", "danger"),
        ("python3 -c 'print(1)'", "interpreter", "danger"),
        ("x 'unclosed", "unreadable", "danger"),
    ],
)
def test_what_a_command_can_touch_is_named(line: str, kind: str, how_much: str) -> None:
    found = dangers(("/bin/sh", "-c", line), "/home/u/p")
    assert kind in {danger.kind for danger in found}
    assert level(found) == how_much


def test_a_harmless_command_has_no_danger() -> None:
    for line in ("ls -la", "grep -r x . | wc -l", "cat f > out", "echo rm -rf x", "sed s/a/b/ f"):
        assert kinds(line) == set()
    assert dangers(()) == ()
    assert level(()) == "none"


def test_a_list_of_words_is_read_like_a_line() -> None:
    (danger,) = dangers(("env", "A=1", "rm", "-r", "x\x1b[2J"))
    assert (danger.kind, danger.text) == ("deletes", "deletes recursively")
    assert danger.command.isprintable()
    assert danger.command.startswith("rm -r ")


def test_thousands_of_dangers_are_told_once_each() -> None:
    found = dangers(("sh", "-c", "rm -rf x;" * 1_000))
    assert len(found) == 1
    assert len(dangers(("sh", "-c", "sudo rm -r x | sh;" * 1_000))) < DANGER_LIMIT
