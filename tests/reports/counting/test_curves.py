"""The numbers of the plots, compared with small reports that can be counted by hand."""

import math

import pytest

from memtests.fixtures.probes.probes import Probe
from memtests.reports.counting.curves import (
    LEAST_POWER,
    PLACES,
    along_the_text,
    before_observation,
    by_poem_length,
    by_prefix_length,
    by_size,
    shortest,
)
from memtests.reports.page.figures import figures_of
from memtests.reports.report import headings_of, texts_of
from tests.support.reported import NURSERY, TANG, forgets, knows, reported, slips

ALL = reported({"good": knows, "slips": slips, "bad": forgets})


def test_poems_are_put_together_from_cues_and_suffixes() -> None:
    poems = {(c.name, p.id): p for c in (TANG, NURSERY) for p in c.poems}
    assert texts_of(ALL.verdicts) == {key: poem.text for key, poem in poems.items()}
    assert headings_of(ALL.verdicts)["tang", "jing-ye-si"] == "静夜思\n唐 李白"


def test_prefix_lengths_begin_with_the_header_alone() -> None:
    found = by_prefix_length(ALL, percent=True)
    assert [(p.x, p.share) for p in found["good", "tang"]] == [(0, 1), (25, 1), (50, 1)]
    assert [(p.x, p.share) for p in found["bad", "tang"]] == [(0, 0), (25, 0), (50, 0)]
    assert all(p.low <= p.share <= p.high for points in found.values() for p in points)
    assert by_prefix_length(ALL, percent=False) == {}


def test_poem_length_is_in_words_or_characters() -> None:
    found = by_poem_length(ALL)
    assert set(found) == {(m, u) for m in ("good", "slips", "bad") for u in ("words", "characters")}
    assert [point.x for point in found["good", "words"]] == [22]
    assert [point.x for point in found["good", "characters"]] == [20]


def test_places_in_the_text() -> None:
    unbroken, recited = along_the_text(ALL, unbroken=True), along_the_text(ALL, unbroken=False)
    assert list(unbroken["good", "tang"].share) == [1.0] * PLACES
    assert list(recited["bad", "nursery"].share) == [0.0] * PLACES
    slip = unbroken["slips", "nursery"].share
    assert list(slip) == sorted(slip, reverse=True), "who has left does not come back"
    assert slip[-1] < recited["slips", "nursery"].share[-1] == 1, "but goes on after the slip"


def test_shortest_cues() -> None:
    found = shortest(ALL)
    assert list(found["good", "tang"].share) == [0, 1]
    assert list(found["good", "tang"].x) == [1, 1]
    assert list(found["bad", "tang"].share) == [0]


def test_probabilities() -> None:
    found = before_observation(ALL)
    assert found["good"]["correct"][0] == sum(map(sum, found["good"].values()))
    power = int(12 / math.log(10))
    assert found["bad"]["forgotten"][power] == sum(found["bad"]["forgotten"])
    assert all(len(bins) == -LEAST_POWER for of in found.values() for bins in of.values())


def test_sizes() -> None:
    assert [(p.x, p.share) for p in by_size(ALL)["nursery"]] == [
        (1e6, 1.0),
        (1e7, pytest.approx(1 / 3)),
        (1e8, 0.0),
    ]
    assert by_size(reported({"one": knows}))["tang"][0].x == 1e6


def test_figures() -> None:
    """One model has a series for each collection, several have a plot for each collection."""
    several = {figure.title: figure for figure in figures_of(ALL)}
    one = {figure.title: figure for figure in figures_of(reported({"one": slips}))}
    assert set(several) - set(one) == {"Model size"}
    place = "Where recitations leave the poem"
    assert [panel.title for panel in several[place].panels] == ["nursery", "tang"]
    assert [key.name for key in several[place].legend] == ["good", "slips", "bad"]
    assert [panel.title for panel in one[place].panels] == [""]
    assert [key.name for key in one[place].legend] == ["nursery", "tang"]
    for figure in [*several.values(), *one.values()]:
        for panel in figure.panels:
            assert panel.svg.startswith("<svg viewBox=")
            assert "#0" not in panel.svg.replace("url(#p", "").replace('href="#', ""), "a colour"


def test_no_plot_of_a_single_dot() -> None:
    """The plot is left out, and the page names it."""
    poem = {figure.title: figure for figure in figures_of(reported({"m": slips}, [NURSERY]))}
    assert {title for title, figure in poem.items() if not figure.panels} == {
        "Poem length",
        "Shortest cue",
        "Probability and outcome",
    }
    assert poem["Poem length"].left_out == ("Poem length (words)",)
    assert poem["Shortest cue"].left_out == ("Shortest cue",)

    def knows_some(probe: Probe) -> str:
        """One poem is recited after its first character, the other after three."""
        enough = probe.poem.id == "jing-ye-si" or probe.prefix_length != "1"
        return knows(probe) if enough else ""

    found = {figure.title: figure for figure in figures_of(reported({"m": knows_some}, [TANG]))}
    assert [panel.title for panel in found["Shortest cue"].panels] == [""], "two lengths are two"
    assert found["Shortest cue"].left_out == ()
    assert found["Poem length"].left_out == ("Poem length (characters)",)
