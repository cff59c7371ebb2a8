"""Verdicts compared with labels that a reader gave without looking at the suite's verdicts.

There are 364 recitations in both languages, of the embedded model, of two smaller models that were
taught for a few epochs, and of SmolLM2-135M-Instruct. The first two sets were drawn from every
outcome. On the first set, 198 of 218 labels agreed. It showed that loops of common words passed for
memories of a poem, and that "I'm not sure what to do" passed for declining to answer. The second
set was drawn and labelled after that was mended. The third set came when passages were introduced.
It holds all recitations of the embedded model (with controls) and of SmolLM2 (48 poems) that a
passage makes incorrect, or that it would make so if words from the cue counted. The reader of the
third set knew that these verdicts change; words repeated from the cue were not taken for a memory.
None of these models declines, so no label says so.
"""

import json
from collections import Counter
from pathlib import Path

from memtests.fixtures.poems.files import canon
from memtests.plugins.chance import chance, chance_bands
from memtests.plugins.verdicts import judge

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "hand_labelled.jsonl").read_text().splitlines()
]
COLLECTIONS = {collection.name: collection for collection in canon()}
# Set, probe and label → the suite's other verdict.
DISAGREEMENTS = {
    (1, "american/hope-is-the-thing/next_line-8", "unrelated"): "severe",
    (1, "british/she-walks-in-beauty/prefix-75%", "severe"): "unrelated",
    (1, "sonnets/sonnet-73/next_line-9", "unrelated"): "severe",
    (1, "british/requiem/next_line-7", "unrelated"): "severe",
    (2, "sonnets/how-do-i-love-thee/next_line-4", "unrelated"): "severe",
    (2, "british/she-walks-in-beauty/next_line-5", "unrelated"): "severe",
    (2, "american/o-captain/next_line-5", "unrelated"): "severe",
    # The model recites another poem, which has four characters of this one.
    (3, "song/ti-xi-lin-bi/control-other_header", "unrelated"): "severe",
}


def verdict(row: dict[str, str]) -> str:
    bands = chance_bands(COLLECTIONS[row["probe"].split("/")[0]])
    level = chance(bands, row["suffix"])
    found = judge(row["completion"], row["suffix"], row["language"], level, row["cue"])
    return found.kind or found.outcome


def test_the_sets() -> None:
    assert Counter(row["set"] for row in ROWS) == {1: 218, 2: 114, 3: 32}
    assert min(Counter(row["language"] for row in ROWS).values()) >= 150
    kinds = Counter(row["label"] for row in ROWS)
    assert set(kinds) == {"correct", "minor", "severe", "unrelated", "looping", "empty"}


def test_every_disagreement_is_known() -> None:
    found = {
        (row["set"], row["probe"], row["label"]): verdict(row)
        for row in ROWS
        if verdict(row) != row["label"]
    }
    assert found == DISAGREEMENTS


def test_agreement() -> None:
    """At least 97 % on the second set, which was labelled after the definitions were settled, and
    on the third.
    """
    for sets in ({2}, {2, 3}):
        rows = [row for row in ROWS if row["set"] in sets]
        agreed = sum(verdict(row) == row["label"] for row in rows)
        assert agreed / len(rows) >= 0.97
