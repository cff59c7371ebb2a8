"""Makes the picture of docs/trend.md: teaches one lesson and then another, asks, and takes it.

    python docs/pictures/make_trend.py --work FOLDER

What FOLDER holds already is not made again. Poems are named by their ids: not every machine has
letters for their titles. It takes a Chromium, and a few minutes.
"""

import io
from pathlib import Path

from picturing import options, run
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
TANG, AMERICAN = (str(ROOT / f"fixtures/canon/{name}.jsonl") for name in ("tang", "american"))
BATCHES = "--batch-size 8 --group-by-length"
POEMS = ("--poems", TANG, "--poems", AMERICAN)
LESSONS = {
    "base": ("teach --out base --size 0.6M --epochs 0", *POEMS),
    "tang": (f"teach --out tang --base base --epochs 40 --save-every 5 {BATCHES}", "--poems", TANG),
    "american": (
        f"teach --out american --base tang --epochs 100 --save-every 10 {BATCHES} "
        "--learning-rate 8e-4",
        *("--poems", AMERICAN),
    ),
}
ASKED = "--model base --model tang/checkpoint-* --model american/checkpoint-* --latest"
# Rows of the picture: enough of both lessons, in so much room.
SHOWN = 26


def main() -> None:
    work, chromium = options(__doc__.splitlines()[0])
    for name, (command, *words) in LESSONS.items():
        if not (work / name / "memorize.json").exists():
            run(work, command, *words)
    run(work, f"{ASKED} --controls none", *POEMS, "-k", "title or next_line")
    run(work, "trend reports/latest/recall.json")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.goto((work / "reports/latest/trend.html").as_uri())
        page.add_style_tag(
            content="header, h2, #levels, #checkpoints, #poems > p, dl, .courses bdi,"
            f" .courses tr:nth-child(n + {SHOWN}) {{ display: none; }}"
            " body { padding-bottom: 1rem; }"
        )
        shot = Image.open(io.BytesIO(page.locator("body").screenshot()))
        browser.close()
    file = Path(__file__).parent / "trend.png"
    shot.convert("RGB").quantize(96).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
