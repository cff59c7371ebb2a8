"""The cost of pytest and the plugin around a model that costs nothing, against pytest alone.

A stand-in that recites every poem takes the model's place (tests/support/standin.py). Everything
else is a real run of the suite, including its report. Pytest alone runs as many parametrized cases
that do nothing. The suite alone, as `memtests.ask`, judges the same probes and writes the same
report without pytest, and without a search for garbage; its imports do not count. All are measured
in processor seconds.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

from processes import ROOT, Ran, ran

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


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
        suite = measured(
            *PYTEST,
            *("memtests", "-p", "tests.support.standin", "--model", "A"),
            *("-k", "title or test_prefix or next_line"),
            *("--deselect", "memtests/test_prefix_lengths.py"),
            *("--poems", str(folder / "many.jsonl"), "--recall-report", str(folder / "report")),
        ).processor
        probes = len(json.loads((folder / "report" / "recall.json").read_text())["verdicts"])
        (folder / "test_trivial.py").write_text(
            f"import pytest\n\n@pytest.mark.parametrize('n', range({probes}))\n"
            "def test_trivial(n):\n    pass\n"
        )
        alone = measured(*PYTEST, str(folder), "-c", os.devnull).processor
        asked = float(measured("-c", ASK, str(folder)).last.rpartition(":")[2])
        print(f"{probes} probes in {suite:.1f} s: {1e3 * suite / probes:.2f} ms a probe")
        print(f"{probes} trivial cases in {alone:.1f} s: {1e3 * alone / probes:.2f} ms a case")
        print(f"{suite / alone:.2f} times")
        print(f"without pytest {asked:.1f} s; with the trivial cases {1 + asked / alone:.2f} times")


# Asks the stand-in for the poems in a folder, in a folder beside them.
ASK = """
import contextlib, gc, json, sys, time
from pathlib import Path
import memtests.asking
from tests.support.standin import StandIn

gc.disable()
folder = Path(sys.argv[1])
poems = [json.loads(line) for line in (folder / "many.jsonl").open()]
texts = {"\\n".join(poem["lines"]): poem["id"] for poem in poems}
memtests.asking.undisturbed = contextlib.nullcontext
memtests.asking.live = lambda *_: StandIn("A", texts)
start = time.process_time()
report = memtests.asking.ask(
    None, None, poems=folder / "many.jsonl", cases=("title", "prefix", "next_line"),
    name="A", folder=folder / "asked",
)
print(len(report.verdicts), "verdicts in seconds:", time.process_time() - start)
"""


def measured(*arguments: str) -> Ran:
    """Run Python with one thread, and print its last line."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "OMP_NUM_THREADS": "1"}
    found = ran(*arguments, environment=environment)
    print(found.last, flush=True)
    return found


if __name__ == "__main__":
    main()
