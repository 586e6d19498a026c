"""pathlib: what a person's script does with files."""

import sys
from pathlib import Path

sys.path.insert(0, ".")
from attempt import attempt

here = Path.cwd()
print(here == Path().absolute(), Path("sub").resolve() == here / "sub")
print(Path("hello.txt").read_text(), Path("hello.txt").stat().st_size)
print(Path("a.txt").write_text("text\n"), Path("b.bin").write_bytes(b"\0\1"))
for name in ("hello.txt", "sub", "link", "dangling", "dirlink", "missing", "hello.txt/x", "."):
    path = Path(name)
    print(name, path.exists(), path.is_file(), path.is_dir(), path.is_symlink(), path.is_mount())
attempt("mkdir", Path("x/y/z").mkdir, parents=True)
attempt("mkdir again", Path("x/y/z").mkdir)
attempt("exist_ok", Path("x/y/z").mkdir, exist_ok=True)
attempt("touch", Path("x/t").touch)
attempt("touch exclusive", Path("x/t").touch, exist_ok=False)
attempt("rename", lambda: str(Path("x/t").rename("x/u")))
attempt("replace", lambda: str(Path("x/u").replace("hello.txt")))
attempt("unlink", Path("missing").unlink)
attempt("missing_ok", Path("missing").unlink, missing_ok=True)
attempt("rmdir", Path("x").rmdir)
attempt("readlink", lambda: str(Path("link").readlink()))
attempt("symlink_to", Path("l2").symlink_to, "sub")
attempt("hardlink_to", Path("h2").hardlink_to, "a.txt")
attempt("samefile", Path("h2").samefile, "a.txt")
attempt("chmod", Path("h2").chmod, 0o600)
attempt("owner", lambda: Path("h2").owner() == Path("hello.txt").owner())
attempt("resolve strict", lambda: Path("nothing/there").resolve(strict=True))
attempt("resolve", lambda: str(Path("l2/../missing").resolve().relative_to(here)))
print(sorted(str(p) for p in Path().glob("*.txt")))
print(sorted(str(p) for p in Path("x").rglob("*")))
print(sorted(p.name for p in Path("sub").iterdir()))
with Path("a.txt").open("a") as file:
    file.write("more\n")
print(Path("h2").read_text().splitlines(), oct(Path("a.txt").stat().st_mode))
print(Path.home().is_absolute(), Path("~").expanduser() == Path.home())
