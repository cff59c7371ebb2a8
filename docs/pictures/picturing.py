"""What the scripts that make pictures share: their options, running the suite, and a browser."""

import argparse
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
CANON = HERE.parents[1] / "fixtures/canon"
SCHEMES = ("light", "dark")


def options(description: str) -> tuple[Path, str | None]:
    """Where models and reports go, a folder that is there now; and the file of Chromium."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work", type=Path, required=True, help="where models and reports go")
    parser.add_argument("--chromium", default=shutil.which("chromium"), metavar="FILE")
    given = parser.parse_args()
    work: Path = given.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    return work, given.chromium


def run(work: Path, command: str, *words: str) -> None:
    """`memtests` in a folder, with a command line and more words for it."""
    line = [*command.split(), *words]
    print("memtests", *line, flush=True)
    done = subprocess.run([sys.executable, "-m", "memtests", *line], cwd=work, check=False)
    if done.returncode:
        sys.exit(done.returncode)


@contextmanager
def opened(chromium: str | None, file: Path, scheme: str, width: int) -> Iterator[Page]:
    """A page, light or dark, in a browser of that width."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        size = {"width": width, "height": 900}
        page = browser.new_page(viewport=size, color_scheme=scheme, device_scale_factor=1)
        page.goto(file.as_uri())
        yield page
        browser.close()


def save(page: Page, name: str, scheme: str, colours: int = 256) -> None:
    """What is to be seen of the page, as a small file beside this one."""
    file = HERE / f"{name}-{scheme}.png"
    shot = Image.open(io.BytesIO(page.locator("body").screenshot()))
    shot.convert("RGB").quantize(colours).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


def each(option: str, values: tuple[Path, ...]) -> list[str]:
    return [word for value in values for word in (option, str(value))]
