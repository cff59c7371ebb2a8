"""The tables, plots and pages of a study, of models that nobody taught."""

import re

import numpy
import pytest

from memtests.study.answers.all_answers import answers
from memtests.study.measured import LATER, TAUGHT, Cell, Course, Look, Model, Taught
from memtests.study.plan import Plan, Planned
from memtests.study.study_figures import figures_of
from memtests.study.study_pages import render_markdown, render_study
from memtests.study.study_tables import course_rows, groups_of, inside, middling, tables_of

LANGUAGES = ("chinese", "english")
POEMS = tuple(
    Taught(f"{language}-{number}", language, lesson, 5 * (number + 1), 12 * (number + 1))
    for lesson, count in ((TAUGHT, 6), (LATER, 2))
    for language in LANGUAGES
    for number in range(count)
)


def model(size: str, seed: int, epochs: int, share: float) -> Model:
    """One that recites the shortest poems, such a share of them; and after the longer teaching it
    loses half of them again.
    """
    rng = numpy.random.default_rng(seed)

    def look(lesson: str, epoch: int, part: float) -> Look:
        first = {at: poem for at, poem in enumerate(POEMS) if poem.lesson == TAUGHT}
        known = sorted(first, key=lambda at: first[at].units)[: round(part * len(first))]
        courses = (
            Course(
                at in known,
                tuple((-0.1 if at in known else -2 - rng.random()) for _ in range(poem.units)),
                (at in known,) * poem.units,
            )
            for at, poem in enumerate(POEMS)
        )
        return Look(lesson, epoch, tuple(courses))

    looks = [
        look(TAUGHT, 0, 0.0),
        look(TAUGHT, epochs // 2, share / 2),
        look(TAUGHT, epochs, share),
    ]
    if epochs == 4:
        looks += [look(LATER, 0, share), look(LATER, 1, share / 2)]
    memory = tuple(
        Cell(at, given, asked, asked <= given)
        for at in (5, 11)
        for given in (0, 8)
        for asked in (1, 8)
    )
    parameters = int(float(size.removesuffix("M")) * 1e6)
    name = f"{size}-{epochs}-epochs-seed-{seed}-apart"
    return Model(name, size, parameters, seed, "apart", epochs, POEMS, tuple(looks), memory)


MODELS = [
    model(size, seed, epochs, share * epochs / 4)
    for size, share in (("0.1M", 0.0), ("0.4M", 0.5), ("1M", 1.0))
    for seed in (0, 1)
    for epochs in (2, 4)
]
PLANNED = tuple(Planned("1M", 4, 1, seed) for seed in (0, 1))
PLAN = Plan(PLANNED, 80, True, 400, False, {"chinese": "ab"})


def test_every_cell_has_a_number_or_a_reason() -> None:
    for table in tables_of(MODELS):
        head, *body = table.rows
        assert body, table.title
        for row in body:
            assert len(row) == len(head), table.title
            assert all(row), table.title


@pytest.mark.parametrize(
    "few", [MODELS[:1], MODELS[1:2], MODELS[:2]], ids=["short", "long", "both"]
)
def test_a_study_of_one_size(few: list[Model]) -> None:
    """Of which nothing is recited, or there is no later lesson: every question is answered."""
    found = answers(few)
    text = render_markdown(PLAN, few, found)
    for answer in found:
        assert f"| {answer.question} | {answer.verdict} |" in text
    render_study(PLAN, few, found)


def test_models_that_differ_in_their_seed_are_one_row() -> None:
    assert [(each.epochs, each.size, len(each.models)) for each in groups_of(MODELS)] == [
        (epochs, size, 2) for epochs in (2, 4) for size in ("0.1M", "0.4M", "1M")
    ]


def test_tables_say_what_was_found() -> None:
    text = render_markdown(PLAN, MODELS, answers(MODELS))
    assert re.search(
        r"\| apart \| 4 \| 0\.4M \| 400,000 \| 2 \| 0\.0 % \([^|]*\| 50\.0 % \([^|]*\| 33\.3 % \(",
        text,
    )
    assert "| apart | 2 | 1M | 1,000,000 | 2 |" in text
    assert "no later lesson" in text
    assert "6 chinese, 6 english poems" in text
    learned = course_rows(MODELS, TAUGHT)
    assert learned[0] == ["model", "poems", "of", "after 0", "after 2", "after 4"]
    assert ["1M", "english", "recall", "0.0 %", "50.0 %", "100.0 %"] in learned
    forgotten = course_rows(MODELS, LATER)
    assert ["1M", "chinese", "recall", "100.0 %", "50.0 %"] in forgotten
    chances = [row for row in learned if row[2] != "recall" and row[0] == "1M"]
    assert all(row[3] < row[4] < row[5] for row in chances), "probability rises as more is known"


def test_the_heat_map_is_of_models_that_recite_half() -> None:
    assert middling(MODELS, "english").name in ("0.4M, 4 epochs", "1M, 2 epochs")
    chinese, english = inside(MODELS)
    assert (chinese.unit, english.unit) == ("characters", "words")
    assert chinese.texts == 1
    shares = {(cell.given, cell.asked): (cell.recited, cell.cuts) for cell in chinese.cells}
    assert shares == {(0, 1): (0, 2), (0, 8): (0, 2), (8, 1): (2, 2), (8, 8): (2, 2)}


def test_the_page_has_every_answer_and_plot() -> None:
    found = answers(MODELS)
    page = render_study(PLAN, MODELS, found)
    for answer in found:
        assert answer.question in re.sub("<[^>]+>", "", page)
    assert [figure.title for figure in figures_of(MODELS)] == [
        *("Model size", "Length", "Learning", "Forgetting")
    ]
    assert page.count("<svg") >= 8
    assert 'class="heat"' in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
