"""What a machine that has nothing but Python is asked to run: it receives the single file, checks
it on every use, and starts `shannot serve` from it. Counterpart: `deploy.py`.

Theory of operation
-------------------
The command that ssh passes on is one constant: `/bin/sh` looks for a Python, which decodes and runs
PROGRAM; that becomes the server, without another start. What differs from one use to the next (the
file's checksum and length, what is to be done) comes on stdin as a frame (`frames.py`), so nothing
from outside is ever read by a shell. Base64 holds no character that sh, bash, fish or csh, one of
which is the user's login shell and reads the command first, takes for anything but itself.

    here:  {"deploy": {"action": "serve", "sha256": "…", "size": 2219841}}
    there: {"deploy": {"state": "absent"}}       then the file's bytes are sent, and it says again
    there: {"deploy": {"state": "ready"}}        and is `shannot serve` from then on
    there: {"deploy": {"state": "removed"}}      the end, after "remove"
    there: {"error": {"kind": "RefusedError", …}}

The modules are taken from the very bytes whose checksum was compared, as this interpreter's version
compiled them (`single_file.py`); another version compiles them from the file, each time anew.

The file stands in `program/` of the state directory, under the name of its own checksum. Both
directories must be of that user alone; no symbolic link is followed to them or in them. The file
must be a regular one of that user's alone, with one name, and have that checksum: what is not so
is refused and left as it is.
"""

from __future__ import annotations

import base64
import sys

