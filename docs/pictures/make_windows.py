"""Makes the pictures of docs/windows.md: a model that was taught three passages of a long text.

    python docs/pictures/make_windows.py --work FOLDER

The model is that of tests/plugins/test_window_runs.py, taught and asked as there. What FOLDER holds
already is not made again. It takes a Chromium, and two minutes.
"""

import shutil
import sys
from pathlib import Path

from picturing import HERE, SCHEMES, opened, options, run, save


def make(work: Path, chromium: str | None) -> None:
    if not (work / "model").exists():
        sys.path.insert(0, str(HERE.parents[1]))  # the clone, for its tests
        from tests.support.taught_passages import taught_passages

        taught = taught_passages()
        shutil.copy(taught.poems, work / "long.jsonl")
        shutil.copytree(taught.model, work / "model")
    if not (work / "reports/latest/report.html").exists():
        run(work, "--model model --poems long.jsonl --windows 20/20 --every 5 --controls none")
    for scheme in SCHEMES:
        with opened(chromium, work / "reports/latest/report.html", scheme, 960) as page:
            page.add_style_tag(
                content="header, nav, main > section:not(#texts) { display: none !important; }"
                " body { padding-bottom: 1rem !important; }"
            )
            save(page, "windows", scheme)


if __name__ == "__main__":
    make(*options(__doc__.splitlines()[0]))
