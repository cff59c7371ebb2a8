"""The cost of pytest and the plugin around a model that costs nothing, against pytest alone.

A stand-in that recites every poem takes the model's place (tests/support/standin.py). Everything
else is a real run of the suite, including its report. Pytest alone runs as many parametrized cases
that do nothing. Both are measured in processor seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--poems", type=int, default=1000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [f"line {n} of a poem that has ten words in it" for n in range(6)]
        with (folder / "many.jsonl").open("w") as file:
            for number in range(given.poems):
                named = {"id": f"p{number}", "title": f"P{number}", "author": "A"}
                poem = {**named, "language": "en", "lines": [f"{line} {number}" for line in lines]}
                file.write(json.dumps(poem) + "\n")
        suite = processor_time(
            *("memtests", "-p", "tests.support.standin", "--model", "A"),
            *("-k", "title or test_prefix or next_line"),
            *("--deselect", "memtests/test_prefix_lengths.py"),
            *("--poems", str(folder / "many.jsonl"), "--recall-report", str(folder / "report")),
        )
        probes = len(json.loads((folder / "report" / "recall.json").read_text())["verdicts"])
        (folder / "test_trivial.py").write_text(
            f"import pytest\n\n@pytest.mark.parametrize('n', range({probes}))\n"
            "def test_trivial(n):\n    pass\n"
        )
        alone = processor_time(str(folder), "-c", os.devnull)
        print(f"{probes} probes in {suite:.1f} s: {1e3 * suite / probes:.2f} ms a probe")
        print(f"{probes} trivial cases in {alone:.1f} s: {1e3 * alone / probes:.2f} ms a case")
        print(f"{suite / alone:.2f} times")


def processor_time(*arguments: str) -> float:
    """The processor seconds of a run of pytest. Prints its last line."""
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            run, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        print("".join(said.read().decode().splitlines()[-1:]), flush=True)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
