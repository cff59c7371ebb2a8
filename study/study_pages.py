"""What came of a study, as Markdown and as a page."""

from collections.abc import Sequence
from pathlib import Path

from memtests.reports.page.html import rendered
from memtests.reports.page.strips import heats_of
from memtests.reports.report import write_whole
from memtests.reports.text.markdown import table
from memtests.reports.text.phrases import number_of
from memtests.study.answers.all_answers import answers
from memtests.study.answers.answer import Answer
from memtests.study.measured import LATER, TAUGHT, Model
from memtests.study.plan import Plan
from memtests.study.study_figures import figures_of
from memtests.study.study_tables import Table, inside, tables_of

TITLE = "What models of different sizes remember"


def write_study(plan: Plan, models: Sequence[Model], folder: Path) -> None:
    """The files, and what is said of them."""
    found = answers(models)
    write_whole(folder / "study.md", render_markdown(plan, models, found).encode())
    write_whole(folder / "study.html", render_study(plan, models, found).encode())
    print()
    for answer in found:
        print(f"{answer.verdict:<10} {answer.question}")
    print(f"\nplots:   {folder / 'study.html'}\ntables:  {folder / 'study.md'}")


def summary(plan: Plan, models: Sequence[Model]) -> list[str]:
    """What was done, and with which models."""
    first = _counted(models[0], TAUGHT)
    hashes = ", ".join(f"{name} {digest[:12]}" for name, digest in plan.collections.items())
    lengths = "as much of each as is drawn, to" if plan.drawn else "of each as many lines as fit in"
    *some, longest = sorted({model.epochs for model in models})
    epochs = " or ".join([*map(str, some), number_of(longest, "epoch")])
    sizes = list(dict.fromkeys(model.size for model in models))
    later = max(each.later for each in plan.models)
    others = _counted(models[0], LATER)
    then = f", those with the longest lesson then {number_of(later, 'epoch')} of {others} others"
    return [
        f"{len(models)} fresh models of {', '.join(sizes)} parameters, taught {epochs} of "
        f"{first} poems{then if later else ''}: {lengths} {plan.characters} characters.",
        f"Poems (SHA-256): {hashes}.",
    ]


def verdict_rows(found: Sequence[Answer]) -> list[list[str]]:
    """Every question with its answer."""
    rows = [["question", "answer", "what was found"]]
    return [*rows, *([answer.question, answer.verdict, answer.said] for answer in found)]


def render_markdown(plan: Plan, models: Sequence[Model], found: Sequence[Answer]) -> str:
    """Every answer and every table, under its heading."""
    parts = [f"# {TITLE}", *summary(plan, models), "## Questions and answers"]
    parts.append("\n".join(table(verdict_rows(found))))
    for each in _tables(models, found):
        parts += [f"## {each.title}", each.caption, "\n".join(table(each.rows))]
    return "\n\n".join(parts) + "\n"


def render_study(plan: Plan, models: Sequence[Model], found: Sequence[Answer]) -> str:
    """The page, self-contained."""
    found_inside = inside(models)
    return rendered(
        "study.html",
        title=TITLE,
        summary=summary(plan, models),
        verdicts=verdict_rows(found),
        figures=figures_of(models),
        heats=[
            heat._replace(said=f"95 % intervals over {each.texts} poems")
            for each, heat in zip(found_inside, heats_of(found_inside), strict=True)
        ],
        tables=_tables(models, found),
    )


def _tables(models: Sequence[Model], found: Sequence[Answer]) -> list[Table]:
    of_answers = [
        Table(f"{answer.question}: {answer.verdict}", answer.said, [*map(list, answer.rows)], 1)
        for answer in found
        if answer.rows
    ]
    return [*tables_of(models), *of_answers]


def _counted(model: Model, lesson: str) -> str:
    languages = [poem.language for poem in model.poems if poem.lesson == lesson]
    return ", ".join(f"{languages.count(name)} {name}" for name in dict.fromkeys(languages))
