"""Makes the pictures of docs/study.md from the page of a study, and copies its tables beside it.

    memtests study
    python docs/pictures/make_study.py --study reports/study

It takes a Chromium, and a few seconds.
"""

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
# Name of a picture → the figures of the page that are in it; the heat maps have no figure.
PICTURES = {
    "study-sizes": ("Model size",),
    "study-lessons": ("Learning", "Forgetting"),
    "study-lengths": ("Length",),
    "study-inside": (),
}
WIDE, NARROW = 1000, 620


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", type=Path, required=True, help="the folder of a study")
    parser.add_argument("--chromium", default=shutil.which("chromium"), metavar="FILE")
    given = parser.parse_args()
    study: Path = given.study.resolve()
    shutil.copyfile(study / "study.md", HERE.parent / "study" / "tables.md")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for picture, figures in PICTURES.items():
                width = WIDE if figures else NARROW
                size = {"width": width, "height": 900}
                page = browser.new_page(viewport=size, color_scheme=scheme)
                page.goto((study / "study.html").as_uri())
                take(page, figures, HERE / f"{picture}-{scheme}.png")
        browser.close()


def take(page: Page, figures: tuple[str, ...], file: Path) -> None:
    """A picture of some figures of the page, or of its heat maps."""
    hidden = "header, h2, main > section"
    shown = "main > section:has(figure)" if figures else "#inside"
    titles = ", ".join(f'figure:has(h3:text-is("{title}"))' for title in figures)
    page.add_style_tag(
        content=f"{hidden} {{ display: none; }} {shown} {{ display: block; }}"
        " figure { display: none; } .figures { display: block; } body { padding-bottom: 1rem; }"
        " #inside > p { display: none; }"
    )
    for found in page.locator(titles).all() if figures else ():
        found.evaluate("each => each.style.display = 'block'")
    shot = Image.open(io.BytesIO(page.locator("body").screenshot()))
    shot.convert("RGB").quantize(96).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
