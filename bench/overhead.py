"""What pytest and the plugin cost around a model that costs nothing: milliseconds a probe.

A stand-in for the model, which recites every poem, takes its place (tests/support/standin.py);
everything else is a real run of the suite, its report included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
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
                poem = {"id": f"p{number}", "title": f"P{number}", "author": "A", "language": "en"}
                poem["lines"] = [f"{line} {number}" for line in lines]
                file.write(json.dumps(poem) + "\n")
        start = time.perf_counter()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "memtests", "-q"),
                *("-p", "tests.support.standin", "--model", "A"),
                *("-p", "no:cacheprovider", "-k", "title or test_prefix or next_line"),
                *("--deselect", "memtests/test_prefix_lengths.py"),
                *("--poems", str(folder / "many.jsonl"), "--recall-report", str(folder / "report")),
            ],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
        print("\n".join(done.stdout.splitlines()[-1:]), done.stderr[-500:])
        probes = len(json.loads((folder / "report" / "recall.json").read_text())["verdicts"])
        print(f"{probes} probes in {seconds:.1f} s: {1e3 * seconds / probes:.2f} ms a probe")


if __name__ == "__main__":
    main()
