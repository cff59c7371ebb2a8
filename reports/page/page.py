"""The recall report as one self-contained HTML page. Pure functions.

The page needs no network, and can be read without its script, which filters poems and draws memory
maps. Its content security policy lets nothing else run or load, whatever the poems say.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from memtests.fixtures.models.local.unplaced import said_unplaced
from memtests.fixtures.probes.probes import NEXT_LINE, PREFIX, TITLE
from memtests.plugins.verdicts import (
    CORRECT,
    DECLINED,
    EMPTY,
    FORGOTTEN,
    FORGOTTEN_KINDS,
    GRADES,
    INCORRECT,
    INCORRECT_KINDS,
    LOOPING,
    MINOR,
    NOT_RECITED,
    SEVERE,
    UNRELATED,
    in_order,
)
from memtests.reports.counting.memories import NOTHING, Remembered
from memtests.reports.counting.tallies import counted, cuts_made, totals
from memtests.reports.gating.comparing import Comparison, among_models, saved_comparisons
from memtests.reports.gating.lost_poems import poem_of
from memtests.reports.page.html import TEMPLATES, rendered
from memtests.reports.page.losses import Losses, Place, losses_of
from memtests.reports.page.maps import (
    FACTORS,
    NOTHING_KEPT,
    PROBABLE,
    STATE_SIGNS,
    Kept,
    maps_of,
)
from memtests.reports.page.page_tables import tables_of
from memtests.reports.page.recitations import SIGNS, poems_of
from memtests.reports.page.strips import heats_of, strips_of
from memtests.reports.report import Report, Tally, is_redacted, languages_of
from memtests.reports.text.headline import headline
from memtests.reports.text.length_rows import said_no_lengths
from memtests.reports.text.rows import (
    ability_notes,
    against,
    changes_of,
    control_rows,
    doubts_of,
    gate_rows,
    not_compared,
    outcomes_of,
    said_cuts,
)
from memtests.reports.text.said_asides import said_usage
from memtests.reports.text.said_completions import completion_notes
from memtests.reports.text.statement import said_not_tried, statements
from memtests.reports.text.terminal import render_unjudged

_OUTCOME_OF = {
    CORRECT: CORRECT,
    **dict.fromkeys(INCORRECT_KINDS, INCORRECT),
    **dict.fromkeys(FORGOTTEN_KINDS, FORGOTTEN),
}
CASE_WORDS = {
    TITLE: "given the title, the dynasty and the author; asked for the whole poem",
    PREFIX: "given the beginning of the poem; asked for the rest",
    NEXT_LINE: "given the lines so far; asked for the next one",
}
GRADE_WORDS = {
    CORRECT: "the poem came back",
    MINOR: "incorrect: distorted, and similar to the poem by 0.8 or more",
    SEVERE: "incorrect: distorted beyond that, and still more like the poem than chance, or with a "
    "passage of it",
    UNRELATED: "forgotten: something else was said, no more like the poem than chance",
    LOOPING: "forgotten: it went round in a circle",
    DECLINED: "forgotten: “I don’t know” and its like",
    EMPTY: "forgotten: nothing was said",
    NOT_RECITED: "a miss that was read, and what is said instead was not asked for",
}


# How many poems with losses are shown at once; the others are folded away.
MOST_LOST = 12


class Bar(NamedTuple):
    """One row of the outcomes: a model's probes of one case of a collection."""

    model: str
    collection: str
    case: str
    probes: int
    parts: Sequence[tuple[str, int]]
    """Every grade with its number of verdicts."""


class Change(NamedTuple):
    """One comparison, in words."""

    title: str
    summary: str
    notes: Sequence[str]
    losses: Losses | None
    gained: Sequence[tuple[str, str]]
    """Probes, each with its poem's place on the page."""


