"""What pytest and the plugin cost around a model that costs nothing: milliseconds a probe.

A stand-in for the model, which recites every poem, takes the place of loading; everything else is a
real run of the suite, its report included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

STAND_IN = '''
import fixtures.model
from fixtures.language_model import Reading

class Reciting:
    """Knows every text; a token is a code point."""
    name, context, ends = "stand-in", 1 << 30, frozenset({0})
    def about(self):
        return {"parameters": 0, "dtype": "-", "device": "-", "weights_sha256": None,
                "versions": {}, "set_aside": {}}
    def encode(self, text): return list(map(ord, text))
    def decode(self, tokens): return "".join(map(chr, tokens))
    def read(self, rows, starts):
        return [Reading(list(r), [-0.1] * len(r), [9.0] * len(r)) for r in rows]
    def generate(self, openings): return []
    def exactly(self): return None

fixtures.model.load = lambda name, loading: Reciting()
fixtures.model.share_threads = lambda: None
fixtures.model.release_memory = lambda: None
'''


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--poems", type=int, default=1000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stand_in.py").write_text(STAND_IN)
        lines = [f"line {n} of a poem that has ten words in it" for n in range(6)]
        with (folder / "many.jsonl").open("w") as file:
            for number in range(given.poems):
                poem = {"id": f"p{number}", "title": f"P{number}", "author": "A", "language": "en"}
                poem["lines"] = [f"{line} {number}" for line in lines]
                file.write(json.dumps(poem) + "\n")
        start = time.perf_counter()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "memtests", "-q", "-p", "stand_in"),
                *("-p", "no:cacheprovider", "-k", "title or test_prefix or next_line"),
                *("--deselect", "memtests/test_prefix_lengths.py"),
                *("--poems", str(folder / "many.jsonl"), "--recall-report", str(folder / "report")),
            ],
            cwd=ROOT,
            env={"PYTHONPATH": f"{folder}:{ROOT}", "PATH": ""},
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
