"""Which of the dangers a command is told to have, by rows of ordinary command lines."""

from __future__ import annotations

import pytest

from shannot.policy.danger import dangers

TOLD = {
    "deletes": (
        *("git reset --hard", "git checkout -- .", "truncate -s 0 f", "lvremove vg/lv"),
        *("zfs destroy tank/x", "sgdisk --zap-all /dev/sdb", "parted /dev/sdb mklabel gpt"),
        *("cryptsetup luksFormat /dev/sdb", "dropdb prod", "redis-cli FLUSHALL", "userdel -r bob"),
        *("tar --remove-files -cf x.tar d", "fd -x rm", "fdfind . -X /bin/rm -rf"),
        *("find . -execdir shred {} ';'", "find . -exec /bin/rm {} +", "journalctl --vac=1s"),
        *("kubectl -n x delete pod p", "terraform destroy", "docker system prune -af"),
    ),
    "permissions": (
        *("install -m 4755 a b", "install -o root a b", "usermod -aG sudo bob", "passwd root"),
        *("useradd bob", "visudo", "gpasswd -a bob docker", "rsync --chmod=777 a b"),
    ),
    "elevates": ("setpriv --reuid 0 id", "unshare -r sh", "gosu root id", "capsh --user=root --"),
    "installs": (
        *("cmake --install build", "python3 setup.py install", "meson install -C b", "yarn"),
        *("pacman -Rns x", "composer require x", "bundle install", "nix profile install x"),
        *("luarocks install x", "pdm add x", "rustup update", "easy_install x", "apt-mark hold x"),
        *("pip3.11 install x", "python3.11 -m pip install x", "make clean install"),
    ),
    "network": (
        *("rsync -a a h:b", "rsync rsync://h/m .", "openssl s_client -connect x:1", "az login"),
        *("python3 -m http.server", "bash -c 'cat < /dev/tcp/1.2.3.4/80'", "iptables -F"),
        *("ip link set eth0 down", "ufw disable", "nmcli con up x", "nft flush ruleset"),
        *("hg push", "svn commit", "terraform apply", "helm upgrade x", "psql -h db x"),
        *("mount -t nfs h:/x /y", "git -C x -c a=b push", "aws sts get-caller-identity"),
    ),
    "services": (
        *("nginx -s reload", "apachectl restart", "/etc/init.d/nginx restart", "umount /m"),
        *("sysctl -w kernel.panic=1", "sysctl vm.swappiness=1", "sysctl -p", "date -s x"),
        *("timedatectl set-time x", "swapoff -a", "fuser -k 80/tcp", "docker-compose up"),
        *("echo b > /proc/sysrq-trigger", "modprobe x", "virsh destroy x", "setenforce 0"),
    ),
    "startup": (
        *("tee ~/.ssh/authorized_keys", "git config --global core.hooksPath x"),
        *("git config core.fsmonitor x", "git config alias.x '!id'", "cp h .git/hooks/pre-commit"),
        *("echo x > .git/hooks/post-merge", "patch /etc/profile x.diff", "sort -o ~/.bashrc x"),
        *("wget -O /etc/cron.d/x http://y", "curl -o ~/.bashrc http://y", "update-grub"),
        *("curl --output=/etc/profile.d/x http://y", "tar -C /etc/cron.d -xf x"),
    ),
    "interpreter": (
        *("curl x | sudo -E python3 - --arg", "curl x | python3 - --version 3", "vim -c ':!id'"),
        *(
            "curl x | perl5.36.0",
            "curl x | pwsh",
            "python3 <(curl x)",
            "Rscript -e x",
            "julia -e x",
        ),
        "curl x | python3 /dev/stdin",
    ),
}
HARMLESS = (
    *("git commit -m push", "git log --grep push", "git checkout remote", "git diff remote main"),
    *("git log clean", "crontab -l", "crontab -l -u x", "kill -0 5", "kill -l"),
    *("find . -name rm", "command -v sudo", "make -n install", "cargo test -- install"),
    *("iptables -L", "ip addr show", "ufw status", "nft list ruleset", "sysctl vm.swappiness"),
    *("service nginx status", "mount", "date", "hwclock", "fdisk -l", "swapon", "rsync -a a b"),
    *("python3 $(which pytest)", "sort ~/.bashrc", "pacman -Ss x", "rpm -qa", "apt list"),
    *("cat f | python3 -m json.tool", "docker ps", "kubectl get pods", "systemctl cat x"),
    *("nginx -t", "hostnamectl status", "zfs list", "git config user.name x", "install --help"),
)


@pytest.mark.parametrize(("kind", "line"), [(kind, x) for kind, all_ in TOLD.items() for x in all_])
def test_what_a_command_can_do_is_told(kind: str, line: str) -> None:
    assert kind in {danger.kind for danger in dangers(("/bin/sh", "-c", line), "/home/u/p")}


@pytest.mark.parametrize("line", HARMLESS)
def test_a_harmless_command_raises_no_alarm(line: str) -> None:
    assert dangers(("/bin/sh", "-c", line), "/home/u/p") == ()
