"""The tables of a trend, for terminal and page. Pure functions."""

from collections.abc import Sequence

from memtests.plugins.verdicts import CORRECT, FORGOTTEN, INCORRECT
from memtests.reports.counting.trends import Cell, Course, Trend
from memtests.reports.page.recitations import SIGNS
from memtests.reports.text.phrases import number_of
from memtests.reports.text.rows import percent, recall_interval
from memtests.reports.text.terminal import columns

NOT_JUDGED = "–"
# A poem's row on a terminal has a sign for each look, unless there are more: they have no room.
MOST_SIGNS = 60


def level_rows(trend: Trend) -> list[list[str]]:
    """A row for each collection and checkpoint."""
    rows = [["collection", "step", "poems", "probes", "recall", "95 %", "mean log_p", "its 95 %"]]
    for name, levels in trend.levels.items():
        for at, tally, log_p in levels:
            mean = "-" if log_p is None else f"{log_p.value:.2f}"
            known = log_p is not None and log_p.low is not None
            span = f"{log_p.low:.2f} to {log_p.high:.2f}" if known and log_p else "-"
            counts = [f"{at:,}", str(tally.poems), str(tally.judged)]
            rows.append([name, *counts, percent(tally.recall), recall_interval(tally), mean, span])
    return rows


def stop_rows(trend: Trend) -> list[list[str]]:
    """A row for each checkpoint, with the step of its own lesson if that differs from the step over
    all lessons.
    """
    added = any(stop.at != stop.step for stop in trend.stops)
    head = ["checkpoint", "step", *["of its own lesson"] * added]
    return [
        head,
        *([stop.name, f"{stop.at:,}", *[f"{stop.step:,}"] * added] for stop in trend.stops),
    ]


def course_rows(trend: Trend) -> list[list[str]]:
    """A row for each poem: a sign for each checkpoint, and the steps at which it came and went."""
    signs = len(trend.stops) <= MOST_SIGNS
    rows = [["poem", *["each checkpoint"] * signs, "first recited", "lost", "again"]]
    for course in trend.courses:
        strip = "".join(map(sign_of, course.cells))
        rows.append(["/".join(course.key), *[strip] * signs, *turns(course)])
    return rows


def turns(course: Course) -> list[str]:
    """The cells with the steps at which a poem was first recited, lost and recited again."""
    found = [course.first, course.lost, course.again]
    return ["-" if at is None else f"{at:,}" for at in found]


def sign_of(cell: Cell | None) -> str:
    """A poem at one checkpoint, in one character."""
    if cell is None:
        return NOT_JUDGED
    outcome = CORRECT if cell.recited else INCORRECT if cell.partly else FORGOTTEN
    return SIGNS[outcome]


def said_signs(trend: Trend) -> dict[str, str]:
    """Sign → its meaning."""
    if trend.windows:
        return {
            SIGNS[CORRECT]: "every window of it extracted",
            SIGNS[INCORRECT]: "some windows extracted",
            SIGNS[FORGOTTEN]: "none extracted",
            NOT_JUDGED: "not judged",
        }
    return {
        SIGNS[CORRECT]: "recited",
        SIGNS[INCORRECT]: "in part",
        SIGNS[FORGOTTEN]: "not recited",
        NOT_JUDGED: "not judged",
    }


def said_trend(trend: Trend) -> list[str]:
    """A trend in sentences: its checkpoints, and how many poems were recited at them."""
    first, last = trend.stops[0], trend.stops[-1]
    lines = [
        f"{number_of(len(trend.stops), 'checkpoint')}, from step {first.at:,} ({first.name}) to "
        f"step {last.at:,} ({last.name}).",
        *_came_and_went(trend),
    ]
    lines += [
        f"The steps of {lesson} are counted on from the end of {before} ({at:,})."
        for (before, at), lesson in zip(trend.ends.items(), [*trend.ends][1:], strict=False)
        if at
    ]
    return lines


def _came_and_went(trend: Trend) -> list[str]:
    """How many poems, or of windows texts, were recited at some time, and are at the last."""
    if trend.windows:
        texts = number_of(len(trend.courses), "text")
        some, last = (
            sum(any(cell and cell.partly for cell in course.cells[at:]) for course in trend.courses)
            for at in (0, -1)
        )
        return [f"Of {texts}, {some} had windows extracted at some of them, {last} at the last."]
    ever = [course for course in trend.courses if course.first is not None]
    now = [course for course in ever if course.cells[-1] and course.cells[-1].recited]
    return [
        f"Of {number_of(len(trend.courses), 'poem')}, {len(ever)} were recited at some of them, "
        f"and {len(now)} are at the last."
    ]


def trend_sections(trend: Trend) -> list[tuple[str, Sequence[str]]]:
    """Everything that a terminal shows of a trend: titles, and the lines under each."""
    signs = ", ".join(f"{sign} {said}" for sign, said in said_signs(trend).items())
    return [
        ("trend", said_trend(trend)),
        ("checkpoints", columns(stop_rows(trend), left=1)),
        ("recall over the steps", columns(level_rows(trend), left=1)),
        (f"poems ({signs})", columns(course_rows(trend), left=2)),
    ]
