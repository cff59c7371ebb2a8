"""Makes the pictures of docs/memory-map.md: teaches, asks, compares, and takes them in a browser.

    python docs/pictures/make_maps.py --work FOLDER

A model is taught Chinese and English poems (`lesson`), and from there on some sonnets (`sonnets`).
Asked are three checkpoints of the lesson, ten epochs apart, and the one with the sonnets.
What FOLDER holds already is not made again. It takes a Chromium, and a quarter of an hour.
"""

from pathlib import Path

from picturing import CANON, SCHEMES, each, opened, options, run, save
from playwright.sync_api import Page

POEMS = tuple(CANON / f"{name}.jsonl" for name in ("tang", "american", "british"))
OTHERS = CANON / "sonnets.jsonl"
EPOCHS, EVERY = 40, 10
# Name of a model → the folder of its checkpoint.
ASKED = {
    "20-epochs": "lesson",
    "30-epochs": "lesson",
    "40-epochs": "lesson",
    "then-sonnets": "sonnets",
}
PAIRS = {"map": ("20-epochs", "30-epochs"), "difference": ("40-epochs", "then-sonnets")}
"""Picture → whose reports are compared for it."""
POEM = {"map": "american/learnd-astronomer", "difference": "american/no-frigate-like-a-book"}


def make(work: Path, chromium: str | None) -> None:
    teach(work)
    for name in ASKED:
        if not (work / "reports" / name / "recall.json").exists():
            asked = f"--model {name} --recall-report reports/{name} --measure --controls none -q"
            run(work, asked, *each("--poems", POEMS), "-k", "title or next_line")
    for picture, models in PAIRS.items():
        files = [f"reports/{name}/recall.json" for name in models]
        run(work, f"compare --recall-report reports/{picture}", *files)
        for scheme in SCHEMES:
            file = work / "reports" / picture / "report.html"
            with opened(chromium, file, scheme, 900) as page:
                show(page, picture)
                save(page, picture, scheme)


def teach(work: Path) -> None:
    """The models, each under a name of its own."""
    if not (work / "lesson/model.safetensors").exists():
        lesson = f"teach --out lesson --epochs {EPOCHS} --save-every {EVERY}"
        run(work, lesson, *each("--poems", POEMS))
    if not (work / "sonnets/model.safetensors").exists():
        others = "teach --out sonnets --base lesson --epochs 3 --learning-rate 2.5e-4"
        run(work, others, "--poems", str(OTHERS))
    steps = sorted(work.glob("lesson/checkpoint-*"), key=lambda f: int(f.name.rpartition("-")[2]))
    for epochs in (20, 30, 40):
        link(work / f"{epochs}-epochs", steps[epochs // EVERY - 1])
    link(work / "then-sonnets", work / "sonnets")


def link(name: Path, folder: Path) -> None:
    if not name.exists():
        name.symlink_to(folder)


def show(page: Page, picture: str) -> None:
    """One poem's map, or a difference: what it comes to, and one poem."""
    place = page.locator(".poem", has=page.locator("small", has_text=POEM[picture])).first
    if picture == "difference":
        page.click("#maps summary")
        page.click(f"#maps a:text-is('{POEM[picture]}')")
    else:
        place.locator("summary").click()
    place.locator(".map").wait_for()
    page.add_style_tag(
        content="#filter { position: static !important; }"
        " #maps details { max-height: 14.4rem; overflow: hidden; }"
        " main > section:not(#maps):not(#poems), header, nav, #poems > h2, #poems > p,"
        " #poems > .legend, #filter,"
        f" .poem:not(#{place.get_attribute('id')}) {{ display: none !important; }}"
        " .pair ol, .shortest { display: none; } body { padding-bottom: 1rem !important; }"
        " .pair.mapped { grid-template-columns: 1fr !important; }"
    )
    hidden = "#maps h3, #maps h3 ~ *" if picture == "map" else "#maps > .columns"
    page.add_style_tag(content=f"{hidden} {{ display: none; }}")


if __name__ == "__main__":
    make(*options(__doc__.splitlines()[0]))
