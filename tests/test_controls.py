"""Controls: made so that their answers mean what they are taken to mean."""

import itertools
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.controls import (
    CHANGES,
    SAMPLE,
    UNSEEN,
    controls_of,
    unseen_poems,
)
from fixtures.poems import Collection, Poem, canon
from fixtures.probes import DEFAULT_HEADER, Probe, parse_prefix_lengths
from fixtures.questions import CONTROLS
from fixtures.text import normal_form
from plugins.recital import batches_of
from plugins.scheduling import Places
from reports.controls import KINDS, control_records, kind_of
from reports.gates import evaluate, parse_gate
from reports.report import Report
from reports.tallies import counted
from tests.reported import NURSERY, TANG, Recites, knows, probes_asked, reported
from tests.test_plugin import memtests

pytest_plugins = ["pytester"]

LENGTHS = parse_prefix_lengths("10%,25%,50%,75%")
CANON = canon()


def asked(collection: Collection) -> list[Probe]:
    return controls_of(collection, LENGTHS, DEFAULT_HEADER)


def of_kind(probes: list[Probe], *kinds: str) -> list[Probe]:
    return [probe for probe in probes if (probe.length or "").split("-")[0] in kinds]


@pytest.mark.parametrize("collection", CANON, ids=lambda collection: collection.name)
def test_nobody_can_have_read_an_unseen_poem(collection: Collection) -> None:
    """No two lines follow each other as they do in any poem, and the title is none of them."""
    pairs = {pair for poem in collection.poems for pair in itertools.pairwise(poem.lines)}
    titles = {(poem.title, poem.author) for poem in collection.poems}
    made = unseen_poems(collection)
    assert len(made) == len(collection.poems)
    assert len({poem.text for poem in made}) == len(made)
    for poem in made:
        assert not pairs & set(itertools.pairwise(poem.lines))
        assert (poem.title, poem.author) not in titles
    for probe in of_kind(asked(collection), "unseen"):
        assert "\n" in probe.suffix, "not only the rest of a line that is begun"


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_unseen_poems_of_any_collection(counts: list[int]) -> None:
    poems = tuple(
        Poem(
            id=f"p{at}",
            title=f"T {at}",
            author="A",
            language="en" if at % 3 else "zh",
            lines=tuple(f"line {at} {line}" for line in range(count)),
        )
        for at, count in enumerate(counts)
    )
    made = unseen_poems(Collection("c", poems))
    assert made == unseen_poems(Collection("c", poems)), "the same ones every time"
    for poem in made:
        of_poems = [line.split()[1] for line in poem.lines]
        assert all(one != other for one, other in itertools.pairwise(of_poems))
        assert {poem.language} == {poems[int(at)].language for at in of_poems}


def test_every_kind() -> None:
    tang = next(collection for collection in CANON if collection.name == "tang")
    probes = asked(tang)
    assert len({probe.name for probe in probes}) == len(probes)
    kinds = {(probe.length or "").split("-")[0] for probe in probes}
    assert kinds == {kind for found in CONTROLS.values() for kind in found}
    assert kinds | {"chance"} == set(KINDS)
    assert all(probe.case == "control" and probe.prefix_length is None for probe in probes)
    texts = {poem.id: poem.text for poem in tang.poems}
    for probe in probes:
        if not probe.poem.id.startswith(UNSEEN):
            assert probe.suffix.strip() == texts[probe.poem.id]


def test_the_cue_is_changed_and_the_poem_is_not() -> None:
    cues = {probe.length: probe.cue for probe in asked(TANG) if probe.poem.id == "jing-ye-si"}
    assert cues["wrong_author"] == "静夜思\n唐 王之涣"
    assert cues["no_author"] == "静夜思"
    assert cues["traditional"] == "靜夜思\n唐 李白"
    assert sorted(cues["typo"]) == sorted("静夜思\n唐 李白") != list("静夜思\n唐 李白")
    assert "静夜思" in cues["other_header"]
    assert "李白" in cues["other_header"]
    assert cues["line_breaks"].split() == ["静夜思", "唐", "李白"] or "/" in cues["line_breaks"]
    assert cues["copying"].count("床前明月光") == 1


def test_variants_of_a_poem_lend_no_true_neighbours() -> None:
    """Two versions of one poem: what follows a line in the one may stand in the other."""
    (first, second) = TANG.poems
    version = msgspec.structs.replace(
        first, id="version", lines=("床前看月光，", "疑是地上霜！", "举头望山月，", "低头思故乡。")
    )
    collection = Collection("v", (first, version, second))
    pairs = {
        tuple(map(normal_form, pair))
        for poem in collection.poems
        for pair in itertools.pairwise(poem.lines)
    }
    made = unseen_poems(collection)
    assert made
    for poem in made:
        assert not pairs & {tuple(map(normal_form, p)) for p in itertools.pairwise(poem.lines)}
    assert unseen_poems(Collection("v", (first, first))) == [], "nothing to make one of"


def test_a_change_that_changes_nothing_is_not_asked() -> None:
    short = msgspec.structs.replace(TANG.poems[0], title="蝉")
    probes = controls_of(Collection("c", (short, TANG.poems[1])), LENGTHS, "{title}")
    kinds = {probe.length for probe in probes if probe.poem.title == "蝉"}
    assert not {"typo", "wrong_author", "no_author"} & kinds


