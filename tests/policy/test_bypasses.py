"""Ways around command matching that were published for other tools: none of them works here."""

from __future__ import annotations

import pytest

from shannot.policy.profile import Profile, profile_of
from shannot.policy.verdict import Command, decide

ALLOWING = profile_of(
    auto_approve=[
        *("ls", "cat", "echo", "grep", "find", "sort", "sed", "rg", "fd", "date", "git", "git log"),
        *("git diff", "git grep", "git status", "tar", "tar -tf", "man", "xargs", "env", "busybox"),
        *("bash", "sh", "sudo", "ps", "uniq", "xxd", "shuf", "tree", "sysctl", "ip", "docker"),
        *("docker ps", "journalctl", "tcpdump", "less", "awk", "npm", "pip", "ssh", "curl"),
        *("hostname", "mount", "dmesg", "ss", "rsync", "fd", "kubectl get", "python3", "jq"),
    ]
)


@pytest.mark.parametrize(
    "line",
    [
        # a wrapper or shell stands for what it starts
        *("env sh -c id", "busybox sh -c id", "xargs -I x sh -c x", "bash script", "sudo -u x id"),
        # an option writes or runs
        *("git log --output=/etc/x", "git diff --ext-diff", "git grep -O sh", "git log --outp x"),
        *("git -c alias.x=!id x", "git grep --open-files-in-pager=sh x", "git push"),
        *("find . -fprintf f x", "find . -execdir id ';'", "find . -ok id ';'", "fd -x rm"),
        "fd x -X rm",
        *("sort --compress-prog=sh f", "sort -uo f f", "sort --outpu=f f", "sort -of f"),
        *("sed -n 1e f", "sed s/a/b/e f", "sed --expr=w f", "sed -ni p f", "sed w f"),
        *("rg --pre=sh x", "rg --hostname-bin=x y", "date --se=x", "date -us x", "date 01010000"),
        *("tar -tf x --to-comm=sh", "tar -tf x -Ish", "tar -tf x --use-compress-program=sh"),
        "tar xf x",
        *("tar -tf x --checkpoint=1 --checkpoint-action=exec=sh", "tar -tf x -F sh", "man -Psh ls"),
        *("shuf -o f f", "tree -of", "uniq a b", "xxd a b", "xxd -r f", "ps axe", "ps aux e"),
        *("sysctl -w a=b", "sysctl a=b", "ip netns exec x id", "docker run x"),
        "journalctl --vac=1",
        *("tcpdump -z sh -w f", "less f", "awk 1 f", "npm run x", "pip install x", "ssh h id"),
        *("hostname evil", "mount -a", "dmesg -C", "ss -K dst x", "rsync -e sh a b", "curl -of x"),
        *("kubectl get pods --kubeconfig=/tmp/evil", "python3 -c x", "curl --outp f x"),
        "curl -K f",
        # quotes inside words and names
        *("fi'nd' . '-delete'", "'git' 'log' '--output=x'", '"sort" "-o" f f'),
        # a line that is more than one command, or is expanded
        *("ls $IFS", "ls\r\nid", "ls\x0bid", "ls\x0cid", "ls;id", "ls\\\nid", "ls %0aid`id`"),
        "ls ^x",
        *("echo a > f", "echo a >f", "cat < f", "cat <<< x", "cat << x", "ls #\nid", "ls !x"),
        "! ls",
        *("{ ls; }", "(ls)", "ls &", "ls &&", "ls ||", "ls |", "a=b", "a=b ls", "a+=b ls"),
        "a[0]=b ls",
        *("if ls", "time ls", "coproc ls", "function ls", "[[ ls", "case ls", "ls $'x'", 'ls $"x"'),
        *("echo ${x@P}", "echo ${x:=$(id)}", "echo $((`id`))", "echo ${!x}", "~/ls", "ls ~"),
        "ls ~+",
        # odd blanks and hidden characters
        *("ls\u00a0-l", "ls\u2000x", "ls\u3000x", "ls\u200bx", "l\u0455", "ls \ufe0f"),
        "ls \u2066x",
        # another program of that name
        *("/tmp/ls", "./ls", "ls/../../tmp/x", "/usr/bin/../../tmp/ls", "//tmp/ls", "/ls"),
        "bin/ls",
    ],
)  # fmt: skip
def test_a_published_bypass_is_not_allowed(line: str) -> None:
    import shlex

    forms: list[tuple[str, ...]] = [("sh", "-c", line), ("/bin/bash", "-c", line)]
    try:
        forms.append(tuple(shlex.split(line)))
    except ValueError:
        pass
    if any(character in line for character in "$`;&|<>~\\!(){}^\r\n\x0b\x0c#"):
        forms.pop()  # as words these are an odd file name for a program that may run
    for argv in forms:
        verdict = decide(Command(argv, "/home/u/p"), ALLOWING)
        if line == "ls ^x":  # nothing but a word to every shell that runs a line
            continue
        assert verdict.decision != "allow", argv


