"""No code in the folder of a checkpoint, of poems, of a baseline or of a report is run, and no
configuration there is read.
"""

import subprocess
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.support.starting import POEM, Place, make_place, options, typed

CONFIGURATIONS = {
    "pytest.toml": "[pytest]\n",
    ".pytest.toml": "[pytest]\n",
    "pytest.ini": "[pytest]\n",
    ".pytest.ini": "[pytest]\n",
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "tox.ini": "[pytest]\n",
    "setup.cfg": "[tool:pytest]\n",
}


def slow(*values: object) -> ParameterSet:
    return pytest.param(*values, marks=pytest.mark.slow)


SPELT = pytest.mark.parametrize("joined", [False, slow(True)], ids=["space", "="])
FEW = ("--collect-only", "--sample=1")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path)


def test_the_traps_work(place: Place) -> None:
    """A module in them is run if Python finds it on its path."""
    place.run("data/ckpt", "python", "-c", "import torch")
    place.run("data/ckpt", "python", "-m", "pytest", "--collect-only")
    assert {"torch.py", "trap.py"} <= {Path(file).name for file in place.ran.split()}


@SPELT
@pytest.mark.parametrize(
    ("folder", "command"),
    [
        ("elsewhere", "memtests"),
        slow("data", "memtests"),
        ("data/ckpt", "memtests"),
        slow("data/poems", "memtests"),
        slow("project", "memtests"),
        ("project/clone", "memtests"),
        slow("elsewhere", "python -m memtests"),
        ("data/ckpt", "python -m memtests"),
        ("project/clone", "pytest memtests"),
        slow("project/clone", "python -m pytest memtests"),
        ("project/clone/memtests", "pytest ."),
        ("project", "pytest clone/memtests"),
        slow("elsewhere", "pytest CLONE/memtests"),
        ("data/ckpt", "pytest CLONE/memtests"),
        slow("project/clone", "pytest memtests -c pyproject.toml"),
    ],
)
def test_nothing_of_the_data_is_run(place: Place, folder: str, command: str, joined: bool) -> None:
    given = options(place, folder, joined)
    done = place.run(folder, *command.split(), *given, "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_title[mine/m/title]" in done.stdout
    assert place.ran == ""


@SPELT
def test_options_of_the_environment(place: Place, joined: bool) -> None:
    """In PYTEST_ADDOPTS they come before `memtests`. With a space between option and value, only
    the command can take them.
    """
    given = " ".join(options(place, "project/clone", joined))
    for command in ("memtests", "pytest memtests") if joined else ("memtests",):
        words = (*command.split(), "--collect-only", "-q")
        done = place.run("project/clone", *words, PYTEST_ADDOPTS=given)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "test_title[mine/m/title]" in done.stdout
        assert place.ran == ""


@SPELT
@pytest.mark.parametrize("command", ["memtests", "pytest memtests"])
def test_several_models(place: Place, command: str, joined: bool) -> None:
    place.add_checkpoint(place.root / "data" / "second")
    models = [("--model", "../../data/ckpt"), ("--model", "../../data/second")]
    given = typed([*models, ("--poems", "../../data/poems/mine.jsonl")], joined)
    done = place.run("project/clone", *command.split(), *given, "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("test_title[") == 2
    assert place.ran == ""


@SPELT
@pytest.mark.parametrize("command", ["pytest", "pytest memtests", "memtests"])
def test_poems_of_the_current_folder(place: Place, command: str, joined: bool) -> None:
    """`memtests` need not be typed: the clone's configuration names it."""
    (place.clone / "mine.jsonl").write_text(POEM)
    given = typed([("--poems", "mine.jsonl")], joined)
    done = place.run("project/clone", *command.split(), *given, "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_title[mine/m/title]" in done.stdout


@pytest.mark.parametrize(
    "words", [("--model", "../../data/ckpt", "memtests"), ("--model", "../../data/ckpt")]
)
@pytest.mark.parametrize("environment", [False, True])
def test_a_value_before_the_folder(place: Place, words: tuple[str, ...], environment: bool) -> None:
    """If pytest takes another configuration, or none, the guard refuses before a conftest.py runs.

    That configuration itself may have pytest load modules before any plugin. Nothing can stop that,
    so no trap is set there.
    """
    (place.root / "data/ckpt/pytest.ini").write_text("[pytest]\n")
    given = (*words, *FEW)
    if environment:
        done = place.run("project/clone", "pytest", PYTEST_ADDOPTS=" ".join(given[:-2]))
    else:
        done = place.run("project/clone", "pytest", *given)
    assert_refused(done, "data/ckpt/pytest.ini")
    (place.root / "data/ckpt/pytest.ini").unlink()
    done = place.run("project/clone", "pytest", *given)
    if "memtests" in words:
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        assert_refused(done, "pytest took no file for its configuration")
    assert place.ran == ""


def test_the_guard_leaves_other_projects_alone(place: Place) -> None:
    """Whatever their tests are called, and whatever options they have."""
    tests = place.root / "elsewhere" / "memtests"
    tests.mkdir()
    (tests / "conftest.py").write_text(
        "def pytest_addoption(parser): parser.addoption('--model')\n"
    )
    (tests / "test_own.py").write_text("def test_own(pytestconfig): pass\n")
    done = place.run("elsewhere", "pytest", "memtests", "--model=x")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    ("folder", "command", "ckpt", "name"),
    [
        ("project/clone", "pytest memtests", "../ckpt", "pytest.ini"),
        *(
            slow("project/clone", "pytest memtests", "../ckpt", name)
            for name in CONFIGURATIONS
            if name != "pytest.ini"
        ),
        slow("project/clone/memtests", "pytest .", "../../ckpt", "pytest.ini"),
        ("project", "pytest clone/memtests", "ckpt", "pyproject.toml"),
        ("elsewhere", "pytest CLONE/memtests", "../project/ckpt", "setup.cfg"),
    ],
)
def test_clone_in_another_project(
    place: Place, folder: str, command: str, ckpt: str, name: str
) -> None:
    """With a space between option and value, the run is refused before any code of the data runs;
    with `=` it keeps its gates.
    """
    settings = place.clone / "pyproject.toml"
    table = "[tool.pytest.ini_options]\n"
    settings.write_text(settings.read_text().replace(table, f'{table}recall_gates = "recall>=1"\n'))
    (place.root / "project" / name).write_text(CONFIGURATIONS[name])
    place.add_checkpoint(place.root / "project" / "ckpt")
    refused = place.run(folder, *command.split(), "--model", ckpt, *FEW)
    assert_refused(refused, f"pytest took {place.root / 'project' / name} for its configuration")
    done = place.run(folder, *command.split(), f"--model={ckpt}", *FEW)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gates: recall>=1" in done.stdout
    assert place.ran == ""


@pytest.mark.parametrize(
    ("command", "environment", "said"),
    [
        ("pytest memtests -c ../other.ini", "", "-c ../other.ini: it does not load the suite"),
        ("pytest memtests", "-c ../other.ini", "-c ../other.ini: it does not load the suite"),
        ("pytest memtests --rootdir=.", "", "pytest took no file for its configuration"),
        ("pytest -p memtests.plugins memtests --rootdir=..", "", "pytest took no file for its"),
    ],
)
def test_refused(place: Place, command: str, environment: str, said: str) -> None:
    """Before any code is run. With --rootdir, pytest looks at fewer places."""
    (place.root / "project" / "other.ini").write_text("[pytest]\n")
    given = ("--model", "../../data/ckpt", *FEW)
    done = place.run("project/clone", *command.split(), *given, PYTEST_ADDOPTS=environment)
    assert_refused(done, said)
    assert place.ran == ""


@pytest.mark.parametrize("rootdir", [".", ".."])
def test_rootdir(place: Place, rootdir: str) -> None:
    given = (f"--rootdir={rootdir}", "--model=../../data/ckpt", *FEW)
    done = place.run("project/clone", "pytest", "memtests", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.ran == ""


def test_a_configuration_that_is_named(place: Place) -> None:
    """A configuration named by -c is taken: it loads the suite, and sets gates."""
    text = "[pytest]\npythonpath = clone\naddopts = -p memtests.plugins\nrecall_gates = recall>=1\n"
    (place.root / "project" / "other.ini").write_text(text)
    for command in ("pytest memtests", "memtests"):
        given = ("-c", "../other.ini", "--model", "../../data/ckpt", *FEW)
        done = place.run("project/clone", *command.split(), *given)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "gates: recall>=1" in done.stdout
        assert place.ran == ""


def test_own_project_keeps_its_configuration(place: Place) -> None:
    """Even if the value of an option would make pytest take another."""
    tests = place.root / "project" / "mine" / "tests"
    tests.mkdir(parents=True)
    (tests / "test_own.py").write_text("def test_own(recall): pass\n")
    (tests.parent / "pytest.ini").write_text("[pytest]\nrecall_gates = recall>=1\n")
    (place.root / "pytest.ini").write_text("[pytest]\n")
    command = ("pytest", "-p", "memtests.plugins", "tests", "--collect-only")
    refused = place.run("project/mine", *command, "--model", "../../data/ckpt")
    assert_refused(refused, f"and not {tests.parent / 'pytest.ini'}")
    done = place.run("project/mine", *command, "--model=../../data/ckpt")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gates: recall>=1" in done.stdout
    assert place.ran == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "command"),
    [
        ("data/ckpt", "memtests"),
        ("data/ckpt", "memtests -n 2"),
        ("data/ckpt", "python -m memtests"),
        ("data/ckpt", "pytest CLONE/memtests"),
        ("data/ckpt", "pytest CLONE/memtests -n 2"),
        ("project/clone", "pytest memtests"),
        ("project/clone", "pytest memtests -n 2"),
    ],
)
def test_a_whole_run(place: Place, folder: str, command: str) -> None:
    """No code is run when the model is loaded and asked, either."""
    given = [*options(place, folder, joined=False), "--measure"]
    done = place.run(folder, *command.split(), *given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (place.root / "data" / "report" / "report.html").exists()
    assert place.ran == ""


def assert_refused(done: subprocess.CompletedProcess[str], said: str) -> None:
    """Check that a run was refused in one line, with pytest's exit status for usage errors."""
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout + done.stderr
    (line,) = (line for line in (done.stdout + done.stderr).splitlines() if line.strip())
    assert line.startswith("ERROR: ")
    assert said in line
