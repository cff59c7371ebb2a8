"""The page of 2,000 poems with 6 probes each: its size, the time to render, open and filter it.

With --maps, the page also has a memory map of every poem, and its changes since a baseline.

No model is asked. A recitation is the poem with every fifth unit taken from another poem, so nearly
all are incorrect and full of marks. A page cannot be heavier than that.
"""

import argparse
import datetime
import hashlib
import random
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from memtests.fixtures.poems.files import read_collections
from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.probes import (
    DEFAULT_HEADER,
    parse_prefix_lengths,
    probes_of,
    with_header,
)
from memtests.fixtures.probes.text import unit_ends
from memtests.plugins.chance import chance, chance_bands
from memtests.plugins.gathering import Gathered
from memtests.plugins.reciter import Completion
from memtests.plugins.resuming import SavedVerdict
from memtests.plugins.traces import HEADER, Trace
from memtests.plugins.verdicts import verdict
from memtests.reports.counting.tallies import build
from memtests.reports.page.maps import NOTHING_KEPT, Kept
from memtests.reports.page.page import render_page
from memtests.reports.report import ComparisonRecord, Report

LENGTHS = "10%,25%,50%,75%,90%"


def mangled(text: str, other: str, language: str) -> str:
    """The text with every fifth unit from another text."""
    ends, others = [0, *unit_ends(text, language)], [0, *unit_ends(other, language)]
    said = []
    for at in range(len(ends) - 1):
        place = at % (len(others) - 1)
        source, cuts, unit = (other, others, place) if at % 5 == 2 else (text, ends, at)
        said.append(source[cuts[unit] : cuts[unit + 1]])
    return "".join(said)


def made_up(collections: Sequence[Collection]) -> Report:
    """A report on all poems of some collections."""
    gathered = Gathered()
    model = {"name": "made up", "parameters": 1, "dtype": "-", "device": "-", "versions": {}}
    gathered.take([("model", {**model, "weights_sha256": None, "set_aside": {}})])
    lengths = parse_prefix_lengths(LENGTHS)
    for collection in collections:
        bands = chance_bands(collection)
        others = [*collection.poems[1:], collection.poems[0]]
        text_of = {p.id: o.text for p, o in zip(collection.poems, others, strict=True)}
        for case in ("title", "prefix"):
            for probe in probes_of(collection, case, lengths, DEFAULT_HEADER):
                said = mangled(probe.suffix, text_of[probe.poem.id], probe.poem.language)
                completion = Completion(said, -50.0, 9.0, False, "between")
                found = verdict("made up", probe, completion, chance(bands, probe.suffix))
                saved = SavedVerdict(**msgspec.structs.asdict(found), key=None, followed=None)
                gathered.take([("verdict", msgspec.to_builtins(saved))])
    return build(gathered, collections, datetime.datetime.now(datetime.UTC).isoformat())


def read(collections: Sequence[Collection], model: str, seed: int) -> list[Trace]:
    """Traces whose tokens are words and characters, with random probabilities."""
    draw = random.Random(seed).expovariate
    found = []
    for collection in collections:
        for poem in collection.poems:
            text = with_header(poem)
            ends = [piece.end() for piece in re.finditer(r"[^\S\n]?[a-zA-Z']+|[^a-zA-Z']", text)]
            log_p = (None, *(round(-(draw(1) ** 3) / 10, 4) for _ in ends[1:]))
            rank = (None, *(int(p is not None and p < -0.69) for p in log_p[1:]))
            found.append(
                Trace(
                    *(model, collection.name, poem.id, HEADER),
                    text_sha256=hashlib.sha256(text.encode()).hexdigest(),
                    begins=len(text) - len(poem.text),
                    ends=tuple(ends),
                    log_p=log_p,
                    rank=rank,
                    log_top=(None,) * len(ends),
                )
            )
    return found


# Opens a poem and waits until its map is drawn.
OPEN = """async () => {
  const poem = document.querySelector(".poem"), began = performance.now();
  poem.scrollIntoView();
  poem.querySelector("details").open = true;
  while (!poem.querySelector(".map")) await new Promise(requestAnimationFrame);
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return (performance.now() - began) / 1000;
}"""
# Sets one field of the filter, and waits until the page is drawn again.
FILTER = """async ([name, value]) => {
  const form = document.getElementById("filter"), began = performance.now();
  form.elements[name].value = value;
  form.dispatchEvent(new Event("input", {bubbles: true}));
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return (performance.now() - began) / 1000;
}"""
STEPS = (("words", "moon"), ("words", "moonlight"), ("words", ""), ("outcome", "incorrect"))


def in_browser(page: Path, chromium: str, maps: bool) -> dict[str, float]:
    """Seconds to load the page and to apply filters one after the other; medians of five."""
    found: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(5):
            tab = browser.new_page()
            tab.goto(page.absolute().as_uri())
            loaded = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
            found.setdefault("load", []).append(loaded / 1000)
            if maps:
                found.setdefault("open a poem", []).append(tab.evaluate(OPEN))
            for name, value in STEPS:
                seconds = tab.evaluate(FILTER, [name, value])
                found.setdefault(f"{name} {value or '(none)'}", []).append(seconds)
            tab.close()
        browser.close()
    return {name: median(times) for name, times in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--poems", action="append", type=Path, required=True, metavar="FILE")
    parser.add_argument("--poems-asked", type=int, default=2000, metavar="N")
    parser.add_argument("--maps", action="store_true", help="with traces, and a baseline's")
    parser.add_argument("--chromium", default="/usr/bin/chromium", metavar="FILE")
    parser.add_argument("--out", type=Path, default=Path("reports/latest/bench.html"))
    given = parser.parse_args()
    each = given.poems_asked // len(given.poems)
    collections = [c.sample(each) for c in read_collections(given.poems)]
    report, kept = made_up(collections), NOTHING_KEPT
    if given.maps:
        record = ComparisonRecord("made up", "then.json", "then", 0, 0, (), (), 0, 0, 1.0)
        report = msgspec.structs.replace(report, comparisons=(record,))
        kept = Kept(read(collections, "made up", 1), read(collections, "then", 2))
    began = time.perf_counter()
    page = render_page(report, kept=kept)
    print(f"rendered           {time.perf_counter() - began:6.2f} s")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(page)
    size = given.out.stat().st_size
    outcomes = [v.outcome for v in report.verdicts]
    print(f"size               {size / 1e6:6.2f} MB, {len(outcomes)} probes")
    print(f"incorrect          {outcomes.count('incorrect'):6}")
    for name, seconds in in_browser(given.out, given.chromium, given.maps).items():
        print(f"{name:17}  {seconds:6.2f} s")


if __name__ == "__main__":
    main()
