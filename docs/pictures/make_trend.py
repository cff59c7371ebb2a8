"""Makes the pictures of docs/trend.md: teaches one lesson and then another, asks, and takes them.

    python docs/pictures/make_trend.py --work FOLDER

What FOLDER holds already is not made again. Poems are named by their ids: not every machine has
letters for their titles. It takes a Chromium, and a few minutes.
"""

from pathlib import Path

from picturing import CANON, SCHEMES, opened, options, run, save

TANG, AMERICAN = (str(CANON / f"{name}.jsonl") for name in ("tang", "american"))
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


def make(work: Path, chromium: str | None) -> None:
    for name, (command, *words) in LESSONS.items():
        if not (work / name / "memorize.json").exists():
            run(work, command, *words)
    run(work, f"{ASKED} --controls none", *POEMS, "-k", "title or next_line")
    run(work, "trend reports/latest/recall.json")
    for scheme in SCHEMES:
        with opened(chromium, work / "reports/latest/trend.html", scheme, 1100) as page:
            page.add_style_tag(
                content="header, h2, #levels, #checkpoints, #poems > p, dl, .courses bdi,"
                f" .courses tr:nth-child(n + {SHOWN}) {{ display: none; }}"
                " body { padding-bottom: 1rem; }"
            )
            save(page, "trend", scheme)


if __name__ == "__main__":
    make(*options(__doc__.splitlines()[0]))
