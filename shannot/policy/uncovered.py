"""What a rule that does not name it does not cover, by program: pure data, read by `objections.py`.

Taken from the manual page of each program: options that write, run or set something, that read a
file as if it were something else, or that reach another machine.
"""

from __future__ import annotations

_IPTABLES = (
    "-A -D -E -F -I -M -N -P -R -X -Z --append --delete* --flush --insert --modprobe --new-chain"
    " --policy --rename-chain --replace --zero"
)

UNCOVERED: dict[str, str] = {
    # Words (patterns as in `without`) that make a reader run, write or set something. An allow
    # rule that only names the program does not cover them: it must name them itself.
    "arp": "-d -s -f --delete --set --file",
    "curl": "-o -O -J -K -D -c -T --output* --remote-name* --remote-header* --config --dump-header*"
    " --cookie-jar --upload-file --trace* --libcurl --etag-save --stderr --hsts --alt-svc"
    " -d -F -X -w --data* --form* --json --request --write-out --engine --unix-socket"
    " --abstract-unix-socket --netrc-file",
    "date": "-s --set 0* 1*",
    "dmesg": "-c -C -D -E -F -H -K -n --clear --read-clear --console* --file --human --kmsg-file",
    "dig": "-f -k",
    "file": "-C --compile",
    "find": "-exec* -ok* -delete -fls* -fprint*",
    "ack": "--pager* --files-from",
    "ag": "--pager*",
    "bat": "--pager* --paging*",
    "fd": "-x -X --exec*",
    "fdfind": "-x -X --exec*",
    "git": "-c -C -O -o -x --output* --ext-diff --extcmd --textconv --open-files-in-pager"
    " --upload-pack --receive-pack --exec* --git-dir --work-tree --config* --remote"
    " --namespace --template --tool* --no-index --contents --tree-filter --index-filter"
    " --msg-filter --env-filter --commit-filter --edit* run foreach",
    "go": "-toolexec -exec -vettool -w -u",
    "kubectl": "-s --kubeconfig --server --token --as",
    "openssl": "-engine -provider* -out -writerand -config -keyout",
    "hostname": "-F -b -y --file --boot --yp --nis *",
    "iconv": "-o --output",
    "ifconfig": "up down add del",
    "journalctl": "-D -M -H --host --vacuum* --rotate --flush --sync --directory --root --image"
    " --machine --cursor-file --setup-keys --update-catalog --relinquish-var"
    " --smart-relinquish-var",
    "lsof": "-D",
    "man": "-C -H -M -P -R -T -X -l -p --config-file --gxditview* --html* --local-file --manpath"
    " --pager* --preprocessor --recode* --troff-device*",
    "mount": "* -a -o -t --all --bind --rbind --move --make*",
    "nm": "--plugin",
    "nmap": "--script* --datadir --resume -o*",
    "node": "-e -p -r --eval --print --require --import --loader --experimental-loader --inspect*",
    "perl": "-e -E -i -I -m -M",
    "objdump": "--plugin",
    "ping": "-A -b -f -l",
    "python": "-c",
    "rg": "--pre* --hostname-bin",
    "rpm": "-D -E --define --eval --load --macros --pipe --predefine --rcfile",
    "rsync": "-e -M --rsh --rsync-path --remote-option --daemon --config --del*"
    " --remove-source-files --log-file* --write-batch --only-write-batch --read-batch"
    " --password-file --backup-dir --temp-dir",
    "ruby": "-e -r -I -i --require",
    "sdiff": "-o --output",
    "sed": "-i -n -s -e -f --in-place --expression --file",
    "shuf": "-o --output",
    "sort": "-o -T --output --compress-program --temporary-directory",
    "split": "--filter",
    "ssh-keygen": "-D -Y -s -w",
    "ss": "-D -F -K -N --diag --filter --kill --net",
    "sysctl": "-w -p -f --write --load --system",
    "systemctl": "-C -H -M --capsule --host --image --machine --root",
    "tar": "-A -F -I -c -r -u -x --append --catenate --checkpoint-action --concatenate --create"
    " --delete --extract --get --info-script --new-volume-script --rmt-command"
    " --rsh-command --to-command --update --use-compress-program --index-file"
    " --volno-file",
    "tcpdump": "-z -w -W -C -G",
    "tree": "-R -o --output",
    "wget": "-O -P -a -e -i -o --append-output --body-* --config --directory-prefix --execute"
    " --input-file --load-cookies --output-* --post-* --save-cookies --use-askpass --warc*",
    "xxd": "-r --revert",
    "yq": "-i --inplace",
    "zip": "-T --test --unzip-command",
    "lspci": "-A -F -G -H -M -O -Q -i -p -q",
    "lsusb": "-D",
    "sensors": "-c -s --config-file --set",
    "getconf": "-v",
    "who": "--lookup *",
    "uptime": "*",
    "last": "-d -f --dns --file",
    "findmnt": "-F -N --tab-file --task",
    "gpg": "-o --output --exec-path --agent-program --dirmngr-program --photo-viewer --homedir"
    " --options --load-extension --keyserver*",
    "nc": "-c -e -l --exec --sh-exec --lua-exec --listen",
    "cpio": "-F -I -O -i -o -p --extract --create --pass-through --file --rsh-command --to-stdout",
    "ssh": "-*",
    "scp": "-F -J -S -o -D -i",
    "sftp": "-*",
    "make": "-C -E -f -I --directory --eval --file --include-dir --makefile",
    "pytest": "-c -o -p -W --basetemp --config-file --confcutdir --override-ini --pastebin"
    " --rootdir",
    "npm": "-C --globalconfig --node-options --prefix --script-shell --shell --userconfig",
    "yarn": "--cwd --use-yarnrc --script-shell",
    "cargo": "-C -Z --config --manifest-path --target-dir",
    "mysql": "-e --execute --pager* --tee --init-command* --defaults* --plugin-dir --login-path",
    "psql": "-c -f -v -o -L --command --file --set --variable --output --log-file",
    "sqlite3": "* -cmd -init",
    "iptables": _IPTABLES,
    "nft": "-D -I -f -i --define --file --includepath --interactive",
    "tc": "-b -n -batch* -netns -force --batch add change del delete exec link replace",
    "hdparm": "-*",
    "mdadm": "-*",
    "ethtool": "-*",
    "smartctl": "-S -X -o -s -t --abort --offlineauto --saveauto --set --smart --test",
    "fuser": "-k --kill",
    "udevadm": "-c --cleanup-db",
    "helm": "--kubeconfig --kube-* --post-renderer* --registry-config --repository-*",
    "tshark": "-X -w -K -z",
    "nginx": "-c -e -g -p -s",
    "sshd": "-f -o -h -c",
    "haproxy": "-f -C -D -L -S -W -sf -st",
    "dpkg": "-P -i -r --admindir --configure --force* --install --instdir --post-invoke"
    " --pre-invoke --purge --remove --root --status-logger --unpack",
    "postconf": "-# -F -M -P -X -c -e",
    "pg_dump": "-f --file",
    "mysqldump": "-T -r --defaults* --plugin-dir --result-file --tab",
    **dict.fromkeys(("ip6tables", "iptables-legacy", "iptables-nft"), _IPTABLES),
    **dict.fromkeys(("size", "ar", "ranlib"), "--plugin"),
    **dict.fromkeys(("apache2ctl", "apachectl", "httpd", "apache2"), "-C -E -c -d -f -k"),
    "mypy": "--config-file --cache-dir --python-executable --junit-xml --install-types",
    **dict.fromkeys(
        ("hostnamectl", "localectl", "loginctl", "machinectl", "timedatectl", "busctl"),
        "-H -M --host --machine",
    ),
    **dict.fromkeys(("apt", "apt-get", "apt-cache"), "-c -o --config-file --option"),
}
"""By the name that a program comes down to (`names.plain_name`)."""

SECOND_WRITTEN = frozenset({"uniq", "xxd", "ifconfig"})
"""Programs that write the file, or set the address, which their second operand names."""