def test_a_control_that_does_not_fit_breaks_no_gate(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is listed, and that is all: copying takes twice the room of the poem."""
    monkeypatch.setenv("MEMTESTS_BROKEN", "unread")
    result = memtests(
        *(pytester, "-p", "tests.standin", "--model", "A", "--gate", "recall>=0.9"),
        *("-k", "tang and (test_copying or test_title)"),
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*4 UNJUDGED  A*tang/*/control-copying*"])


def test_what_cannot_be_made_is_left_out() -> None:
    """A collection of one poem has no other author and no other lines."""
    kinds = {(probe.length or "").split("-")[0] for probe in asked(NURSERY)}
    assert kinds == {"copying", *CHANGES} - {"traditional"}
    anonymous = msgspec.structs.replace(NURSERY.poems[0], title="X", author="", dynasty=None)
    kinds = {probe.length for probe in asked(Collection("c", (anonymous,)))}
    assert "no_author" not in kinds, "it changes nothing"


def with_controls(recites: Recites) -> Report:
    return reported({"m": recites}, asked=lambda c: [*probes_asked(c), *asked(c)])


def test_records() -> None:
    def half(probe: Probe) -> str:
        return probe.suffix if probe.length in ("copying", "typo") else "啦" * 40

    report = with_controls(half)
    found = {(r.collection, r.kind): r for r in control_records(report)}
    typo = found["tang", "typo"]
    assert (typo.correct, typo.incorrect, typo.forgotten) == (2, 0, 0)
    assert typo.unchanged == (0, 2), "their titles trigger nothing"
    assert found["tang", "unseen"].correct == 0
    assert found["tang", "unseen"].unchanged is None
    assert found["tang", "chance"].forgotten == 6
    assert ("nursery", "chance") not in found, "it has no other poem"


def test_who_recites_another_poem_is_seen_by_chance() -> None:
    """A model that gives the next poem, whatever is asked, has `correct` answers there."""

    def other(probe: Probe) -> str:
        poems = {"jing-ye-si": TANG.poems[1], "deng-guan-que-lou": TANG.poems[0]}
        return "\n\n" + poems[probe.poem.id].text if probe.poem.id in poems else ""

    (chance,) = (r for r in control_records(reported({"m": other}, [TANG])) if r.kind == "chance")
    assert chance.correct == 2


def test_controls_count_nowhere_else() -> None:
    plain, full = reported({"m": knows}), with_controls(knows)
    assert full.tallies == plain.tallies
    gates = [parse_gate("recall>=0.5", ["tang"])]
    assert evaluate(gates, full, ()) == evaluate(gates, plain, ())
    verdicts = full.verdicts
    assert len(verdicts) > len(plain.verdicts)
    assert counted(verdicts) == counted(plain.verdicts)
    assert {kind_of(v) for v in verdicts if v.case == "control"} < set(KINDS)


def test_false_recall_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also under `--measure`: then the figures mean nothing. And no gate passes."""
    monkeypatch.setenv("MEMTESTS_PARROT", "1")
    for arguments in (("--measure",), ("--gate", "recall>=0.1")):
        result = memtests(
            pytester,
            "-p",
            "tests.standin",
            "--model",
            "A",
            "-k",
            "tang and test_unseen",
            *arguments,
        )
        assert result.ret == 1
        result.stdout.fnmatch_lines(["*recited a poem that nobody can know*"])
    result.stdout.fnmatch_lines(["*NOT PASSED*failed for another reason than a miss*"])


def test_in_a_run(pytester: pytest.Pytester) -> None:
    """A sample by default, everything with `full`, nothing with `none`."""

    def controls(*arguments: str) -> list[dict[str, object]]:
        result = memtests(
            pytester,
            "-p",
            "tests.standin",
            "--model",
            "A",
            "--measure",
            *arguments,
            "-k",
            "tang and (test_title or test_controls)",
        )
        assert result.ret == 0, result.outlines
        report = json.loads((pytester.path / "report" / "recall.json").read_text())
        return [v for v in report["verdicts"] if v["case"] == "control"]

    few, every, none = controls(), controls("--controls", "full"), controls("--controls", "none")
    assert none == []
    assert len({v["poem"].removeprefix(UNSEEN) for v in few}) == SAMPLE
    assert {v["probe"] for v in few} <= {v["probe"] for v in every}
    assert sum("/control-unseen" in v["probe"] for v in every) > 150
    assert all(
        v["outcome"] == ("forgotten" if "unseen" in v["probe"] else "correct") for v in every
    )


def test_they_are_recited_with_their_chunk() -> None:
    """Those of made-up poems too: on one worker, in one batch."""
    tang = next(collection for collection in CANON if collection.name == "tang")
    probes = asked(tang)
    places = Places(list(dict.fromkeys(f"tang/{probe.poem.id}" for probe in probes)), [])
    ids = [f"t.py::test_unseen[tang/{probe.poem.id}/{probe.length}]" for probe in probes]
    scope_of = places.scopes(ids, workers=2)
    for batch in batches_of(probes, workers=2):
        scopes = {
            scope_of[f"t.py::test_unseen[tang/{probe.poem.id}/{probe.length}]"] for probe in batch
        }
        assert len(scopes) == 1


def test_bad_choice(pytester: pytest.Pytester) -> None:
    result = memtests(pytester, "--controls", "some")
    assert result.ret == 4
    assert any("--controls" in line and "sample" in line for line in result.errlines)
