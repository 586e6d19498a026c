"""Which programs can do what a reviewer must know: pure data for `danger.py`."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PERMISSIONS = _names("chmod chown chgrp setfacl setcap chattr chcon setsebool umask")
ELEVATORS = _names(
    "sudo doas pkexec su runuser run0 systemd-run sg newgrp machinectl nsenter chroot sudoedit"
)
NETWORK = _names(
    "curl wget fetch aria2c lynx w3m http nc ncat netcat socat telnet ftp lftp tftp ssh scp sftp "
    "sshpass mosh rsh rlogin ping ping6 dig nslookup host traceroute tracepath mtr nmap whois mail "
    "sendmail mutt rclone ansible ansible-playbook"
)
NETWORK_VERBS = {
    "git": _names("push pull fetch clone ls-remote remote submodule send-email"),
    "docker": _names("pull push login build run"),
    "podman": _names("pull push login build run"),
    "kubectl": _names("apply delete exec create edit patch scale rollout port-forward cp"),
    "gh": _names("pr repo release api auth gist issue secret workflow"),
    "aws": _names("s3 ec2 iam ssm lambda"),
}
SERVICES = _names(
    "kill pkill killall killall5 skill reboot shutdown halt poweroff init telinit kexec service "
    "rc-service invoke-rc.d initctl supervisorctl launchctl start-stop-daemon"
)
SERVICE_VERBS = {
    "systemctl": _names(
        "start stop restart reload reload-or-restart try-restart try-reload-or-restart kill enable "
        "disable mask unmask isolate reboot poweroff halt suspend hibernate kexec rescue emergency "
        "daemon-reload daemon-reexec reset-failed set-property revert preset edit link set-default"
    ),
    "docker": _names("stop kill rm restart start pause run exec prune compose"),
    "podman": _names("stop kill rm restart start pause run exec prune"),
    "loginctl": _names("kill-session kill-user terminate-session terminate-user enable-linger"),
}
LATER = _names("crontab at batch update-rc.d chkconfig systemd-cron-next incrontab")
INSTALLERS = {
    # name: the words that install or remove; without any, the program does nothing else
    "pip": _names("install uninstall download"),
    "pip3": _names("install uninstall download"),
    "pipx": _names("install uninstall run inject upgrade"),
    "uv": _names("pip add remove sync tool run"),
    "uvx": frozenset[str](),
    "poetry": _names("add install remove update"),
    "conda": _names("install remove update create"),
    "mamba": _names("install remove update create"),
    "npm": _names("install i ci add uninstall update exec run test start publish link"),
    "npx": frozenset[str](),
    "yarn": _names("add install remove upgrade run dlx"),
    "pnpm": _names("add install i remove update run dlx"),
    "bun": _names("add install remove update x run"),
    "gem": _names("install uninstall update"),
    "cargo": _names("install uninstall"),
    "go": _names("install get"),
    "apt": _names("install remove purge upgrade full-upgrade autoremove"),
    "apt-get": _names("install remove purge upgrade dist-upgrade autoremove build-dep"),
    "aptitude": _names("install remove purge upgrade full-upgrade"),
    "dpkg": _names("-i --install -r --remove -P --purge --configure --unpack"),
    "rpm": _names("-i -U -F -e -ivh -Uvh --install --upgrade --erase"),
    "dnf": _names("install remove upgrade update autoremove erase"),
    "yum": _names("install remove upgrade update autoremove erase"),
    "zypper": _names("install in remove rm update up dup"),
    "apk": _names("add del upgrade"),
    "pacman": _names("-S -Sy -Syu -R -Rs -U"),
    "emerge": frozenset[str](),
    "brew": _names("install uninstall upgrade reinstall"),
    "snap": _names("install remove refresh"),
    "flatpak": _names("install uninstall update"),
    "nix-env": frozenset[str](),
    "make": _names("install uninstall"),
    "ninja": _names("install"),
}
WRITERS = _names("tee cp mv ln install sed dd rsync truncate touch ed")
"""Programs whose operands they write."""
CODE_OPTIONS = {"python": "c", "php": "r", "perl": "eE", "ruby": "e", "node": "ep"}
"""The short options of interpreters that are followed by a program; others: `-c` or `-e`."""

NAMES = (
    PERMISSIONS
    | ELEVATORS
    | NETWORK
    | SERVICES
    | LATER
    | WRITERS
    | frozenset(NETWORK_VERBS)
    | frozenset(SERVICE_VERBS)
    | frozenset(INSTALLERS)
    | _names("rm unlink shred rmdir wipe srm find git systemctl")
)
"""Every name that a table knows: these begin a command among the words of a wrapper."""
