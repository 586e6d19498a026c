"""The start-up cache: modules of an installed PyPy, compiled once by that PyPy in the sandbox.

Without it the interpreter compiles every module it imports at every start, which is half of the
time. What compiles is the sandboxed interpreter itself, given nothing but our own few lines and
its own library; what it prints is read as hostile. A script sees the result, and cannot change it.

Below the state directory: `runtime/pypy.cache/index`, whose first line says what it was made of
and whose others name the directories of the library, and one numbered directory for each of them.
"""

from __future__ import annotations

import os
from errno import EIO

from .channel.guardian import remove
from .runtimes.pypy import HOME, guest_identity
from .spec import Answer, Limits, Spec
from .streams import Streams
from .vfs.node import Mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .spec import Blobs, Changes, CommandRequest, Gate, Outcome, WaitingProcess
    from .vfs.tree import Tree

    Run = Callable[[Spec, Gate, Streams], Outcome]

_BYTES_MAX = 32 << 20
_INDEX_MAX = 1 << 16
_SECONDS = 60.0
_END = b"0 0\n"
_ENDING = (1, 2, 3, 15)  # HUP, INT, QUIT, TERM, which `attendant.Signals` forwards
_CACHE = b"__pycache__"
_NAMES = (
    "abc argparse ast base64 bisect calendar codecs collections collections.abc configparser "
    "contextlib copy csv datetime decimal difflib email.message email.parser encodings.ascii "
    "encodings.idna encodings.latin_1 encodings.utf_8 enum errno fnmatch fractions functools "
    "genericpath getopt getpass glob gzip hashlib heapq html inspect io json keyword linecache "
    "locale logging logging.handlers numbers operator os pathlib pickle platform posixpath pprint "
    "pwd queue random re reprlib secrets select shlex shutil signal socket stat statistics string "
    "stringprep struct subprocess sysconfig tarfile tempfile textwrap threading time timeit "
    "tokenize traceback types typing unittest urllib.parse uuid warnings weakref "
    "xml.etree.ElementTree zipfile"
)
_MAKER = """
import importlib.util, sys
import importlib._bootstrap_external as external
pack = getattr(external, "_code_to_timestamp_pyc", None) or external._code_to_bytecode
out = sys.stdout.buffer
for name in %r.split():
    try:
        __import__(name)
    except Exception:
        pass
for module in list(sys.modules.values()):
    try:
        spec = module.__spec__
        found = spec.loader.path_stats(spec.origin)
        code = spec.loader.source_to_code(spec.loader.get_data(spec.origin), spec.origin)
        data = pack(code, int(found["mtime"]), found["size"])
        path = spec.cached.encode()
    except Exception:
        continue
    out.write(b"%%d %%d\\n" %% (len(path), len(data)) + path + data)
out.write(b"0 0\\n")
out.flush()
"""


class _NoGate:
    """What compiles starts no command, and changes nothing."""

    def attach(self, changes: Changes) -> None: ...

    def command(self, request: CommandRequest) -> Answer:
        del request
        return Answer("refuse", errno=1)

    def received(self, ticket: object, stdin: bytes) -> None: ...

    def decide(self, ticket: object, waiting: WaitingProcess) -> int:
        del ticket, waiting
        return 126

    def finished(self, ticket: object, exit_status: int) -> None: ...


def prepare(spec: Spec, run: Run) -> list[bytes]:
    """The cache's directories, in order, as paths below HOME; made where there is none yet.

    One that cannot be made is empty: scripts then start slower.
    """
    place, made_of = _place(spec), _identity(spec)
    index = _read_index(place)
    if index[:1] != [made_of]:
        finish = spec.compiling() if spec.compiling is not None else None
        try:
            _store(place, made_of, dict(_compiled(spec, run)))
        except OSError:
            return []
        finally:
            if finish is not None:
                finish()
        index = _read_index(place)
    return index[1:]


def put(tree: Tree, spec: Spec, directories: Sequence[bytes]) -> None:
    """Show what is cached where the interpreter looks for it."""
    place = _place(spec)
    for number, directory in enumerate(directories):
        host = place + b"/%d" % number
        guest = HOME + b"/" + directory + b"/" + _CACHE
        tree.map(host, guest, Mount("ro", host, steady=True))


def _place(spec: Spec) -> bytes:
    return spec.state + b"/runtime/pypy.cache"