def render_page(
    report: Report,
    problems: Sequence[str] = (),
    kept: Kept = NOTHING_KEPT,
    remembered: Remembered = NOTHING,
    *,
    comparisons: Sequence[Comparison] | None = None,
    passed: bool | None = None,
    refusal: str | None = None,
    drawn: bool = True,
) -> str:
    """The whole page. `problems`: reasons why the run's figures prove nothing; `comparisons`: those
    with the baseline, if that is at hand; `passed` and `refusal`: as in `headline`; `drawn`:
    whether there are figures, which take seconds.
    """
    # Imported only here, because numpy takes a while to load.
    from memtests.reports.page.figures import figures_of, legend_of

    poems = poems_of(report, remembered, kept.own)
    places = {view.key: f"poem-{at}" for at, view in enumerate(poems)}
    redacted = is_redacted(report)
    strips = strips_of(report)
    titled = {
        # A text that was asked for in windows is not among the poems.
        **{strip.name: Place("texts", strip.title) for strip in strips},
        **{
            (poem := "/".join(view.key)): Place(places[view.key], poem if redacted else view.title)
            for view in poems
        },
    }
    maps = maps_of(report, kept)
    asked = {v.case for v in report.verdicts}
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    return rendered(
        "page.html",
        report=report,
        several=len(report.models) > 1,
        headline=headline(report, problems, passed=passed, refusal=refusal),
        problems=problems,
        gates=gate_rows(report) if report.gates else [],
        doubts=[*doubts_of(report), *ability_notes(report)],
        statements=[*statements(report), *([said_not_tried(report)] if report.verdicts else [])],
        places={model.name: at for at, model in enumerate(report.models)},
        totals=side_by_side(report, totals(counted(report.verdicts), "model")),
        recalls=side_by_side(report, totals(counted(report.verdicts), "model", "collection")),
        bars=bars(report),
        grades=grades(report),
        grade_words={each: GRADE_WORDS[each] for each in grades(report) if each in GRADE_WORDS},
        asked_words={case: said for case, said in CASE_WORDS.items() if case in asked},
        outcomes=outcomes_of(report.verdicts),
        signs=SIGNS,
        unjudged=render_unjudged(report.unjudged),
        changes=_changes(report, comparisons, titled),
        most_lost=MOST_LOST,
        drawn=drawn,
        strips=strips,
        heats=heats_of(remembered.inside),
        no_lengths=said_no_lengths(report, remembered.inside),
        figures=figures_of(report, remembered) if drawn else [],
        completions=completion_notes(report),
        cuts={model: said_cuts(made) for model, made in cuts_made(report.verdicts).items()},
        said_unplaced=said_unplaced,
        said_usage=said_usage,
        controls=control_rows(report) if report.controls else [],
        tables=tables_of(report, remembered) if drawn else [],
        poems=poems,
        redacted=redacted,
        keys=legend_of(model.name for model in report.models),
        maps=maps,
        shades=PROBABLE,
        steps=FACTORS,
        state_signs=STATE_SIGNS,
        poem_places=places,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def side_by_side(report: Report, tallies: Iterable[Tally]) -> list[Tally]:
    """Tallies sorted by collection, and then by the report's order of models."""
    models = [model.name for model in report.models]
    return sorted(tallies, key=lambda tally: (tally.collection, models.index(tally.model)))


def grades(report: Report) -> dict[str, str]:
    """Every grade → its outcome. Grades that only this report has come last."""
    outcomes = {v.grade: v.outcome for v in report.verdicts}
    return {
        grade: _OUTCOME_OF.get(grade) or outcomes[grade] for grade in in_order(GRADES, outcomes)
    }


def bars(report: Report) -> list[Bar]:
    """The outcomes of each model, collection and case, with their grades."""
    models = [model.name for model in report.models]
    every = grades(report)
    counts: dict[tuple[str, str, int], Counter[str]] = {}
    for v in counted(report.verdicts):
        counts.setdefault((v.collection, v.case, models.index(v.model)), Counter())[v.grade] += 1
    return [
        Bar(models[at], collection, case, found.total(), [(each, found[each]) for each in every])
        for (collection, case, at), found in sorted(counts.items())
    ]


def _changes(
    report: Report, comparisons: Sequence[Comparison] | None, places: Mapping[str, Place]
) -> list[Change]:
    """The comparisons with the baseline, and those among the report's models."""
    if comparisons is None:
        comparisons = saved_comparisons(report)
    languages = languages_of(report)
    return [
        Change(
            against(found.record),
            changes_of(found.record),
            not_compared(found.record),
            losses_of(found, places, languages),
            [(probe, places[poem_of(probe)].id) for probe in found.record.gained],
        )
        for found in (*comparisons, *among_models(report))
    ]
