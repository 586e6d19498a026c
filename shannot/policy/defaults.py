"""The default lists: what is confined without asking, and what programs are, as pure data.

Read by `verdict.py`, `deny.py` and `catastrophes.py`. A built-in rule is one line here and one
in `tests/policy/test_table.py`.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONFINED = _names(
    # Ordinary file and text tools, shells and interpreters. Most are not safe by name: they are
    # here only because, confined, every call they make is mediated like the script's own.
    """
    [ ar awk b2sum base32 base64 basename bash bc bunzip2 bzcat bzip2 cat chmod chown cksum cmp
    column comm cp cpio csplit cut dash date dc dd df diff diff3 dir dircolors dirname du echo
    egrep env expand expr factor false fgrep file find fmt fold free gawk git grep gunzip gzip
    head hexdump iconv id install join jq less link ln locale logname look ls lz4 m4 make mawk
    md5sum mkdir mktemp more mv nice nl nohup nproc numfmt od paste patch pathchk perl pr
    printenv printf ps pwd python python3 readlink realpath rev rg rm rmdir rsync sed seq sh
    sha1sum sha224sum sha256sum sha384sum sha512sum shasum shuf sleep sort split stat stdbuf
    strings stty sum sync tac tail tar tee test time timeout touch tr tree true truncate tsort
    tty uname unexpand uniq unlink unxz unzip uptime vdir wc which whoami xargs xxd xz xzcat yes
    yq zcat zip zstd
    """
)

SHELLS = _names("sh bash dash ash ksh ksh93 mksh zsh fish csh tcsh rbash yash")
"""Programs whose arguments may be lines of shell."""

WRAPPERS = _names(
    """
    . alias builtin busybox case catchsegv chpst chroot chrt command coproc cpulimit
    dbus-run-session doas eatmydata env eval exec expect fakechroot fakeroot faketime firejail
    flock function gdb ionice linux32 linux64 ltrace nice nohup nsenter numactl parallel pkexec
    prlimit proot rlwrap run-parts run0 runuser script select setarch setpriv setsid softlimit
    source sshpass start-stop-daemon stdbuf strace su sudo systemd-inhibit systemd-run taskset
    time timeout torsocks toybox trap trickle tsocks unbuffer unshare uxterm valgrind watch
    xargs xterm
    """
)
"""Programs and shell words that run another program, which their arguments name."""

INTERPRETERS = _names("python perl ruby node nodejs php lua tclsh awk gawk mawk nawk")
"""Programs whose arguments may be programs that start commands from string literals."""

SCRIPTED = _names(
    "awk gawk mawk nawk sed ed ex vi vim nvim view vimdiff emacs nano pico less more most man info"
    " git tar ip tcpdump sqlite3 mysql psql screen tmux docker podman kubectl npm npx pip pip3 gem"
    " cargo bundle pdm poetry uv yarn pnpm ssh gcc cc ld as"
)
"""Programs that look like readers, and run commands that stand in their operands, in files that
they read, or are typed. A rule must name their arguments too."""

DOWNLOADERS = _names("curl wget fetch aria2c lynx nc ncat netcat socat ftp lftp http")
"""Programs that bring what somebody else wrote."""

PROTECTED = (
    "/",
    *("/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/opt", "/proc"),
    *("/root", "/run", "/sbin", "/srv", "/sys", "/usr", "/var"),
    *("/usr/bin", "/usr/lib", "/usr/lib64", "/usr/local", "/usr/sbin", "/usr/share"),
    *("/var/lib", "/boot/efi"),
)
"""Directories without which a machine or its people lose everything; homes are added by rule."""

RAW_DEVICES = (
    *("/dev/sd", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/mmcblk", "/dev/md"),
    *("/dev/dm-", "/dev/mapper/", "/dev/disk/", "/dev/block/", "/dev/loop", "/dev/nbd"),
    *("/dev/ram", "/dev/zd", "/dev/sr", "/dev/mtd", "/dev/mem", "/dev/kmem", "/dev/port"),
)
"""How the names of disks and memory begin."""

UNCOVERED: dict[str, str] = {
    # Words (patterns as in `without`) that make a reader run, write or set something. An allow
    # rule that only names the program does not cover them: it must name them itself.
    "arp": "-d -s -f --delete --set --file",
    "curl": "-o -O -J -K -D -c -T --output* --remote-name* --remote-header* --config --dump-header*"
    " --cookie-jar --upload-file --trace* --libcurl --etag-save --stderr --hsts --alt-svc"
    " -d -F -X -w --data* --form* --json --request --write-out --engine --unix-socket"
    " --abstract-unix-socket --netrc-file",
    "date": "-s --set 0* 1*",
    "dmesg": "-c -C -D -E -n --clear --read-clear --console*",
    "dig": "-f -k",
    "file": "-C --compile",
    "find": "-exec* -ok* -delete -fls* -fprint*",
    "ack": "--pager* --files-from",
    "ag": "--pager*",
    "bat": "--pager* --paging*",
    "fd": "-x -X --exec*",
    "fdfind": "-x -X --exec*",
    "git": "-c -O --output* --ext-diff --textconv --open-files-in-pager --upload-pack"
    " --receive-pack --exec* --git-dir --work-tree --config-env --remote -o",
    "go": "-toolexec -exec -vettool -w -u",
    "kubectl": "-s --kubeconfig --server --token --as",
    "openssl": "-engine -provider* -out -writerand -config -keyout",
    "hostname": "-F -b --file --boot *",
    "iconv": "-o --output",
    "ifconfig": "up down add del",
    "journalctl": "-D -M --vacuum* --rotate --flush --sync --directory --root --image --machine"
    " --cursor-file --setup-keys --update-catalog --relinquish-var --smart-relinquish-var",
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
    "rsync": "-e --rsh --rsync-path --del* --remove-source-files",
    "ruby": "-e -r -I -i --require",
    "sdiff": "-o --output",
    "sed": "-i -n -s -e -f --in-place --expression --file",
    "shuf": "-o --output",
    "sort": "-o -T --output --compress-program --temporary-directory",
    "split": "--filter",
    "ssh-keygen": "-D -Y -s -w",
    "ss": "-K -D --kill --diag",
    "sysctl": "-w -p -f --write --load --system",
    "systemctl": "-H -M --host --machine --root --image",
    "tar": "-I -F -x -c -r -u -A --checkpoint-action --use-compress-program --to-command"
    " --info-script --new-volume-script --rsh-command --rmt-command --extract --get --create"
    " --append --update --delete --catenate --concatenate",
    "tcpdump": "-z -w -W -C -G",
    "tree": "-R -o --output",
    "wget": "-O -P -a -e -i -o --append-output --body-* --config --directory-prefix --execute"
    " --input-file --load-cookies --output-* --post-* --save-cookies --use-askpass --warc*",
    "xxd": "-r --revert",
    "yq": "-i --inplace",
    "zip": "-T --test --unzip-command",
    **dict.fromkeys(("apt", "apt-get", "apt-cache"), "-c -o --config-file --option"),
}
"""By the name that a program comes down to (`walk.plain_name`)."""

SECOND_WRITTEN = _names("uniq xxd ifconfig")
"""Programs that write the file, or set the address, which their second operand names."""