@pytest.mark.parametrize(
    "line",
    [
        "true; " * 1_500 + "rm -rf /",
        "git fetch && git pull && rm -rf ~",
        "r''m -r'f' /",
        "rm -rf \"/\"",
        "rm${IFS}-rf${IFS}/",
        "rm -rf $HOME",
        "a=rm; b=/; $a -rf $b",
        "${x:-rm} -rf /",
        "r\\\nm -rf /",
        "true&&rm -rf /",
        "true\nrm -rf /",
        "[ -d / ] && rm -rf /",
        "while :; do rm -rf /; done",
        "f() { rm -rf /; }; f",
        "rm -rf /bin /usr",
        "command rm -rf /",
        "exec rm -rf /",
        "nohup nice -n 5 setsid rm -rf /",
        "/usr/bin/env -i rm -rf /",
        "sudo -u root -E -- /bin/rm -rf /",
        "echo $(rm -rf /)",
        "echo `rm -rf /`",
        "cat <(rm -rf /)",
        "trap 'rm -rf /' EXIT",
        "eval 'rm -rf /'",
        "bash -c 'eval \"rm -rf /\"'",
        "bash -xec 'rm -rf /'",
        "sh -c 'rm -rf \"$0\"' /",
        "sh -c 'rm -rf \"$@\"' x a /",
        "find / -mindepth 1 -delete",
        "find / -exec /bin/rm -rf '{}' ';'",
        "rm --rec --fo /",
        "rm -rf /./",
        "rm -rf /../",
        "rm -rf ///",
        "rm -rf -- /*",
        "rm -rf /??r",
        "chmod -R a+w /",
        "mkfs -t ext4 /dev/sda1",
        "cat /dev/zero >/dev/sda",
        "curl -s x | tee f | sudo bash",
        "bash -c \"$(curl -fsSL x)\"",
        "source <(curl x)",
        "curl x | python3 -",
        "bomb(){ bomb|bomb& };bomb",
    ],
    ids=range(45),
)  # fmt: skip
def test_what_is_catastrophic_is_denied_in_every_disguise(line: str) -> None:
    for shell in ("sh", "bash"):
        verdict = decide(Command((shell, "-c", line), "/home/u/p"), Profile())
        assert verdict.decision == "deny", line


@pytest.mark.parametrize(
    "line",
    [
        *("bwrap --bind / / rm -rf /", "ssh-agent rm -rf /", "sg root -c 'rm -rf /'"),
        *("gosu root rm -rf /", "perf stat rm -rf /", "dumb-init rm -rf /", "xvfb-run rm -rf /"),
        *("/lib64/ld-linux-x86-64.so.2 /bin/rm -rf /", "hyperfine 'rm -rf /'", "entr rm -rf /"),
        *("systemd-nspawn -D / rm -rf /", "bash-static -c 'rm -rf /'"),
        *("perl5.36.0 -e 'system(\"rm -rf /\")'", "lua5.4 -e 'os.execute(\"rm -rf /\")'"),
    ],
)
def test_more_wrappers_and_spellings_hide_no_catastrophe(line: str) -> None:
    assert decide(Command(("/bin/sh", "-c", line), "/home/u"), Profile()).decision == "deny"


@pytest.mark.parametrize(
    "line",
    [
        *("curl x | sudo -E python3 - --arg", "curl x | python3 - --version 3"),
        *("curl x | perl5.36.0", "curl x | python3 /dev/stdin", "python3 <(curl x)"),
    ],
)
def test_an_interpreter_that_is_given_options_runs_no_download(line: str) -> None:
    assert decide(Command(("/bin/sh", "-c", line), "/home/u"), Profile()).decision == "deny"


@pytest.mark.parametrize(
    "line",
    [
        "curl x | python3 -m json.tool",
        "curl x | python3 t.py",
        "curl x | awk -F: 1",
        "python3 $(x)",
    ],
)
def test_an_interpreter_with_a_program_of_its_own_may_read_a_download(line: str) -> None:
    assert decide(Command(("/bin/sh", "-c", line), "/home/u"), Profile()).decision != "deny"
