"""Which programs can do what a reviewer must know: pure data for `danger.py`."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PERMISSIONS = _names("chmod chown chgrp setfacl setcap chattr chcon setsebool umask")
ACCOUNTS = _names(
    "passwd chpasswd usermod useradd adduser userdel deluser groupadd groupmod groupdel gpasswd "
    "chsh chage visudo vipw vigr newusers"
)
ELEVATORS = _names(
    "sudo doas pkexec su runuser run0 systemd-run sg newgrp machinectl nsenter chroot sudoedit "
    "setpriv unshare capsh gosu su-exec setuidgid s6-setuidgid flatpak-spawn systemd-nspawn"
)
NETWORK = _names(
    "curl wget fetch aria2c lynx w3m http nc ncat netcat socat telnet ftp lftp tftp ssh scp sftp "
    "sshpass mosh rsh rlogin ping ping6 dig nslookup host traceroute tracepath mtr nmap whois mail "
    "sendmail mutt rclone ansible ansible-playbook gcloud gsutil az s3cmd smbclient sshfs yt-dlp "
    "youtube-dl cloudflared ngrok ntpdate grpcurl xh twine snmpwalk snmpget ssh-copy-id "
    "ssh-keyscan redis-cli elinks links smbmount websocat"
)
NETWORK_VERBS = {
    "git": _names("push pull fetch clone ls-remote remote submodule send-email"),
    "docker": _names("pull push login build run"),
    "podman": _names("pull push login build run"),
    "kubectl": _names("apply delete exec create edit patch scale rollout port-forward cp"),
    "svn": _names("checkout co commit ci update up export import"),
    "hg": _names("push pull clone incoming outgoing"),
    "terraform": _names("apply destroy init import plan refresh"),
    "tofu": _names("apply destroy init import plan refresh"),
    "helm": _names("install upgrade uninstall rollback pull push repo"),
    "vagrant": _names("up provision destroy box ssh"),
    "apt": _names("update"),
    "apt-get": _names("update"),
    "openssl": _names("s_client s_server"),
    "gh": _names("pr repo release api auth gist issue secret workflow"),
    "aws": _names("s3 s3api ec2 iam ssm lambda sts eks ecs rds ecr logs cloudformation route53"),
}
NETWORK_SETTERS = {
    # name: the words with which it only shows
    **dict.fromkeys(
        ("iptables", "ip6tables"), _names("-L -S --list --list-rules -nL -nvL -vnL -Ln -Lnv")
    ),
    **dict.fromkeys(("iptables-restore", "ip6tables-restore"), frozenset[str]()),
    "nft": _names("list"),
    "ufw": _names("status version show"),
    "firewall-cmd": _names("--state --list-all --list-services --list-ports"),
    "nmcli": _names("show status"),
    "ip": _names("show list ls lst get help"),
    "route": _names("-n"),
    "netplan": _names("get status"),
    **dict.fromkeys(("ifup", "ifdown", "wg-quick", "openvpn"), frozenset[str]()),
    "tailscale": _names("status ip version"),
}
SETTERS = {
    # name: the words with which it changes the running system; without any, whatever it is given
    "sysctl": _names("-w -p --write --load --system"),
    "date": _names("-s --set"),
    "timedatectl": _names("set-time set-timezone set-ntp set-local-rtc"),
    "hostnamectl": _names("set-hostname hostname"),
    "hwclock": _names("-w -s --systohc --hctosys"),
    **dict.fromkeys(
        ("umount", "swapoff", "swapon", "modprobe", "insmod", "rmmod", "setenforce"),
        frozenset[str](),
    ),
    **dict.fromkeys(("aa-disable", "aa-complain", "aa-enforce"), frozenset[str]()),
    "mount": frozenset[str](),
    "exportfs": _names("-r -a -ra -u -ua"),
}
ERASERS = {
    # name: the words with which it destroys data; without any, it does nothing else
    **dict.fromkeys(("lvremove", "vgremove", "pvremove", "dropdb", "dropuser"), frozenset[str]()),
    "zfs": _names("destroy rollback"),
    "zpool": _names("destroy labelclear"),
    "btrfs": _names("delete"),
    "mysqladmin": _names("drop"),
    "redis-cli": _names("flushall flushdb FLUSHALL FLUSHDB"),
    "userdel": _names("-r --remove"),
    "docker": _names("prune volume"),
    "podman": _names("prune volume"),
    "kubectl": _names("delete"),
    "terraform": _names("destroy"),
    "tofu": _names("destroy"),
    "virsh": _names("undefine"),
    "nvme": _names("format sanitize"),
    "cryptsetup": _names("luksFormat luksErase erase reencrypt"),
    "mdadm": _names("--zero-superblock"),
    "tar": _names("--remove-files"),
    "truncate": frozenset[str](),
}
PARTITIONERS = _names("fdisk sfdisk sgdisk gdisk cfdisk parted")
SERVICES = _names(
    "kill pkill killall killall5 skill reboot shutdown halt poweroff init telinit kexec service "
    "rc-service invoke-rc.d initctl supervisorctl launchctl start-stop-daemon xkill pm2 sv s6-svc "
    "monit pg_ctl pg_ctlcluster docker-compose rndc"
)
SERVICE_VERBS = {
    "systemctl": _names(
        "start stop restart reload reload-or-restart try-restart try-reload-or-restart kill enable "
        "disable mask unmask isolate reboot poweroff halt suspend hibernate kexec rescue emergency "
        "daemon-reload daemon-reexec reset-failed set-property revert preset edit link set-default"
    ),
    "docker": _names("stop kill rm restart start pause run exec prune compose"),
    "podman": _names("stop kill rm restart start pause run exec prune"),
    "snap": _names("start stop restart"),
    "virsh": _names("destroy shutdown reboot start undefine"),
    "lxc": _names("stop start restart delete exec"),
    "incus": _names("stop start restart delete exec"),
    "nginx": _names("-s"),
    **dict.fromkeys(
        ("apachectl", "apache2ctl"), _names("start stop restart graceful graceful-stop -k")
    ),
    "fuser": _names("-k --kill"),
    "postfix": _names("start stop reload abort flush"),
    "mysqladmin": _names("shutdown"),
    "squid": _names("-k"),
    "haproxy": _names("-sf -st"),
    "loginctl": _names("kill-session kill-user terminate-session terminate-user enable-linger"),
}
LATER = _names(
    "crontab at batch update-rc.d chkconfig systemd-cron-next incrontab update-grub grub-install "
    "grub-mkconfig"
)
INSTALLERS = {
    # name: the words that install or remove; without any, the program does nothing else
    "pip": _names("install uninstall download"),
    **dict.fromkeys(
        (
            *("easy_install", "cpan", "cpanm", "add-apt-repository", "apt-key", "alien"),
            *("unattended-upgrade", "dpkg-reconfigure", "debconf-set-selections"),
        ),
        frozenset[str](),
    ),
    "apt-mark": _names("hold unhold auto manual"),
    "update-alternatives": _names("--set --install --remove --config"),
    "microdnf": _names("install remove update upgrade"),
    "tdnf": _names("install remove update upgrade erase"),
    "bundle": _names("install update add"),
    "composer": _names("install require update remove global"),
    "nix": _names("profile develop shell run"),
    "guix": _names("install remove upgrade package pull"),
    "helm": _names("install upgrade uninstall"),
    "luarocks": _names("install remove"),
    "pdm": _names("add install remove update sync"),
    "deno": _names("install add"),
    "dotnet": _names("tool add install workload"),
    "rustup": _names("update install toolchain component target"),
    "playwright": _names("install"),
    "corepack": _names("enable install prepare"),
    "code": _names("--install-extension"),
    "cmake": _names("--install"),
    "meson": _names("install"),
    "dkms": _names("install add build remove"),
    "opkg": _names("install remove upgrade"),
    "pip3": _names("install uninstall download"),
    "pipx": _names("install uninstall run inject upgrade"),
    "uv": _names("pip add remove sync tool run"),
    "uvx": frozenset[str](),
    "poetry": _names("add install remove update"),
    "conda": _names("install remove update create"),
    "mamba": _names("install remove update create"),
    "npm": _names("install i ci add uninstall update exec publish link"),
    "npx": frozenset[str](),
    "yarn": _names("add install remove upgrade dlx"),
    "pnpm": _names("add install i remove update dlx"),
    "bun": _names("add install remove update x"),
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
    "pacman": _names("-S -Sy -Syu -Syyu -Su -R -Rs -Rns -Rn -Rsc -U --sync --remove --upgrade"),
    "emerge": frozenset[str](),
    "brew": _names("install uninstall upgrade reinstall"),
    "snap": _names("install remove refresh"),
    "flatpak": _names("install uninstall update"),
    "nix-env": frozenset[str](),
    "make": _names("install uninstall"),
    "ninja": _names("install"),
}
ONLY_TELLS = frozenset({"-s", "--simulate", "--dry-run", "--just-print", "--no-act", "--recon"})
"""Options with which apt-get(8) and its like install nothing."""
WRITERS = _names("tee cp mv ln install sed dd rsync truncate touch ed patch")
"""Programs whose operands they write."""
OUTPUT_OPTIONS = {
    # name: the options whose value is a file or directory that it writes
    "sort": ("-o", "--output"),
    "curl": ("-o", "--output", "--output-dir"),
    "wget": ("-O", "-P", "-o", "--output-document", "--directory-prefix"),
    "tar": ("-C", "--directory"),
    "unzip": ("-d",),
    "cp": ("-t", "--target-directory"),
    "mv": ("-t", "--target-directory"),
    "install": ("-t", "--target-directory"),
}
CODE_OPTIONS = {
    "python": "c",
    "php": "r",
    "perl": "eE",
    "ruby": "e",
    "node": "ep",
    "vim": "c",
    "vi": "c",
    "ex": "c",
}
"""The short options of interpreters that are followed by a program; others: `-c` or `-e`."""

NAMES = (
    PERMISSIONS
    | ELEVATORS
    | NETWORK
    | SERVICES
    | LATER
    | WRITERS
    | ACCOUNTS
    | PARTITIONERS
    | frozenset(NETWORK_SETTERS)
    | frozenset(SETTERS)
    | frozenset(ERASERS)
    | frozenset(NETWORK_VERBS)
    | frozenset(SERVICE_VERBS)
    | frozenset(INSTALLERS)
    | _names("rm unlink shred rmdir wipe srm find git systemctl")
)
"""Every name that a table knows: these begin a command among the words of a wrapper."""
