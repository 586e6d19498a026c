"""The built-in profiles, as pure data in the form of a profile file.

    default      nothing runs on the host; ordinary file and text tools are confined
    minimal      nothing runs on the host, nothing is confined: all is asked
    readonly     tools that read are confined; nothing runs on the host
    diagnostics  commands that show how the machine is run on the host; tools that read are confined
    project      everything is confined but what reaches out of the project, which is asked
    ops          as diagnostics; what locks the operator out is denied

No profile lets a program read files on the host that the caller names: `cat` and its like are
confined, where secrets are hidden. Read by `profile.py`; every example in it is a test.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Lists = Mapping[str, Sequence[object]]

SUMMARIES = {
    "default": "nothing runs on the host; ordinary file and text tools are confined",
    "minimal": "nothing runs on the host, nothing is confined: all is asked",
    "readonly": "tools that read are confined; nothing runs on the host",
    "diagnostics": "what shows how the machine is runs on the host; tools that read are confined",
    "project": "everything is confined but what reaches out of the project, which is asked",
    "ops": "as diagnostics; what locks the operator out is denied",
}

_READERS: tuple[object, ...] = (
    *("ls", "dir", "vdir", "cat", "tac", "head", "tail", "wc", "nl", "od", "hexdump", "strings"),
    *("stat", "file", "du", "df", "readlink", "realpath", "basename", "dirname", "pwd", "tree"),
    *("grep", "egrep", "fgrep", "zcat", "bzcat", "xzcat", "zgrep", "look", "column", "fold"),
    *("cut", "tr", "paste", "join", "comm", "cmp", "diff", "fmt", "pr", "expand", "unexpand"),
    *("cksum", "sum", "md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum"),
    *("b2sum", "base32", "base64", "echo", "printf", "seq", "true", "false", "test", "expr"),
    *("uname", "id", "whoami", "nproc", "which", "jq", "date", "sleep", "sh", "bash", "dash"),
    {
        "command": "find",
        "without": ["-exec*", "-ok*", "-delete", "-fls*", "-fprint*"],
        "match": ["find . -name '*.py' -o -type d"],
        "not_match": ["find . -delete", "find . -exec rm '{}' +", "find . -fprintf f x"],
    },
    {
        "command": "sort",
        "without": ["-o", "-T", "--output", "--compress-program", "--temporary-directory"],
        "match": ["sort -rn f"],
        "not_match": ["sort -ro f f", "sort --out=f f", "sort --compress-program=sh f"],
    },
    {"command": "uniq -c", "not_match": ["uniq a b"]},
    {
        "command": "rg",
        "without": ["--pre*", "--hostname-bin"],
        "match": ["rg -n x ."],
        "not_match": ["rg --pre sh x"],
    },
    *("git status", "git log", "git diff", "git show", "git blame", "git ls-files"),
)

_STATUS: tuple[object, ...] = (
    *(
        "uname",
        "arch",
        "nproc",
        "whoami",
        "id",
        "groups",
        "free",
        "vmstat",
        "mpstat",
        "lsmod",
        "df",
    ),
    {"command": "uptime", "without": ["*"], "not_match": ["uptime /etc/shadow"]},
    {"command": "iostat", "without": ["-f", "+f*"], "not_match": ["iostat -f /tmp/x"]},
    {"command": "lscpu", "without": ["-s", "--sysroot"], "not_match": ["lscpu -s /tmp/x"]},
    {"command": "lsblk", "without": ["--sysroot"], "not_match": ["lsblk --sysr /tmp/x"]},
    {
        "command": "lspci",
        "not_match": ["lspci -q", "lspci -vF /tmp/x", "lspci -O net.cache-name=x"],
    },
    {"command": "lsusb", "match": ["lsusb -t"], "not_match": ["lsusb -D /etc/shadow"]},
    {"command": "sensors", "not_match": ["sensors -s", "sensors -c /etc/shadow"]},
    {"command": "getconf", "match": ["getconf PAGE_SIZE"], "not_match": ["getconf -v ../x PATH"]},
    {
        "command": "who",
        "without": ["*"],
        "match": ["who -b"],
        "not_match": ["who /etc/shadow", "who --lookup"],
    },
    {"command": "w", "without": ["*"]},
    {"command": "last", "not_match": ["last -f /tmp/x", "last -xd", "last --dns"]},
    {"command": "mount", "without": ["*", "-*"], "match": ["mount"], "not_match": ["mount -a"]},
    {"command": "findmnt", "match": ["findmnt -l /"], "not_match": ["findmnt -F /etc/shadow"]},
    {
        "command": "hostname",
        "match": ["hostname", "hostname -f"],
        "not_match": ["hostname evil", "hostname -F f", "hostname --fil f"],
    },
    {
        "command": "date",
        "without": ["-f", "--file", "-r", "--reference"],
        "match": ["date", "date -u +%F"],
        "not_match": ["date -s 2001-01-01", "date --set=x", "date 01010000", "date -f /etc/x"],
    },
    {
        "command": "ps",
        "match": ["ps", "ps aux", "ps -ef"],
        "not_match": ["ps e", "ps auxe", "ps ax e", "ps -auxe", "ps axeopid,cmd", "ps -ef e"],
    },
    {
        "command": "ss",
        # What it is to filter by may be names, which are looked up in the network.
        "without": ["*", "-r", "--resolve"],
        "match": ["ss -tlnp"],
        "not_match": ["ss -tK", "ss --kill", "ss dst secret.example.com", "ss -r", "ss -N x"],
    },
    *(
        {"command": f"ip {what} show", "without": ["-*"], "match": [f"ip {what} show"]}
        for what in ("addr", "link", "route", "neigh", "rule")
    ),
    {
        "command": "sysctl",
        "without": ["-f", "-w", "-p", "--write", "--load", "--system"],
        "match": ["sysctl -a", "sysctl vm.swappiness"],
        "not_match": [
            *("sysctl kernel/../../../etc/hostname", "sysctl vm.swappiness=1"),
            *("sysctl -w vm.swappiness=1", "sysctl -pf"),
        ],
    },
    *("systemctl status", "systemctl is-active", "systemctl is-enabled", "systemctl is-failed"),
    *("systemctl is-system-running", "systemctl list-units", "systemctl list-unit-files"),
    *("systemctl list-timers", "systemctl list-sockets", "systemctl get-default"),
    "resolvectl status",
    {"command": "hostnamectl status", "not_match": ["hostnamectl status -H x"]},
    {"command": "timedatectl status", "not_match": ["timedatectl status --host=x"]},
    {"command": "loginctl list-sessions", "not_match": ["loginctl list-sessions -M x"]},
    {
        "command": "journalctl",
        "without": ["-f", "--follow", "--file", "-i"],
        "match": ["journalctl -u nginx -n 50", "journalctl --since today -p err"],
        "not_match": [
            *("journalctl --vacuum-time=1s", "journalctl --vac=1", "journalctl --rotate"),
            *("journalctl -D /tmp/x", "journalctl --flush", "journalctl -u x -f"),
        ],
    },
    {
        "command": "dmesg",
        "without": ["-F", "-w", "-W", "--file", "--follow*"],
        "match": ["dmesg -T"],
        "not_match": [
            *("dmesg -c", "dmesg -TC", "dmesg --clear", "dmesg -F /etc/shadow", "dmesg -H"),
            "dmesg -K /etc/shadow",
        ],
    },
    *(
        {
            "command": command,
            "without": ["--admindir", "--root"],
            "not_match": [f"{command} --ro=x"],
        }
        for command in ("dpkg-query -l", "dpkg-query -W")
    ),
)

# What shows the machine must not be confined, where it would show the sandbox: strictest wins.
_READERS_BESIDES = tuple(
    reader for reader in _READERS if reader not in ("date", "df", "id", "nproc", "uname", "whoami")
)

_OUTSIDE: tuple[object, ...] = (
    *("git push", "git pull", "git fetch", "git clone", "git remote", "git submodule"),
    *("pip install", "pip3 install", "pip uninstall", "pip download", "uv", "poetry", "conda"),
    *("npm install", "npm ci", "npm publish", "npx", "yarn", "pnpm", "cargo install", "gem"),
    *("make install", "docker", "podman", "kubectl", "helm", "terraform", "ansible-playbook"),
    *("ssh", "scp", "sftp", "rsync", "curl", "wget", "nc", "gh", "aws", "gcloud", "az"),
    *("apt", "apt-get", "dpkg", "dnf", "yum", "rpm", "zypper", "apk", "pacman", "brew", "snap"),
    *("sudo", "doas", "su", "pkexec", "run0", "systemd-run", "systemctl", "service", "crontab"),
    *("at", "batch", "mail", "sendmail", "reboot", "shutdown", "poweroff", "halt", "mount"),
)

_LOCKING_OUT: tuple[object, ...] = (
    *("iptables -F", "ip6tables -F", "nft flush ruleset", "userdel root", "passwd -l root"),
    *("systemctl disable sshd", "systemctl mask sshd", "systemctl stop ssh"),
    *("systemctl disable ssh", "systemctl mask ssh", "systemctl stop networking"),
    *("systemctl stop NetworkManager", "systemctl stop systemd-networkd"),
    *("systemctl isolate rescue.target", "systemctl isolate emergency.target"),
    {
        "command": "systemctl stop sshd",
        "match": ["sudo systemctl --no-block stop nginx sshd.service", "systemctl stop sshd"],
        "not_match": ["systemctl status sshd", "systemctl stop nginx"],
        "reason": "It would lock everybody out of this machine.",
    },
    {
        "command": "ip link set down",
        "match": ["ip link set eth0 down", "sh -c 'sudo ip link set dev eth0 down'"],
        "not_match": ["ip link show eth0", "ip link set eth0 up"],
        "reason": "It would cut this machine off from the network.",
    },
)

PROFILES: Mapping[str, Lists] = {
    "default": {},
    "minimal": {"confine": ()},
    "readonly": {"confine": _READERS},
    "diagnostics": {"auto_approve": _STATUS, "confine": _READERS_BESIDES},
    "project": {"confine": ("*",), "ask": _OUTSIDE},
    "ops": {
        "auto_approve": (
            *_STATUS,
            *(
                {"command": command, "without": ["-H", "-c", "--host", "--config", "--context"]}
                for command in ("docker ps", "docker images", "docker stats --no-stream")
            ),
            {"command": "ufw status", "without": ["*", "-*"]},
            {"command": "crontab -l", "without": ["*", "-*"], "not_match": ["crontab -l -uroot"]},
        ),
        "confine": _READERS_BESIDES,
        "always_deny": _LOCKING_OUT,
    },
}
