"""Runs of the suite on two collections of ten poems, asked by title, with the expected results."""

from dataclasses import dataclass, field

GATE = "--gate"


@dataclass(frozen=True)
class Situation:
    """A run of the suite on two collections of ten poems, asked by title."""

    arguments: tuple[str, ...]
    status: int
    line: str
    """A regular expression for a line that must be shown."""
    unknown: tuple[str, ...] = ()
    """Poems that the model does not know, or `model/poem`."""
    ini: str = ""
    before: tuple[str, ...] | None = None
    """An earlier run made the baseline `before.json`. These are the poems that it did not know."""
    before_arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    touch: str = ""
    """A change between the two runs: a file, `->` and its new content."""


BASE = ("--baseline", "before.json")
ALL_ONE = tuple(f"p{n}" for n in range(10))
ALL_TWO = tuple(f"q{n}" for n in range(10))
BROKEN = {"MEMTESTS_BROKEN": "p3"}
S = Situation
SITUATIONS = {
    # Gates on outcomes.
    "on the boundary": S((GATE, "recall>=0.9"), 0, r"90.0 %  18 of 20 .* passed", ("p0", "q1")),
    "missed by one": S(
        (GATE, "recall>=0.9"), 1, r"85.0 %  17 of 20 .*NOT PASSED: breached", ("p0", "p1", "q1")
    ),
    "percent": S((GATE, "recall>=90%"), 0, r"recall>=90% .*passed", ("p0", "q1")),
    "percent, just over": S((GATE, "recall>=90.01%"), 1, r"NOT PASSED: breached", ("p0", "q1")),
    "one third is no decimal": S((GATE, "recall>=.95"), 0, r"95.0 %  19 of 20", ("p0",)),
    "of a collection": S((GATE, "one:recall>=0.8"), 0, r"80.0 %   8 of 10|8 of 10", ("p0", "p1")),
    "of a collection, missed": S(
        (GATE, "one:recall>=0.81"), 1, r"8 of 10 .*breached", ("p0", "p1")
    ),
    "of the other collection": S((GATE, "two:recall>=0.99"), 0, r"10 of 10 .*passed", ("p0", "p1")),
    "forgotten, boundary": S((GATE, "forgotten<=10%"), 0, r"2 of 20 .*passed", ("p0", "q1")),
    "forgotten, missed": S((GATE, "forgotten<=9%"), 1, r"2 of 20 .*breached", ("p0", "q1")),
    "correct": S((GATE, "correct>=0.9"), 0, r"18 of 20 .*passed", ("p0", "q1")),
    "incorrect, none": S((GATE, "incorrect<=0"), 0, r"0 of 20 .*passed", ("p0",)),
    "incorrect, wanted": S((GATE, "incorrect>=1%"), 1, r"0 of 20 .*breached", ("p0",)),
    "must not know": S((GATE, "recall<=0"), 0, r"0 of 20 .*passed", ALL_ONE + ALL_TWO),
    "must not know, knows one": S(
        (GATE, "recall<=0"), 1, r"1 of 20 .*breached", (*ALL_ONE, *ALL_TWO[1:])
    ),
    "must not know one of two": S((GATE, "one:recall<=0"), 0, r"0 of 10 .*passed", ALL_ONE),
    "must not know, and says it in one of ten samples": S(
        (GATE, "recall<=0", GATE, "near<=0", GATE, "longest<=20"),
        0,
        r"recall<=0 .*0 of 20 .* passed$",
        ALL_ONE + ALL_TWO,
        environment={"MEMTESTS_CHANCE": "0.1"},
    ),
    "seen by a hundred samples": S(
        (GATE, "recall<=0", GATE, "discoverable(100)<=0"),
        1,
        r"discoverable\(100\)<=0 .*20 of 20 .*NOT PASSED: breached",
        ALL_ONE + ALL_TWO,
        environment={"MEMTESTS_CHANCE": "0.1"},
    ),
    "seen by more than six": S(
        (GATE, "one:discoverable(6)<=0"),
        0,
        r"discoverable\(6\)<=0 .*0 of 10 .* passed$",
        ALL_ONE + ALL_TWO,
        environment={"MEMTESTS_CHANCE": "0.1"},
    ),
    "expected": S(
        (GATE, "expected(10)<=19.9"),
        1,
        r"expected\(10\)<=19.9  19.99 .*breached",
        ALL_ONE + ALL_TWO,
        environment={"MEMTESTS_CHANCE": "0.1"},
    ),
    "known for sure": S((GATE, "recall:low>=0.8"), 0, r"recall:low>=0.8 .* passed$"),
    "known, but not for sure": S((GATE, "recall:low>=0.9"), 1, r"20 of 20 poems, from 83.9 %"),
    "few are known, and that is no proof": S(
        (GATE, "recall<=5%"),
        0,
        r"is no proof: 1 of 20 completions is nearly the poem.*one/p0/title",
        (*ALL_ONE[1:], *ALL_TWO),
    ),
    "two gates": S((GATE, "recall>=0.9", GATE, "forgotten<=10%"), 0, r"forgotten<=10%.*passed"),
    "two gates, one missed": S(
        (GATE, "recall>=0.9", GATE, "one:forgotten<=5%"),
        1,
        r"one:forgotten<=5% .*breached",
        ("p0",),
    ),
    "the same gate twice": S(
        (GATE, "recall>=0.9", GATE, "recall>=0.9"), 0, r"recall>=0.9 .*passed"
    ),
    "spaces": S((GATE, " one : recall >= 0.5 "), 4, r"no collection 'one '"),
    "two models": S(
        ("--model", "A", "--model", "B", GATE, "recall>=0.9"), 0, r"recall>=0.9  B .*passed"
    ),
    "two models, one misses": S(
        ("--model", "A", "--model", "B", GATE, "recall>=0.9"),
        1,
        r"recall>=0.9  B .*17 of 20 .*breached",
        ("B/p0", "B/p1", "B/p2"),
    ),
    "stop at the first failure": S((GATE, "recall>=0.5", "-x"), 0, r"passed", ("p0", "p1")),
    # From the ini file.
    "ini": S((), 0, r"recall>=0.9 .*passed", ("p0",), ini="recall_gates = recall>=0.9"),
    "ini, missed": S((), 1, r"recall>=0.99 .*breached", ("p0",), ini="recall_gates = recall>=0.99"),
    "ini, wrong": S(
        (), 4, r"recall_gates 'recal>=0.9': .*'recall'", ini="recall_gates = recal>=0.9"
    ),
    "ini and measure": S(
        ("--measure",), 0, r"gates: set aside by --measure", ("p0",), ini="recall_gates = recall>=1"
    ),
    "gate and measure": S((GATE, "recall>=0.9", "--measure"), 4, r"nothing fails with --measure"),
    # Misspelled.
    "measure": S((GATE, "recal>=0.9"), 4, r"no measure 'recal'; did you mean 'recall'\?"),
    "collection": S((GATE, "oen:recall>=0.9"), 4, r"no collection 'oen'; did you mean 'one'\?"),
    "samples": S((GATE, "discoverable<=0"), 4, r"say how many samples, as in discoverable\(1000"),
    "greater": S((GATE, "recall>0.9"), 4, r"'>' is not a relation; write >= or <="),
    "equal": S((GATE, "recall=0.9"), 4, r"'=' is not a relation"),
    "no number": S((GATE, "recall>="), 4, r"'' is not a number"),
    "not a number": S((GATE, "recall>=most"), 4, r"'most' is not a number; write a share like"),
    "over one": S((GATE, "recall>=1.5"), 4, r"a share is between 0 and 1"),
    "percent forgotten": S((GATE, "recall>=90"), 4, r"for percent write recall>=90%"),
    "always met": S((GATE, "recall>=0"), 4, r"met by any model"),
    "always met, percent": S((GATE, "forgotten<=100%"), 4, r"met by any model"),
    "the wrong way round": S((GATE, "0.9<=recall"), 4, r"no measure '0.9'"),
    "nonsense": S((GATE, "recall"), 4, r"'recall' is no rule; write it like"),
    "lost without baseline": S((GATE, "lost<=0"), 4, r"needs a baseline; add --baseline FILE"),
    # Nothing to judge by.
    "nothing selected": S((GATE, "recall>=0.9", "-k", "nothing"), 4, r"NOT PASSED: no probe match"),
    "deselected": S(
        (GATE, "two:recall>=0.5", "-k", "one/p and test_title"),
        4,
        r"NOT PASSED: no probe matches it",
    ),
    "unjudged": S(
        (GATE, "recall>=0.5"), 1, r"19 of 19 .*NOT PASSED: 1 probe unjudged", environment=BROKEN
    ),
    "breached and unjudged": S(
        (GATE, "recall>=0.9"),
        1,
        r"NOT PASSED: breached; 1 probe unjudged",
        ("p0", "p1", "p2"),
        environment=BROKEN,
    ),
    "unjudged elsewhere": S((GATE, "two:recall>=0.5"), 1, r"1 UNJUDGED", environment=BROKEN),
    "unjudged, no gate": S((), 1, r"1 UNJUDGED .*not finite", environment=BROKEN),
    "all unjudged": S(
        (GATE, "recall<=0", "-k", "p3 and test_title"),
        1,
        r"NOT PASSED: 1 probe unjudged",
        environment=BROKEN,
    ),
    "the model cannot be loaded": S(
        (GATE, "recall<=0"), 4, r"its weights are torn", environment={"MEMTESTS_FAIL": "1"}
    ),
    "a test that fails": S(
        (GATE, "recall>=0.5", "test_own.py"), 1, r"1 case failed for another reason than a miss"
    ),
    # No gate.
    "all known": S((), 0, r"20 of 20 correct, 0 incorrect, 0 forgotten"),
    "a miss": S((), 1, r"FORGOTTEN .*one/p0/title", ("p0",)),
    "a miss, measured": S(("--measure",), 0, r"1 forgotten", ("p0",)),
    # Baselines.
    "retained": S(
        (*BASE, GATE, "lost<=0"), 0, r"18 retained, 0 lost", ("p0", "q1"), before=("p0", "q1")
    ),
    "lost": S((*BASE, GATE, "lost<=0"), 1, r"lost<=0 .*1 of 20 .*breached", ("p0",), before=()),
    "lost, by name": S(
        (*BASE, GATE, "lost<=0"), 1, r"LOST  one/p0/title  after 0: then", ("p0",), before=()
    ),
    "lost, boundary": S((*BASE, GATE, "lost<=5%"), 0, r"1 of 20 .*passed", ("p0",), before=()),
    "lost elsewhere": S((*BASE, GATE, "one:lost<=0"), 0, r"0 of 10 .*passed", ("q0",), before=()),
    "gained": S((*BASE, GATE, "gained>=5%"), 0, r"1 gained", before=("p0",)),
    "gained too little": S((*BASE, GATE, "gained>=10%"), 1, r"1 of 20 .*breached", before=("p0",)),
    "within noise": S(
        (*BASE, GATE, "lost<=50%"),
        0,
        r"within noise \(sign flips over poems, p = 1\)",
        ("p0",),
        before=(),
    ),
    "more than noise": S(
        (*BASE, GATE, "lost<=50%"),
        0,
        r"more than noise \(sign flips over poems, p = 0.002\)",
        ALL_ONE,
        before=(),
    ),
    "a small baseline": S(
        (*BASE, GATE, "lost<=0"),
        1,
        r"1 lost",
        ("p0",),
        before=(),
        before_arguments=("--update-baseline", "before.json"),
    ),
    "other poems": S(
        (*BASE, GATE, "lost<=0"),
        1,
        r"has other poems: collection one has changed",
        before=(),
        touch='one.jsonl->{"id":"p0","title":"T","author":"A","language":"en","lines":["x y","z"]}',
    ),
    "other cues": S(
        (*BASE, "--header", "{author}: {title}"),
        1,
        r"asked with other cues \(one/p0/title\)",
        before=(),
    ),
    "its own report": S(("--baseline", "report/recall.json"), 4, r"own report goes there; copy it"),
    "update of its own report": S(("--update-baseline", "report/new.json"), 4, r"own report goes"),
    "an update that would shrink it": S(
        ("--update-baseline", "before.json", "-k", "one/p and test_title", "--measure"),
        1,
        r"before.json: the file has 10 probes that this run did not judge \(two/q0/title, …\)",
        before=(),
    ),
    "update of another file": S(("--update-baseline", "one.jsonl"), 4, r"one.jsonl: not a recall"),
    "no baseline": S(("--baseline", "none.json"), 4, r"none.json: No such file"),
    "no report": S(("--baseline", "one.jsonl"), 4, r"one.jsonl: not a recall report"),
    "its traces are none": S(
        BASE,
        4,
        r"--baseline .*traces.jsonl: line 1: not a trace \(.*\); move the file away",
        before=(),
        touch="traces.jsonl->{}\n",
    ),
    "another schema": S(
        BASE,
        4,
        r"schema 99, this suite reads 1,",
        before=(),
        touch='before.json->{"schema": 99}',
    ),
    "not all in the baseline": S(
        BASE,
        0,
        r"10 probes asked now are not in the baseline",
        before=(),
        before_arguments=("-k", "one/p and test_title"),
    ),
    "not all asked": S(
        (*BASE, "-k", "one/p and test_title"),
        0,
        r"10 probes of the baseline were not judged now",
        before=(),
    ),
    "a baseline of several": S(
        (*BASE, "--model", "C"),
        1,
        r"several models \(A, B\) and none is called C",
        before=(),
        before_arguments=("--model", "A", "--model", "B"),
    ),
    "a baseline of several, named": S(
        (*BASE, "--model", "B", GATE, "lost<=0"),
        0,
        r"B against before.json \(B\)",
        before=(),
        before_arguments=("--model", "A", "--model", "B"),
    ),
    "updated": S(
        ("--update-baseline", "new.json", GATE, "recall>=0.9"), 0, r"recall>=0.9 .*passed"
    ),
    "not updated": S(
        ("--update-baseline", "new.json", GATE, "recall>=0.99"),
        1,
        r"gate recall>=0.99 was not passed",
        ("p0",),
    ),
    "update of two": S(
        ("--update-baseline", "new.json", "--model", "A", "--model", "B"), 4, r"it holds one model"
    ),
    "update nowhere": S(
        ("--update-baseline", "no/where.json"), 4, r"no such folder; make it first"
    ),
}
"""Situations that select no cases ask for titles."""
DIES = Situation(
    (GATE, "recall>=0.5"),
    1,
    r"20 of 20 .*NOT PASSED: worker gw\d died",
    environment={"MEMTESTS_DIE": "p3"},
)
