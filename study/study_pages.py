"""A study's tables as Markdown, its tables and plots as a page. Pure functions."""

from memtests.reports.page.html import rendered
from memtests.reports.text.markdown import table
from memtests.study.findings import Study
from memtests.study.paper_tables import tables_of
from memtests.study.plan import LATER, MOST_CHARACTERS
from memtests.study.study_figures import figures_of

TITLE = "What models of different sizes remember"


def summary(study: Study, poems: dict[str, int]) -> list[str]:
    """What was done, and with which models; `poems`: collection → how many."""
    plan, after = study.plan, study.after
    first = ", ".join(f"{poems[name]} {name}" for name in plan.taught)
    names = [name for name in plan.collections if name not in plan.taught]
    second = ", ".join(f"{poems[name]} {name.removeprefix(LATER)}" for name in names)
    hashes = ", ".join(f"{name} {digest[:12]}" for name, digest in plan.collections.items())
    versions = ", ".join(f"{name} {version}" for name, version in after.models[0].versions.items())
    return [
        f"Fresh models of {', '.join(plan.sizes)} parameters, taught {plan.epochs} epochs of "
        f"{first} poems, and then {plan.epochs_of('later')} epochs of {second} others "
        f"at a tenth of the learning rate; all of at most {MOST_CHARACTERS} characters, seen alike "
        "by every model.",
        f"{after.created}; {versions}; poems (SHA-256): {hashes}.",
    ]


def render_markdown(study: Study, poems: dict[str, int]) -> str:
    """Every table, under its heading."""
    parts = [f"# {TITLE}", *summary(study, poems)]
    for found in tables_of(study):
        parts += [f"## {found.title}", found.caption, "\n".join(table(found.rows))]
    return "\n\n".join(parts) + "\n"


def render_study(study: Study, poems: dict[str, int]) -> str:
    """The page, self-contained."""
    return rendered(
        "study.html",
        title=TITLE,
        summary=summary(study, poems),
        figures=figures_of(study),
        tables=tables_of(study),
    )
