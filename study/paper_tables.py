"""The tables of a study: each cell has a number, or says why there is none. Pure functions."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from memtests.fixtures.probes.probes import NEXT_LINE, PREFIX, TITLE
from memtests.reports.counting import trends
from memtests.reports.counting.lengths import FEWEST_POEMS
from memtests.reports.text.rows import beginning_rows, control_rows, correlation_rows, percent
from memtests.study.findings import (
    BANDS,
    Share,
    Study,
    by_band,
    epochs_until_recited,
    in_epochs,
    median_epochs,
    of_lesson,
    recited_at,
    share,
    similarity_at,
)
from memtests.study.plan import LATER

Rows = list[list[str]]


class Table(NamedTuple):
    """One table, with what it shows."""

    title: str
    caption: str
    rows: Rows
    left: int
    """How many of its columns are names."""


def tables_of(study: Study) -> list[Table]:
    """Every table, in the order in which they are shown."""
    return [
        Table(title, " ".join(caption.split()), make(study), left)
        for title, caption, make, left in _TABLES
    ]


def recall_rows(study: Study) -> Rows:
    """The paper's Table 1: recall of each language by model, here also before teaching."""
    names = study.plan.taught
    times = ("before", "taught", "later")
    rows = [["model", "parameters", *(f"{name}, {time}" for name in names for time in times)]]
    for size, looks in study.looks.items():
        before, last = looks[0], of_lesson(looks, "taught")[-1]
        cells = [_cell(recited_at(at, name)) for name in names for at in (before, last, looks[-1])]
        rows.append([size, f"{study.parameters[size]:,}", *cells])
    return rows


def length_rows(study: Study) -> Rows:
    """The paper's Table 2: recall by length."""
    heads = [f"to {BANDS[0]}", *(f"to {band}" for band in BANDS[1:]), f"over {BANDS[-1]}"]
    rows = [["model", "collection", *heads]]
    for size, looks in study.looks.items():
        last = of_lesson(looks, "taught")[-1]
        for name in study.plan.taught:
            shares = by_band(v for v in last.titles if v.collection == name)
            rows.append([size, name, *map(_cell, shares)])
    return rows


def epoch_rows(study: Study) -> Rows:
    """Recall in the course of the first lesson, and when poems came to be recited."""
    rows: Rows = []
    for size, looks in study.looks.items():
        found = of_lesson(looks, "taught")
        if not rows:
            epochs = [f"after {look.epoch}" for look in found]
            rows.append(["model", "collection", *epochs, "median epochs", "never recited"])
        levels = trends.levels(in_epochs(found))
        for name in study.plan.taught:
            recited, never = epochs_until_recited(looks, name)
            median = median_epochs(recited)
            shares = [percent(level.tally.recall) for level in levels[name]]
            often = "none recited" if median is None else str(median)
            rows.append([size, name, *shares, often, f"{never} of {never + len(recited)}"])
    return rows


def forgetting_rows(study: Study) -> Rows:
    """Recall of the first lesson's poems, and of the second's, in the course of the second."""
    rows: Rows = []
    for size, looks in study.looks.items():
        found = of_lesson(looks, "later")
        if not rows:
            rows.append(["model", "collection", *(f"after {look.epoch}" for look in found)])
        levels = trends.levels(in_epochs(found))
        for name in study.plan.collections:
            shares = [
                f"{percent(level.tally.recall)}, {similarity_at(look, name):.2f}"
                for look, level in zip(found, levels[name], strict=True)
            ]
            rows.append([size, name, *shares])
    return rows


def same_poem_rows(study: Study) -> Rows:
    """Recall of the beginnings of the same poems."""
    rows = [[cell or "not so long" for cell in row] for row in beginning_rows(study.taught)]
    return _or_why(rows, f"fewer than {FEWEST_POEMS} poems")


def rank_rows(study: Study) -> Rows:
    """Rank correlation of length and recall; none where it is not defined."""
    rows = _with_model(study, correlation_rows(study.taught))
    names = sorted({row[1] for row in _with_model(study, beginning_rows(study.taught))[1:]})
    missing = [
        [size, f"in {script}", "-", "all or no poems are recited", "-"]
        for size in study.plan.sizes
        for script in dict.fromkeys(name.partition(" ")[2] for name in names)
        if [size, f"in {script}"] not in [row[:2] for row in rows]
    ]
    return _or_why([*rows, *missing], f"fewer than {FEWEST_POEMS} poems")


def untaught_rows(study: Study) -> Rows:
    """Probes of all cases on poems that were only taught later, asked before that."""
    cases = (TITLE, PREFIX, NEXT_LINE)
    names = [name for name in study.plan.collections if name.startswith(LATER)]
    rows = [["model", "collection", *cases]]
    for size in study.plan.sizes:
        for name in names:
            shares = (
                share(
                    v
                    for v in study.untaught
                    if (v.model, v.collection, v.case) == (size, name, case)
                )
                for case in cases
            )
            rows.append([size, name, *(_cell(found, "not asked") for found in shares)])
    return rows


def _with_model(study: Study, rows: Rows) -> Rows:
    """Rows that begin with the model also where there is one alone."""
    if len(study.plan.sizes) > 1:
        return rows
    head, *body = rows
    return [["model", *head], *([study.plan.sizes[0], *row] for row in body)]


def _or_why(rows: Rows, why: str) -> Rows:
    """A table that has no row but its head says why."""
    head, *body = rows
    return [head, *body] if body else [head, [why, *["-"] * (len(head) - 1)]]


def _cell(found: Share, nothing: str = "no poem") -> str:
    """A share, or why there is none."""
    counts = f"{found.recited} of {found.poems}"
    if found.poems == 0:
        return nothing
    return counts if found.poems < FEWEST_POEMS else f"{percent(found.part)} ({counts})"


_TABLES: Sequence[tuple[str, str, Callable[[Study], Rows], int]] = (
    (
        "Recall by size",
        """Whole poems that are recited from their header, before teaching, after it, and after then
        being taught other poems (the form of the paper's Table 1).""",
        recall_rows,
        1,
    ),
    (
        "Recall by length",
        """The same after teaching, by the length of the poem in characters of its normal form (the
        form of the paper's Table 2). Different poems in each column.""",
        length_rows,
        2,
    ),
    (
        "Length on the same poems",
        "Of the same poems, how many are recited for their first characters, after teaching.",
        same_poem_rows,
        2,
    ),
    (
        "Length and recall",
        "Rank correlation of a poem's length and whether its header recites it, after teaching.",
        rank_rows,
        2,
    ),
    (
        "Epochs until recited",
        """Recall from the header in the course of teaching; the epochs at the first look that
        showed a poem, at the median of those ever recited; those that no look showed.""",
        epoch_rows,
        2,
    ),
    (
        "What is lost again",
        """Recall from the header, and the mean similarity of what is said to the poem, in the
        course of then being taught other poems (those of the collections called later).""",
        forgetting_rows,
        2,
    ),
    (
        "Poems not taught yet",
        """True poems, asked for before they were taught: short next lines can be guessed, the rest
        should be 0.""",
        untaught_rows,
        2,
    ),
    (
        "Controls",
        "After teaching, all poems; README says what each of them asks.",
        lambda study: control_rows(study.taught),
        2,
    ),
)
