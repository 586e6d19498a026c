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
        ("awk '{ print | \"sh\" }' f", "interpreter", "danger"),
        ("awk '{ system($0) }' f", "interpreter", "danger"),
        ("gawk 'BEGIN { \"date\" | getline d; print d }'", "interpreter", "danger"),
        ("sed 's/.*/rm &/e' f", "interpreter", "danger"),
        ("sed -n -e '1e date' f", "interpreter", "danger"),
        ("sed --expression='s|a|b|ge' f", "interpreter", "danger"),
        ("psql -c 'DROP TABLE users'", "deletes", "notice"),
        ("mysql -e 'delete  from t'", "deletes", "notice"),
        ("sqlite3 db '.shell rm x'", "interpreter", "danger"),
        ("psql -c \"COPY t FROM PROGRAM 'id'\"", "interpreter", "danger"),
        ("psql <<E\nTRUNCATE t;\nE\n", "deletes", "notice"),
        ("python3 <<E\nprint(1)\nE\n", "interpreter", "danger"),
        ("python3 - <<'E'\nimport os\nos.system('rm -r x')\nE\n", "deletes", "danger"),
        ("python3 <<< 'print(1)'", "interpreter", "danger"),
    ],
)
def test_what_a_command_can_touch_is_named(line: str, kind: str, how_much: str) -> None:
    found = dangers(("/bin/sh", "-c", line), "/home/u/p")
    assert kind in {danger.kind for danger in found}
    assert level(found) == how_much


def test_a_harmless_command_has_no_danger() -> None:
    for line in (
        "ls -la",
        "grep -r x . | wc -l",
        "cat f > out",
        "echo rm -rf x",
        "sed s/a/b/ f",
        "awk -F'|' '/a|b/ { print $1 \"|\" $2 }' f",
        "sed -e 's/e /the e/g' f",
        "sed -ne /see/p f",
        "psql -c 'select 1'",
        "sqlite3 db .tables",
        "apt-get -s install x",
        "npm test",
        "npm run build",
        "python3 tool.py a",
    ):
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
