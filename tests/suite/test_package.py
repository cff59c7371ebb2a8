"""The suite as a package: built, installed into a fresh environment, and used there."""

import hashlib
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.starting import ROOT, copy_clone

pytestmark = pytest.mark.slow


def done(command: Sequence[str], folder: Path) -> str:
    """The output of a command, which must succeed. Nothing of this clone is on its import path."""
    found = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-3000:]
    return found.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist: so the sdist is whole, too."""
    folder = tmp_path_factory.mktemp("built")
    copy_clone(folder / "clone")
    build = "from setuptools import build_meta; print(build_meta.build_{}('..'))"
    done([sys.executable, "-c", build.format("sdist")], folder / "clone")
    (sdist,) = folder.glob("memtests-*.tar.gz")
    with tarfile.open(sdist) as file:
        file.extractall(folder, filter="data")
    done([sys.executable, "-c", build.format("wheel")], folder / sdist.name.removesuffix(".tar.gz"))
    (found,) = folder.glob("memtests-*.whl")
    return found


@pytest.fixture(scope="module")
def binaries(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel. torch and other libraries come from the environment of
    these tests.
    """
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    done([sys.executable, "-m", "venv", "--without-pip", str(venv)], venv.parent)
    (venv / packages(venv) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install"]
    done([*pip, "--quiet", "--no-deps", "--no-index", str(wheel)], venv.parent)
    return venv / "bin"


def packages(venv: Path) -> Path:
    """The folder where packages are installed."""
    return Path(sysconfig.get_path("purelib", vars={"base": str(venv), "platbase": str(venv)}))


def installed(binaries: Path) -> dict[str, str]:
    """Every file of the environment, without compiled ones → a hash of its content."""
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in binaries.parent.rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }


def test_main_job_in_an_empty_folder(binaries: Path, tmp_path: Path) -> None:
    before = installed(binaries)
    said = done([str(binaries / "memtests"), "--measure", "-k", "tang"], tmp_path)
    assert re.search(r"^tang +title +38 ", said, re.M)
    assert "warning" not in said.lower()
    assert (tmp_path / "reports" / "latest" / "report.html").exists()
    assert str(tmp_path / "reports" / "latest" / "recall.json") in said
    assert installed(binaries) == before
    places = packages(binaries.parent) / "memtests"
    assert (places / "py.typed").exists()
    # The other commands, also by `python -m`: they need the templates and the schema.
    python = str(binaries / "python")
    recall = "reports/latest/recall.json"
    assert "recall" in done([python, "-m", "memtests", "render", recall], tmp_path)
    schema = done([str(binaries / "memtests"), "schema"], tmp_path)
    assert schema == (ROOT / "reports" / "recall.schema.json").read_text()
    assert done([python, "-m", "memtests", "--version"], tmp_path).startswith("memtests ")
    assert installed(binaries) == before


def test_project_of_ones_own(binaries: Path, tmp_path: Path) -> None:
    """With `-p memtests.plugins` there is the fixture; without it, pytest knows nothing of the
    suite.
    """
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_own.py").write_text(
        "def test_known(recall):\n"
        "    assert recall(opening='床前明月光，', rest='疑是地上霜', language='zh').correct\n"
        "def test_unknown(recall):\n"
        "    assert not recall(opening='Slow is smooth,', rest='smooth is fast').correct\n"
    )
    pytest_ = [str(binaries / "python"), "-m", "pytest"]
    loaded = ["-p", "memtests.plugins", "tests/", "--model", "embedded"]
    assert "2 passed" in done([*pytest_, *loaded], tmp_path)
    assert "--poems" not in done([*pytest_, "--help"], tmp_path)