PROGRAM = r"""
import gc
gc.disable()  # as every command of ours does
import hashlib, json, marshal, os, re, stat, struct, sys

def say(message):
    data = json.dumps(message).encode("ascii")
    data = memoryview(struct.pack(">I", len(data)) + data)
    while data:
        data = data[os.write(1, data):]

def refuse(message):
    say({"error": {"kind": "RefusedError", "message": message, "exit_code": 126}})
    sys.exit(125)

def take(length):
    data = bytearray()
    while len(data) < length:
        piece = os.read(0, min(length - len(data), 1 << 16))
        if not piece:
            sys.exit(125)
        data += piece
    return bytes(data)

def told():
    length, = struct.unpack(">I", take(4))
    if length > 4096:
        refuse("what came is too long")
    deploy = json.loads(take(length))["deploy"]
    if not re.fullmatch("[0-9a-f]{64}", deploy["sha256"]) or not 0 < deploy["size"] <= 1 << 26:
        refuse("what came is no checksum and size")
    return deploy["action"], deploy["sha256"], deploy["size"]

def base():
    place = os.environ.get("XDG_STATE_HOME", "")
    if place.startswith("/"):
        return os.path.normpath(place)
    home = os.path.expanduser("~")
    if not home.startswith("/") or not home.strip("/") or os.stat(home).st_uid != os.geteuid():
        refuse("there is no home directory: set XDG_STATE_HOME there")
    return home.rstrip("/") + "/.local/state"

def enter(parent, name, shown):
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError:
        pass
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        there = os.open(name, flags, dir_fd=parent)
    except OSError:
        refuse(shown + ": not a directory; remove it")
    status = os.fstat(there)
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        refuse(shown + ": other users can enter it, or it is theirs; remove it, or chmod 700")
    return there

def verified(directory, name, digest, size, shown):  # its bytes; none where there is no such file
    try:
        there = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                        dir_fd=directory)
    except FileNotFoundError:
        return b""
    except OSError:
        refuse(shown + ": not the file that was sent; remove it")
    status = os.fstat(there)
    right = (stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
             and status.st_nlink == 1 and not status.st_mode & 0o077 and status.st_size == size)
    data = b""
    if right:
        with open(there, "rb", buffering=0, closefd=False) as file:
            data = file.read(size)
    os.close(there)
    if not right or hashlib.sha256(data).hexdigest() != digest:
        refuse(shown + ": not the file that was sent; look who changed it, and remove it")
    return data

def receive(directory, name, digest, size):
    data = take(size)
    if hashlib.sha256(data).hexdigest() != digest:
        refuse("what came is not the file that was announced")
    new = ".%s.%d" % (name, os.getpid())
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    there = os.open(new, flags, 0o600, dir_fd=directory)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(there, view):]
        os.fsync(there)
        os.rename(new, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        os.unlink(new, dir_fd=directory)
        raise
    finally:
        os.close(there)

def remove(state, directory):
    for name in os.listdir(directory):
        if re.fullmatch(r"\.?[0-9a-f]{64}\.pyz(\.[0-9]+)?", name):
            os.unlink(name, dir_fd=directory)
    try:
        os.rmdir("program", dir_fd=state)
    except OSError:
        pass
    say({"deploy": {"state": "removed"}})

class Modules:
    def __init__(self, data, path, known):
        self.data, self.path, self.known = data, path, known

    def find_spec(self, name, path=None, target=None):
        if name not in self.known:
            return None
        member = name.replace(".", "/")
        is_package = self.known[name][3]
        kind = sys.modules["_frozen_importlib"].ModuleSpec
        file = self.path + "/" + member + ("/__init__.py" if is_package else ".py")
        spec = kind(name, self, origin=file, is_package=is_package)
        spec.has_location = True
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        at, size, is_packed, _ = self.known[module.__name__]
        code = memoryview(self.data)[at:at + size]
        if is_packed:
            import zlib
            code = memoryview(zlib.decompress(code, -15))
        exec(marshal.loads(code[16:]), module.__dict__)

    def get_data(self, path):
        import io, zipfile
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            return archive.read(path[len(self.path) + 1:])

class Late(type(sys)):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        del sys.modules["inspect"]
        import inspect
        self.__dict__.update(vars(inspect))
        return getattr(inspect, name)

def become(data, path):
    sys.modules["inspect"] = Late("inspect")  # dataclasses imports it, and has no use for it here
    end, = struct.unpack("<I", data[-6:-2])
    size = int(data[end - 8:end])
    index = json.loads(data[end - 8 - size:end - 8])
    if index["magic"] == sys.modules["_frozen_importlib_external"].MAGIC_NUMBER.hex():
        sys.meta_path.insert(0, Modules(data, path, index["modules"]))
        at, size = index["generated"]
        made = marshal.loads(memoryview(data)[at:at + size])
        # It compiles six functions a class from their text at each start: a tenth of all the work
        # that this machine has with a request.
        import dataclasses
        def run(text, *places):
            code = made.get(hashlib.sha256(text.encode()).digest())
            exec(text if code is None else marshal.loads(code), *places)
        dataclasses.exec = run
    else:
        sys.path.append(path)
    from shannot.cli.main import main
    status = main(["serve"])
    os._exit(125 if status in (126, 127) else status)

def main():
    umask = os.umask(0o077)
    action, digest, size = told()
    place = base()
    os.makedirs(place, 0o700, exist_ok=True)
    top = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    state = enter(top, "shannot", place + "/shannot")
    directory = enter(state, "program", place + "/shannot/program")
    if action == "remove":
        return remove(state, directory)
    name = digest + ".pyz"
    path = place + "/shannot/program/" + name
    data = verified(directory, name, digest, size, path)
    if not data:
        say({"deploy": {"state": "absent"}})
        receive(directory, name, digest, size)
        data = verified(directory, name, digest, size, path)
        if not data:
            refuse(path + ": is gone again")
    for there in (directory, state, top):
        os.close(there)
    say({"deploy": {"state": "ready"}})
    os.umask(umask)  # the user's own: scripts there make their files under it
    return data, path, action == "serve"

if sys.version_info < (3, 11):
    sys.exit(127)  # the next one is looked for
try:
    found = main()
except OSError as error:
    refuse("cannot keep the program there: " + (error.strerror or "an error"))
except (ValueError, KeyError, TypeError):
    refuse("what came is not understood")
if found and found[2]:
    become(*found[:2])
"""
_PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14", "python3")
_START = "import sys; from binascii import a2b_base64; exec(a2b_base64(sys.argv[1]))"
_NONE = "no Python 3.11 or later there"


def bootstrap_command() -> str:
    """The command of the far side: always the same text, for any login shell.

    A Python of this one's version is looked for first: the file holds what this one compiled. What
    is found by its name and cannot be started, or is too old, ends with 126 or 127 and has read
    nothing; PROGRAM, once it goes on, ends with neither. -S: nothing of the site's is needed, or
    may have a say.
    """
    pythons = " ".join(dict.fromkeys((f"python3.{sys.version_info.minor}", *_PYTHONS)))
    encoded = base64.b64encode(PROGRAM.encode("ascii")).decode("ascii")
    return (
        f"/bin/sh -c 'for p in {pythons}; do"
        f' command -v $p >/dev/null 2>&1 || continue; $p -I -S -c "{_START}" {encoded}; s=$?;'
        f' case $s in 126|127) ;; *) exit $s;; esac; done; echo "{_NONE}" >&2; exit 127\''
    )
