"""The page in a browser, Chromium driven by Playwright: nothing loads, nothing runs, it filters."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.reports.page.page import render_page
from memtests.reports.report import Report
from tests.support.hostile import HOSTILE
from tests.support.reported import forgets, knows, reported, slips

pytestmark = pytest.mark.slow

# Boxes of an SVG's texts that are outside of it, or that overlap.
MISPLACED = """() => [...document.querySelectorAll("svg")].flatMap(svg => {
  const inside = svg.getBoundingClientRect(), boxes = [...svg.querySelectorAll("text")]
    .map(text => ({text: text.textContent, ...text.getBoundingClientRect().toJSON()}));
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return boxes.flatMap((a, at) => [
    ...(a.left < inside.left - 1 || a.right > inside.right + 1 || a.bottom > inside.bottom + 1
      ? [a.text] : []),
    ...boxes.slice(at + 1).filter(b => meet(a, b)).map(b => `${a.text} on ${b.text}`)]);
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A report's page in a tab, and everything that it did beyond being shown."""

    def __init__(self, browser: Browser, folder: Path, report: Report, **options: Any) -> None:
        self.did: list[str] = []
        file = folder / "report.html"
        file.write_text(render_page(report))
        self.tab: Page = browser.new_page(**options)
        self.tab.on("console", lambda message: self.did.append(message.text))
        self.tab.on("pageerror", lambda error: self.did.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.did.append(f"dialog {dialog.message}"))
        self.tab.on(
            "request",
            lambda request: request.url != file.as_uri() and self.did.append(request.url),
        )
        self.tab.goto(file.as_uri())

    def shown(self) -> list[str]:
        """The poems that are not filtered out."""
        return [
            each.text_content() or ""
            for each in self.tab.locator(".poem .name small:visible").all()
        ]


SEVERAL = reported({"good": knows, "slips": slips, "bad": forgets})


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    size = {"width": width, "height": 800}
    page = Opened(browser, tmp_path, SEVERAL, viewport=size, color_scheme=scheme)
    page.tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.tab.evaluate("document.documentElement.scrollWidth") == width
    assert page.tab.evaluate(MISPLACED) == []
    assert page.did == []


def test_filters(browser: Browser, tmp_path: Path) -> None:
    page = Opened(browser, tmp_path, SEVERAL)
    everything = ["nursery/twinkle", "tang/deng-guan-que-lou", "tang/jing-ye-si"]
    assert page.shown() == everything
    page.tab.select_option("[name=collection]", "tang")
    assert page.shown() == everything[1:]
    page.tab.fill("[name=words]", "白日依")
    assert page.shown() == everything[1:2]
    assert page.tab.inner_text("#count") == "1 of 3 poems"
    page.tab.click("button[type=reset]")
    assert page.tab.inner_text("#count") == "3 of 3 poems"
    page.tab.fill("[name=words]", "TINY star")
    assert page.shown() == everything[:1], "also in what was recited, whatever the case"
    assert page.did == []


def test_filter_by_outcome(browser: Browser, tmp_path: Path) -> None:
    def recites(probe: Any) -> str:
        return (knows if probe.poem.id == "twinkle" else slips)(probe)

    page = Opened(browser, tmp_path, reported({"m": recites}))
    page.tab.select_option("[name=outcome]", "incorrect")
    assert page.shown() == ["tang/deng-guan-que-lou", "tang/jing-ye-si"]
    page.tab.select_option("[name=outcome]", "forgotten")
    assert page.shown() == []
    page.tab.select_option("[name=outcome]", "correct")
    assert len(page.shown()) == 3, "`incorrect` is not taken for it, and some lines are correct"
    two = Opened(browser, tmp_path, reported({"m": recites, "n": knows}))
    two.tab.select_option("[name=outcome]", "differs")
    assert two.shown() == ["tang/deng-guan-que-lou", "tang/jing-ye-si"]


def test_a_link_opens_its_poem(browser: Browser, tmp_path: Path) -> None:
    page = Opened(browser, tmp_path, SEVERAL)
    page.tab.click("summary:text-is('13 lost')")
    page.tab.click("a:text-is('tang/jing-ye-si/next_line-2'):visible")
    assert page.tab.locator("#poem-2 .pair").is_visible()
    assert not page.tab.locator("#poem-1 .pair").is_visible()


def test_without_script(browser: Browser, tmp_path: Path) -> None:
    page = Opened(browser, tmp_path, SEVERAL, java_script_enabled=False)
    assert len(page.shown()) == 3
    assert not page.tab.locator("#filter").is_visible()
    page.tab.click("#poem-2 summary")
    assert page.tab.locator("#poem-2 .text").inner_text().startswith("静夜思\n唐 李白")
    assert page.tab.locator("#poem-2 ins").first.inner_text() == "看"


def test_printed(browser: Browser, tmp_path: Path) -> None:
    page = Opened(browser, tmp_path, SEVERAL, color_scheme="dark")
    page.tab.emulate_media(media="print")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.tab.evaluate(colour) == "rgb(255, 255, 255)", "no black paper"
    assert not page.tab.locator("#filter").is_visible()
    assert page.tab.pdf().startswith(b"%PDF")


def test_a_hostile_poem_stays_text(browser: Browser, tmp_path: Path) -> None:
    texts = [text[:900] for text in HOSTILE.values() if "lone" not in text]
    texts += [
        "</style><style>body{display:none}</style>",
        "</script><script>document.title='run'</script>",
        '"><img src=x onerror=alert(1)>',
        "<a href='javascript:alert(2)'>click</a> {{ 7 * 7 }} {% raw %}",
    ]
    poems = tuple(
        Poem(id=f"p{at}", title=text, author=text, language="en", lines=(f"{text} one two",))
        for at, text in enumerate(texts)
    )
    said = "\n".join(texts)[:3000]
    models = {'"><script>alert(3)</script>': lambda _: said, "<b>": knows}
    page = Opened(browser, tmp_path, reported(models, [Collection("</select><i>mine</i>", poems)]))
    page.tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.tab.wait_for_timeout(200)
    assert page.did == []
    assert page.tab.title().startswith('Recall of "><script>alert(3)</script>')
    assert page.tab.evaluate("document.querySelectorAll('script').length") == 1
    assert page.tab.locator("i, img, a:not([href^='#poem-'])").count() == 0
    shown = page.tab.locator("#poems").text_content() or ""
    for text in texts[-4:]:
        assert f"{text} one two" in shown
