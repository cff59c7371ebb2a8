"""Pages from templates: their common style and filters. No words of a poem can become markup."""

import functools
import re
import unicodedata
from pathlib import Path
from typing import Any

from memtests.reports.page.page_tables import capital, heads
from memtests.reports.report import Tally
from memtests.reports.text.phrases import as_class, number_of, one_line
from memtests.reports.text.rows import percent, recall_interval

TEMPLATES = Path(__file__).parent / "templates"


def rendered(template: str, **shown: Any) -> str:
    """A page from a template in `templates/`, with the common style."""
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    page: str = _templates().get_template(template).render(style=style, **shown)
    return page


def visible(text: str) -> str:
    """A text with invisible characters escaped, such as those that turn the direction of writing.

    Line breaks and spaces of any width stay, and so do the joiners of letters (Persian needs them).
    """
    if text.isprintable():
        return text
    return "".join(
        c
        if c.isprintable() or c in "\n\u200c\u200d" or unicodedata.category(c) == "Zs"
        else c.encode("unicode_escape").decode()
        for c in text
    )


# A part of a name that is longer than this may be broken anywhere.
_LONGEST_PART = 20


def breakable(name: str) -> Any:
    """A name as HTML that breaks where a reader expects it: after `/` and `-`, and at spaces."""
    from markupsafe import Markup

    parts = re.findall(r"[^/\-\s]*[/\-\s]|[^/\-\s]+", name)
    whole = Markup('<span class="part">{}</span>')
    return Markup("<wbr>").join(
        whole.format(part) if len(part) <= _LONGEST_PART else part for part in parts
    )


def _share(part: float) -> str:
    """A share in CSS."""
    return f"{100 * part:.2f}%"


def _unbroken_percent(part: float) -> str:
    return percent(part).replace(" ", "\u00a0")


def _unbroken_interval(tally: Tally) -> str:
    return recall_interval(tally).replace(" %", "\u00a0%")


@functools.cache
def _templates() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.filters["breakable"] = breakable
    environment.filters["number_of"] = number_of
    environment.filters["one_line"] = one_line
    environment.filters["percent"] = _unbroken_percent
    environment.filters["recall_interval"] = _unbroken_interval
    environment.filters["share"] = _share
    environment.filters["heads"] = heads
    environment.filters["as_class"] = as_class
    environment.filters["capitalised"] = capital
    return environment
