"""The wheel and the source archive: built here, installed by pip into clean environments without
an index, and used there, on each Python that this machine has."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from shannot import __version__
from tests.cli.places import ROOT

pytest.importorskip("pip", reason="pip is not installed")
pytest.importorskip("hatchling", reason="hatchling, the build backend, is not installed")

HOSTS = ("3.11", "3.12", "3.13")
_PLACES = ("/usr/bin", "/usr/local/bin", os.path.expanduser("~/.pyenv/versions/*/bin"))


def interpreter(version: str) -> str | None:
    """A Python of this version that can make environments and install into them."""
    if version == "{}.{}".format(*sys.version_info[:2]):
        return sys.executable
    for place in _PLACES:
        for path in sorted(glob.glob(f"{place}/python{version}")):
            words = [path, "-c", "import pip, venv"]
            if subprocess.run(words, capture_output=True).returncode == 0:
                return path
    return None


def done(words: Sequence[str], directory: Path, **environment: str) -> str:
    """Run it. Returns stdout."""
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "LANG": "C.UTF-8", **environment}
    result = subprocess.run(words, cwd=directory, env=clean, capture_output=True, timeout=300)
    assert result.returncode == 0, (words, result.stdout.decode(), result.stderr.decode())
    return result.stdout.decode()


def build(kind: str, source: Path, where: Path) -> Path:
    done([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(where)], source)
    (path,) = where.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return path


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone has: the files that are under version control, or all where there is no git."""
    base = tmp_path_factory.mktemp("tree")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True
    )
    if listed.returncode or not (ROOT / ".git").exists():
        shutil.copytree(ROOT, base / "clone", ignore=shutil.ignore_patterns("__pycache__", ".venv"))
        return base / "clone"
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (base / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, base / "clone" / name, follow_symlinks=False)
    return base / "clone"


@pytest.fixture(scope="module")
def archive(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", tree, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of the source archive, as pip does it."""
    base = tmp_path_factory.mktemp("wheel")
    done(["tar", "-xf", str(archive)], base)
    return build("wheel", base / f"shannot-{__version__}", base / "dist")


def test_the_wheel_has_every_module_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "shannot").rglob("*.py")}
    assert modules | {"shannot/py.typed"} == {name for name in names if name.startswith("shannot/")}
    metadata = f"shannot-{__version__}.dist-info/METADATA"
    text = zipfile.ZipFile(wheel).read(metadata).decode()
    assert "\nRequires-Python: >=3.11\n" in text
    required = [line for line in text.splitlines() if line.startswith("Requires-Dist:")]
    assert all("extra == 'dev'" in line for line in required), "no dependency of its own"


def test_the_source_archive_has_what_its_own_tests_need(archive: Path) -> None:
    with tarfile.open(archive) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    for name in (
        "Makefile", "LICENSE", "README.md", "SECURITY.md", "docs/review.svg", "docs/README.md",
        "tools/pages.py", ".ci/environment", "examples/reload_service.py", "tests/test_main_job.py",
    ):  # fmt: skip
        assert name in names, name
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.parametrize("version", HOSTS)
def test_what_pip_has_installed_does_the_main_job(
    wheel: Path, version: str, tmp_path: Path
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    done([python, "-m", "venv", "--without-pip", str(tmp_path / "environment")], tmp_path)
    programs = tmp_path / "environment" / "bin"
    pip = [python, "-m", "pip", "--python", str(programs / "python"), "install"]
    done([*pip, "--no-index", "--no-compile", "--quiet", str(wheel)], tmp_path)
    shannot = str(programs / "shannot")
    assert done([shannot, "--version"], tmp_path) == f"shannot {__version__}\n"
    project = tmp_path / "project"
    project.mkdir()
    code = "import sys; open('made', 'w').write('%d.%d' % sys.version_info[:2]); print(6 * 7)"
    assert done([shannot, "run", "-c", code], project, HOME=str(tmp_path)) == "42\n"
    assert list(project.iterdir()) == []
    (session,) = (tmp_path / ".local" / "state" / "shannot" / "sessions").iterdir()
    done([shannot, "approve", session.name, "--yes", "--execute"], project, HOME=str(tmp_path))
    assert (project / "made").read_text() == version
