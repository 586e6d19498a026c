"""What no script sees, in every view and below every map: keys, tokens, shannot's own files.

Two exceptions: a path that the user's configuration names exactly (its mount has `open_names`),
and certificates. Private keys under other names are found when they are opened (`host.py`).
"""

from __future__ import annotations

NAMES = frozenset(
    b".ssh .gnupg .aws .azure .kube .netrc _netrc .pypirc .npmrc .yarnrc.yml .git-credentials "
    b".env .password-store .pgpass .my.cnf .vault-token .terraformrc .boto .s3cfg .dockercfg "
    b".mozilla .thunderbird .electrum .bitcoin .ethereum .gsutil .oci .databrickscfg .htpasswd "
    b".bash_history .zsh_history .sh_history .history .python_history .psql_history .mysql_history "
    b".sqlite_history .node_repl_history .lesshst .viminfo .rediscli_history .irb_history "
    b".ash_history .ICEauthority .Xauthority .smbcredentials .cifscredentials .fetchmailrc "
    b".msmtprc .mbsyncrc .rclone.conf id_rsa id_dsa id_ecdsa id_ed25519 id_ecdsa_sk id_ed25519_sk "
    b".kaggle .huggingface .claude.json .cargo-credentials .gem-credentials "
    b"shadow- gshadow- shadow.bak gshadow.bak".lower().split()
)
"""Hidden wherever they stand, in either case: files and whole directories."""

BELOW_CONFIG = frozenset(
    b"gcloud gh hub glab-cli rclone google-chrome chromium BraveSoftware microsoft-edge vivaldi "
    b"opera op sops keybase doctl heroku git-credential-oauth containers shannot Bitwarden "
    b"google-chrome-beta configstore filezilla remmina op-ssh-agent Signal Slack".split()
)
"""Hidden directly below a `.config` directory."""

BELOW = {
    b".config": BELOW_CONFIG,
    b".docker": frozenset([b"config.json"]),
    b".cargo": frozenset([b"credentials", b"credentials.toml"]),
    b".gem": frozenset([b"credentials"]),
    b".git": frozenset([b"credentials"]),
    b"git": frozenset([b"credentials"]),
    b"share": frozenset([b"keyrings", b"kwalletd", b"shannot"]),
    b".local": frozenset(),
    b".cache": frozenset([b"huggingface-token"]),
    b".huggingface": frozenset([b"token"]),
    b"state": frozenset([b"shannot"]),
}
"""Name of a directory: names hidden directly below it."""

PATHS = frozenset(
    b"/etc/shadow /etc/shadow- /etc/gshadow /etc/gshadow- /etc/sudoers /etc/sudoers.d "
    b"/etc/ssl/private /etc/shannot /var/lib/shannot /etc/security/opasswd /etc/krb5.keytab "
    b"/etc/wireguard /etc/NetworkManager/system-connections /etc/letsencrypt/archive "
    b"/etc/letsencrypt/live /etc/letsencrypt/keys /var/lib/private /etc/ppp/chap-secrets "
    b"/etc/ppp/pap-secrets /etc/master.passwd /etc/openvpn /etc/kubernetes /proc /dev /sys/kernel "
    b"/var/lib/kubelet /root/.local/share/keyrings /var/spool/cron/crontabs/.keep "
    b"/run/secrets /run/credentials /etc/docker/key.json /boot/grub/grub.cfg "
    b"/var/lib/sss /var/lib/samba/private /etc/exim4/passwd.client /etc/postfix/sasl_passwd "
    b"/var/lib/systemd/credential.secret /etc/credstore /etc/credstore.encrypted".split()
)
"""Hidden at exactly this path of the host. /proc and /dev are synthetic, never the host's."""

MOUNTS = b"/proc/self/mountinfo"


class Hidden:
    """The rules, with what this run adds."""

    __slots__ = ("_paths",)

    def __init__(self, paths: frozenset[bytes] = frozenset()) -> None:
        self._paths = set(PATHS | paths)

    def hide(self, path: bytes) -> None:
        """Hide one more path of the host."""
        self._paths.add(path)

    def hides(self, parent: bytes, name: bytes, named: bool = False) -> bool:
        """Is the host's `parent`/`name` hidden? `named`: the user's configuration named it."""
        path = b"/" + name if parent == b"/" else parent + b"/" + name
        if path in self._paths:
            return True
        if named:
            return False
        lowered = name.lower()  # as some filesystems compare names
        if lowered in NAMES or lowered.startswith(b".env."):
            return True
        below = BELOW.get(parent.rpartition(b"/")[2])
        if below is not None and name in below:
            return True
        return parent == b"/etc/ssh" and name.endswith(b"_key")

    def hides_path(self, path: bytes) -> bool:
        """Is this host path, or a directory above it, hidden? `path` is absolute and normalised."""
        parent = b"/"
        for name in path.split(b"/")[1:]:
            if name and self.hides(parent, name):
                return True
            parent = b"/" + name if parent == b"/" else parent + b"/" + name
        return False


def process_mounts() -> list[bytes]:
    """Where the host has /proc mounted, once more as well: in a chroot(8), in a build root."""
    try:
        with open(MOUNTS, "rb") as lines:
            return [_unescaped(line.split()[4]) for line in lines if b" - proc " in line]
    except (OSError, IndexError):
        return []  # without a /proc of our own nothing is run


def _unescaped(path: bytes) -> bytes:
    """A mount point as proc_pid_mountinfo(5) writes it: blanks and backslashes are octal."""
    for written, meant in (
        (b"\\040", b" "),
        (b"\\011", b"\t"),
        (b"\\012", b"\n"),
        (b"\\134", b"\\"),
    ):
        path = path.replace(written, meant)
    return path