def _identity(spec: Spec) -> bytes:
    """Of the binary, and of our own modules, by their status."""
    parts = []
    for name in (b"pypy3-c", b"libpypy3-c.so", b"lib-python", b"lib_pypy"):
        try:
            found = os.stat(os.path.dirname(spec.interpreter) + b"/" + name)
        except OSError:
            continue
        parts.append(b"%d.%d.%d" % (found.st_ino, found.st_size, found.st_mtime_ns))
    return b" ".join((*parts, guest_identity().encode()))


def _read_index(place: bytes) -> list[bytes]:
    try:
        host_fd = os.open(place + b"/index", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        data = os.read(host_fd, _INDEX_MAX)
    finally:
        os.close(host_fd)
    return data.split(b"\n")[:-1]


# -- making --------------------------------------------------------------------------------------


def _compiled(spec: Spec, run: Run) -> Iterator[tuple[bytes, bytes]]:
    """Path below HOME and contents of each module that the interpreter compiled."""
    private = spec.private + b"/compiling"
    os.mkdir(private, 0o700)
    null = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    target = os.memfd_create("compiled", os.MFD_CLOEXEC)
    try:
        streams = Streams(null, target, None)
        code = (_MAKER % _NAMES).encode()
        asked = Spec(
            interpreter=spec.interpreter,
            argv=[b"python", b"-B", b"-c", code],
            directory=b"/tmp",
            environment={},
            home=b"/nonexistent",
            user=b"nobody",
            view="project",
            state=spec.state,
            private=private,
            limits=Limits(timeout=_SECONDS, output=_BYTES_MAX),
            blobs=_no_blobs,
            no_commands=True,
            runtime="pypy",
        )
        outcome = run(asked, _NoGate(), streams)
        streams.finish()
        if outcome.status - 128 in _ENDING:
            # It was forwarded to what compiles, and was meant for all of this.
            os.kill(os.getpid(), outcome.status - 128)
        printed = os.pread(target, _BYTES_MAX, 0)
        if not printed.endswith(_END):
            raise OSError(EIO, "not to its end")  # it was interrupted: the next run tries again
        yield from read_compiled(printed)
    finally:
        os.close(target)
        os.close(null)


def _no_blobs() -> Blobs:  # nothing is recorded
    raise AssertionError("nothing to keep")


def read_compiled(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The modules that were printed, up to the first thing that is none."""
    place = 0
    while True:
        head, newline, _ = data[place : place + 64].partition(b"\n")
        words = head.split(b" ")
        if not newline or len(words) != 2 or not all(w.isdigit() and len(w) < 9 for w in words):
            return
        length, size = int(words[0]), int(words[1])
        start = place + len(head) + 1
        path, contents = data[start : start + length], data[start + length : start + length + size]
        if not length or len(contents) != size:
            return
        place = start + length + size
        if _is_module(path):
            yield path[len(HOME) + 1 :], contents


def _is_module(path: bytes) -> bool:
    """Is this a compiled module of the library, where the interpreter looks for it?"""
    import re  # only where a cache is made

    directories = rb"/(lib-python/3|lib_pypy)(/[A-Za-z0-9_-]{1,64}){0,8}/__pycache__/"
    return bool(re.fullmatch(re.escape(HOME) + directories + rb"[A-Za-z0-9_.-]{1,96}\.pyc", path))


def _store(place: bytes, made_of: bytes, compiled: dict[bytes, bytes]) -> None:
    """In a directory of its own, which then takes the place. Errors: OSError."""
    from shannot import libc  # only where a cache is made

    draft = place + b".%d" % os.getpid()
    _remove(draft)
    os.mkdir(draft, 0o700)
    try:
        directories: list[bytes] = []
        for path, contents in compiled.items():
            directory, _, name = path.rpartition(b"/")
            above = directory.rpartition(b"/")[0]
            if above not in directories:
                os.mkdir(draft + b"/%d" % len(directories), 0o700)
                directories.append(above)
            _write(draft + b"/%d/" % directories.index(above) + name, contents)
        _write(draft + b"/index", b"".join(line + b"\n" for line in (made_of, *directories)))
        libc.sync_below(draft)  # half a module, after a power failure, would end every script
        _remove(place)
        os.rename(draft, place)
    except OSError:
        _remove(draft)
        raise


def _remove(directory: bytes) -> None:
    if os.path.lexists(directory):
        remove(directory)


def _write(path: bytes, data: bytes) -> None:
    host_fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(host_fd, view) :]
    finally:
        os.close(host_fd)
