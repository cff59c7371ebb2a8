"""Makes the picture of README: asks the embedded model for the canon, and takes its page.

    python docs/pictures/make_page.py --work FOLDER

What FOLDER holds already is not asked again. It takes a Chromium, and a minute.
"""

from pathlib import Path

from picturing import SCHEMES, opened, options, run, save

POEM = "british/requiem"
# Of its recitations, in the order of the page: the one that the picture has room for.
SHOWN = 3


def make(work: Path, chromium: str | None) -> None:
    report = work / "reports/latest/report.html"
    if not report.exists():
        run(work, "--measure")
    for scheme in SCHEMES:
        with opened(chromium, report, scheme, 960) as page:
            place = page.locator(".poem", has=page.locator("small", has_text=POEM)).first
            place.locator("summary").click()
            place.locator(".map").wait_for()
            page.add_style_tag(
                content=".statement, .when, nav, #recall > p, #recall dl, #filter, .shortest,"
                " main > section:not(#recall):not(#poems), #poems > h2,"
                f" .poem:not(#{place.get_attribute('id')}),"
                f" .pair li:not(:nth-child({SHOWN}))"
                " { display: none !important; } body { padding-bottom: 1rem !important; }"
            )
            save(page, "page", scheme)


if __name__ == "__main__":
    make(*options(__doc__.splitlines()[0]))
