"""The topic `pypy`: its list of archives is made from the releases that are pinned."""

from shannot.sandbox.runtimes.releases import RELEASES

SUMMARY = "the pypy runtime: what it is, and how it is installed with and without a network"
_HEAD = """
A PyPy translated with `--sandbox` has no system calls of its own: it asks for each one over a
pipe, and shannot answers. It brings its own Python and standard library (no installed
packages), and starts no threads.

<!-- test: skip network -->
```sh
shannot setup pypy             # downloads, checks and installs the release below
shannot run --runtime pypy script.py
shannot setup pypy --remove
```

`[run] runtime = "pypy"` in the configuration makes it the default. An interrupted download goes
on with the same command. At its first run the library is compiled once, which takes some
seconds.

Commands, plans and review are the same there. It cannot fork, so `subprocess`, `os.system` and
`os.popen` ask shannot for each command, with all of their interface but `preexec_fn` and
`pass_fds`: a command gets stdin, stdout and stderr alone, with `close_fds=False` as well.
`os.fork`, `os.spawn*` and `os.exec*` fail. It gets no signals; `threading`, `socket`,
`asyncio` and `multiprocessing` can be imported, and what is not to be had fails when it is used.
asyncio works, without subprocesses. What such a build lacks comes in Python (`zlib`, `csv`,
`binascii`, `pwd`, `select`, hashes), slower. `bz2`, `ctypes`, `curses`, `lzma`, `pyexpat` (parsing
XML, `plistlib`), `sqlite3`, `ssl`, `tkinter` and `tracemalloc` cannot be imported.

A command that is `sys.executable` is ENOEXEC: this interpreter is started by shannot alone; name
`python3` to have the machine's run as any other command. `os.mkfifo` is EPERM. `gethostbyname`
knows `localhost` alone. The time zone is that of the start; `time.tzset` changes nothing. Each
command is a session and a process group of its own, as with `start_new_session`; the parent that
it sees is another process than the script.

Without a network: fetch the two archives for the machine elsewhere, and name their directory.

<!-- test: skip network -->
```sh
shannot setup pypy --from DIR
```

Other builds: an archive with `pypy3-c` (and `libpypy3-c.so`), and one with `lib-python` and
`lib_pypy` of the same version; or a directory with all of them unpacked. What comes from an
address must have the checksum given with --sha256, or be one of these:
"""


def _archives() -> str:
    lines: list[str] = ["", "```text"]
    for (system, machine), release in RELEASES.items():
        lines += [f"{system} {machine}: {release.name}, Python {release.python}"]
        for archive in (release.program, release.library):
            lines += [archive.url, f"    {archive.sha256}"]
    return "\n".join([*lines, "```"])


TEXT = _HEAD + _archives()
