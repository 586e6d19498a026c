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
    . aa-exec alias builtin busybox bwrap capsh case catchsegv cgexec choom chpst chronic chroot
    chrt command coproc cpulimit cset daemon daemonize dbus-launch dbus-run-session doas
    dumb-init eatmydata entr env envdir eval exec expect fakechroot fakeroot fakeroot-sysv
    fakeroot-tcp faketime firejail flatpak-spawn flock function gdb gosu heaptrack hyperfine
    ifne incus ionice ld-linux-aarch64.so.1 ld-linux-x86-64.so.2 ld-linux.so.2 ld.so linux32
    linux64 ltrace lxc nice nocache nohup nsenter nsjail numactl numad parallel perf pgrphack
    pkexec prlimit proot rlwrap rr run-parts run0 runcon runuser s6-setuidgid schedtool schroot
    script select sem setarch setlock setpriv setsid setuidgid sg softlimit source ssh-agent
    sshpass start-stop-daemon stdbuf strace su su-exec sudo systemd-cat systemd-inhibit
    systemd-nspawn systemd-run taskset time timeout tini torsocks toybox trap trickle tsocks
    uclampset uftrace unbuffer unshare uxterm valgrind watch xargs xterm xvfb-run
    """
)
"""Programs and shell words that run another program, which their arguments name."""

INTERPRETERS = _names(
    "python perl ruby node nodejs php lua luajit tclsh awk gawk mawk nawk Rscript julia guile"
    " octave pwsh osascript elixir"
)
"""Programs whose arguments may be programs that start commands from string literals."""

DATABASE_CLIENTS = _names(
    "psql mysql mariadb sqlite3 sqlite duckdb mongosh mongo cqlsh clickhouse-client sqlcmd sqlplus"
)
"""Programs that are given statements, in their words or as input."""

READING = SHELLS | INTERPRETERS | {name.rstrip("0123456789") for name in DATABASE_CLIENTS}
"""Programs that may run what they read; versions at the end of a name are left off."""

SCRIPTED = _names(
    "awk gawk mawk nawk sed ed ex vi vim nvim view vimdiff emacs nano pico less more most man info"
    " git tar ip tcpdump sqlite3 mysql psql screen tmux docker podman kubectl npm npx pip pip3 gem"
    " cargo bundle pdm poetry uv yarn pnpm ssh gcc cc ld as"
    " dc m4 gnuplot octave R Rscript julia guile java jshell groovy pwsh erl elixir iex irb ipython"
    " ipython3 wish luajit sbcl clisp emacsclient tshark lynx w3m links elinks mc nginx sshd"
    " apache2ctl apachectl httpd apache2 haproxy nft tc helm docker-compose gdbserver"
)
"""Programs that look like readers, and run commands that stand in their operands, in files that
they read, or are typed. A rule must name their arguments too."""

CONFIGURED = _names(
    "git hg svn jj make gmake cmake ninja meson scons rake just task bazel gradle mvn ant tox nox"
    " pytest py.test mypy pylint flake8 pre-commit sphinx-build pip pip3 pipx poetry pdm uv npm npx"
    " yarn pnpm bun deno eslint prettier jest vitest mocha tsc webpack vite rollup babel cargo"
    " rustc go bundle gem rspec rubocop composer phpunit terraform tofu ansible ansible-playbook"
    " vagrant packer pulumi direnv docker-compose podman-compose dotnet swift mix rebar3 cabal"
    " stack ghc latexmk pdflatex lualatex xelatex gdb lldb"
)
"""Programs that run what files of the directory say in which they are started: hooks, filters,
recipes, plugins, scripts. A rule must name the directory that is trusted (`cwd`)."""

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
