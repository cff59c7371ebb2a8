"""The page in a browser, Chromium driven by Playwright: it loads nothing, runs no foreign code, and
filters poems.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.reports.counting.inside_windows import ASKED, GIVEN, Cell, Inside
from memtests.reports.counting.memories import Remembered, remembered
from memtests.reports.counting.trends import trend_of
from memtests.reports.gating.baselines import baseline_of
from memtests.reports.gating.comparing import compare
from memtests.reports.gating.gates import evaluate, parse_gate
from memtests.reports.page.maps import NOTHING_KEPT, Kept
from memtests.reports.page.page import render_page
from memtests.reports.page.trend_page import render_trend
from memtests.reports.report import Report
from tests.support.hostile import HOSTILE
from tests.support.reported import NURSERY, TANG, forgets, knows, reported, slips
from tests.support.traced import traces_of
from tests.support.windowed import windowed

pytestmark = pytest.mark.slow

# Finds texts of an SVG that reach out of it, or overlap.
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
    """A report's page in a tab, with everything that it tried to load or run."""

    def __init__(
        self,
        browser: Browser,
        folder: Path,
        report: Report,
        kept: Kept = NOTHING_KEPT,
        **options: Any,
    ) -> None:
        self.did: list[str] = []
        file = folder / "report.html"
        page = render_page(report, kept=kept, remembered=remembered(report, kept.own))
        file.write_text(page)
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
        """The poems that the filter shows."""
        return [
            each.text_content() or ""
            for each in self.tab.locator(".poem .name small:visible").all()
        ]


def gated(report: Report) -> Report:
    """A report with a gate that is met, a gate that is not, and a comparison with a baseline that
    knew everything.
    """
    baseline = baseline_of("good.json", reported({"good": knows}))
    found = [compare(baseline, model.name, report.verdicts) for model in report.models]
    rules = [parse_gate(rule, ["tang"]) for rule in ("recall>=10%", "tang:forgotten<=0.01")]
    gates = evaluate(rules, report, found)
    records = tuple(each.record for each in found)
    return msgspec.structs.replace(report, gates=gates, comparisons=records)


SEVERAL = reported({"good": knows, "slips": slips, "bad": forgets})


def unsure(poem: Poem, at: int, token: str) -> float:
    """A token's log-probability: lowest for `star` and 望, lower than most for every fourth."""
    return -5.0 if "star" in token or token == "望" else -0.9 if at % 4 == 3 else -0.05


KEPT = Kept(
    [
        *traces_of("good", (TANG, NURSERY), lambda *_: -0.01),
        *traces_of("slips", (TANG, NURSERY), unsure),
    ]
)


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shades", ["", "0"])
def test_it_fits(browser: Browser, tmp_path: Path, width: int, scheme: str, shades: str) -> None:
    size = {"width": width, "height": 800}
    page = Opened(browser, tmp_path, SEVERAL, KEPT, viewport=size, color_scheme=scheme)
    page.tab.select_option("[name=shades]", shades)
    page.tab.click("button[name=open]")
    page.tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    for poem in page.tab.locator(".poem").all():
        poem.scroll_into_view_if_needed()
        poem.locator(".map").wait_for()
    assert page.tab.evaluate("document.documentElement.scrollWidth") == width
    assert page.tab.evaluate(MISPLACED) == []
    assert page.did == []


def named(collection: Collection, name: str, id_: str) -> Collection:
    """The same poems under other names."""
    poems = [
        msgspec.structs.replace(poem, id=f"{id_}{at}" if id_ else poem.id)
        for at, poem in enumerate(collection.poems)
    ]
    return Collection(name, tuple(poems))


LONG = "a-very-long-name-without-a-single-space-" * 4
ONE_POEM = [named(NURSERY, "nursery", "")]
LONG_NAMES = [named(TANG, LONG, LONG), named(NURSERY, f"{LONG}2", LONG)]
MANY = [named(NURSERY, f"collection-{at}", "") for at in range(12)]
FORMS = ("header", "plain")
NARROW = {
    "one model": (reported({"good": slips}), traces_of("good", (TANG, NURSERY), unsure, FORMS)),
    "three models": (SEVERAL, KEPT.own),
    "gates and a comparison": (gated(reported({"slips": slips})), ()),
    "gates of three models": (gated(SEVERAL), KEPT.own),
    "one poem": (reported({"m": slips}, ONE_POEM), traces_of("m", ONE_POEM, unsure, FORMS)),
    "long names": (
        reported({LONG: knows, f"{LONG}2": slips}, LONG_NAMES),
        [*traces_of(LONG, LONG_NAMES, unsure), *traces_of(f"{LONG}2", LONG_NAMES, unsure)],
    ),
    "many collections": (reported({"m": slips}, MANY), traces_of("m", MANY, unsure, FORMS)),
}
# Finds cells and plots that are not fully visible: they reach beyond the page's edges, a box around
# them cuts them off, they are wider than their own box, or something covers them.
CUT = """width => [...document.querySelectorAll("table td, table th, svg")].flatMap(cell => {
  const box = cell.getBoundingClientRect();
  if (box.width <= 1 || cell.closest("thead")?.getBoundingClientRect().width <= 1) return [];
  const cut = [box.left < 0, box.right > width + 0.5, cell.scrollWidth > cell.clientWidth + 1];
  for (let around = cell; around; around = around.parentElement) {
    const style = getComputedStyle(around);
    if (style.overflowX !== "visible" && around.scrollWidth > around.clientWidth) cut.push(true);
    if (style.overflowY !== "visible" && around.scrollHeight > around.clientHeight) cut.push(true);
  }
  return cut.some(Boolean) ? [cell.textContent] : [];
})"""
# Finds cells with a number that show no name although the head of their table is hidden.
NAMELESS = """() => [...document.querySelectorAll("tbody td, tbody th")].filter(cell =>
  /\\d/.test(cell.textContent) && !cell.querySelector("a") && !cell.classList.contains("track")
  && ["none", "", '""'].includes(getComputedStyle(cell, "::before").content)
).map(cell => cell.textContent)"""


@pytest.mark.parametrize("name", NARROW)
def test_no_number_is_hidden(browser: Browser, tmp_path: Path, name: str) -> None:
    """On a phone, on a screen and on paper."""
    report, traces = NARROW[name]
    page = Opened(browser, tmp_path, report, Kept(traces), viewport={"width": 400, "height": 800})
    tab = page.tab
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert tab.locator("table").count() >= 4
    assert tab.evaluate("document.documentElement.scrollWidth") == 400
    assert tab.evaluate(CUT, 400) == []
    assert tab.evaluate(NAMELESS) == []
    tab.set_viewport_size({"width": 1280, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") == 1280
    assert tab.evaluate(CUT, 1280) == []
    tab.set_viewport_size({"width": 718, "height": 1000})  # A4 with margins of a centimetre
    tab.emulate_media(media="print")
    assert tab.evaluate("document.documentElement.scrollWidth") == 718
    assert tab.evaluate(CUT, 718) == []


def test_the_ways_about_the_page(browser: Browser, tmp_path: Path) -> None:
    """Links to the page's parts stay in sight, even without its script."""
    size = {"width": 400, "height": 800}
    page = Opened(browser, tmp_path, gated(SEVERAL), KEPT, viewport=size, java_script_enabled=False)
    for name, heading in (
        ("What was asked", "What was asked"),
        ("Poems", "Poems"),
        ("Controls", "Controls"),
        ("Retained and lost", "Retained and lost"),
        ("Decision", "Recall of good, slips, bad"),
    ):
        page.tab.locator("nav a", has_text=name).click()
        title = page.tab.locator("h1, h2", has_text=heading).first.bounding_box()
        links = page.tab.locator("nav").bounding_box()
        assert title
        assert links
        assert title["y"] + title["height"] < 800
        if name != "Decision":  # at the top of the page the links are below it
            assert links["y"] == 0
            assert title["y"] >= links["height"], "not under the links"


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
    # The filter works a moment after the click.
    page.tab.locator("#count", has_text="3 of 3 poems").wait_for()
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
    page.tab.locator("#poem-2 .pair").wait_for()  # until it is visible
    assert not page.tab.locator("#poem-1 .pair").is_visible()


def test_a_map(browser: Browser, tmp_path: Path) -> None:
    page = Opened(browser, tmp_path, SEVERAL, KEPT)
    assert page.tab.locator(".map").count() == 0, "none before it is asked for"
    page.tab.click("#poem-0 summary")
    poem = page.tab.locator("#poem-0 .text")
    poem.locator(".map").wait_for()
    assert page.tab.locator(".map").count() == 1
    assert not poem.locator(".words").is_visible(), "the text is shown once"
    lines = poem.locator(".line").all()
    assert len(lines) == 4
    first, second = lines[0].locator(".said").all()
    assert first.inner_text().split("\n") == ["●", "Twinkle, twinkle, little star,"]
    assert second.inner_text().split("\n") == ["■", "Twinkle, twinkle, little star,"]
    star = second.locator(".unit", has_text="star")
    assert star.get_attribute("title") == (
        "“star,” has probability 0.0064; greedy decoding says something else"
    )
    assert "p0" in (star.get_attribute("class") or "").split()
    underlined = "node => getComputedStyle(node).textDecorationLine"
    assert star.evaluate(underlined) == "underline", "not by its colour alone"
    star.click()
    assert poem.locator("output").inner_text() == star.get_attribute("title"), "for a finger"
    little = first.locator(".unit", has_text="little")
    assert little.get_attribute("title") == "“little” has probability 0.99"
    assert little.evaluate(underlined) == "none"
    shade = "node => getComputedStyle(node).backgroundColor"
    assert little.evaluate(shade) != star.evaluate(shade)
    left, right = (
        row.locator(".unit").last.evaluate("node => node.getBoundingClientRect().right")
        for row in (first, second)
    )
    assert left == pytest.approx(right, abs=0.5), "the lines stand under each other"
    assert page.did == []


def test_a_map_for_a_screen_reader(browser: Browser, tmp_path: Path) -> None:
    """It reads the text once, and a sentence for each line; no word has a label of its own."""
    page = Opened(browser, tmp_path, SEVERAL, KEPT)
    page.tab.click("#poem-0 summary")
    shown = page.tab.locator("#poem-0 .map")
    shown.wait_for()
    assert shown.locator("[aria-label], [tabindex]").count() == 0
    said = shown.locator(".line").first.locator(":scope > .hidden").all_text_contents()
    assert said[0] == "good: probability 0.93"
    assert said[1].startswith("slips: probability 0.")
    assert said[1].endswith("; left at “twinkle,”, “star,”")
    hidden = shown.locator(".line").first.locator(".verse[aria-hidden=true]")
    assert hidden.count() == 1, "of two rows of the same words"


def test_a_difference(browser: Browser, tmp_path: Path) -> None:
    page = Opened(browser, tmp_path, SEVERAL, KEPT)
    assert "3 faded" in page.tab.locator("#maps").inner_text()
    page.tab.click("#maps a:text-is('nursery/twinkle')")
    poem = page.tab.locator("#poem-0 .text")
    poem.locator(".map").wait_for()
    assert page.tab.locator("[name=shades]").input_value() == "0"
    star = poem.locator(".unit", has_text="star")
    assert star.count() == 1, "one row, whoever is compared"
    assert star.get_attribute("title") == (
        "“star,” faded, 150 times less probable; greedy decoding says it no more"
    )
    image = "node => getComputedStyle(node).backgroundImage"
    assert "gradient" in star.evaluate(image), "hatched: not by its colour alone"
    wonder = poem.locator(".unit", has_text="wonder")
    assert wonder.get_attribute("title") == "“wonder” is about as probable as before"
    said = poem.locator(".line > .hidden").first.text_content() or ""
    assert said.startswith("faded: “twinkle,”, “star,”; said no more: “twinkle,”, “star,”")
    page.tab.select_option("[name=shades]", "")
    poem.locator(".said >> nth=1").wait_for()
    assert poem.locator(".line").first.locator(".said").count() == 2
    assert page.did == []


def test_maps_on_paper(browser: Browser, tmp_path: Path) -> None:
    page = Opened(browser, tmp_path, SEVERAL, KEPT, color_scheme="dark")
    page.tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.tab.emulate_media(media="print")
    page.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.tab.locator(".map").count() == 3, "also those that were never in sight"
    unit = page.tab.locator(".unit.p4").last
    assert unit.evaluate("node => getComputedStyle(node).printColorAdjust") == "exact"
    light = unit.evaluate("node => getComputedStyle(node).backgroundColor")
    assert light == "rgb(124, 192, 166)", "as on white"


def test_a_map_without_script(browser: Browser, tmp_path: Path) -> None:
    page = Opened(browser, tmp_path, SEVERAL, KEPT, java_script_enabled=False)
    page.tab.click("#poem-0 summary")
    shown = page.tab.locator("#poem-0 .text").inner_text()
    assert "Twinkle, twinkle, little star,\nHow I wonder" in shown
    assert "slips, read with its header: greedy decoding says 14 of 22 words" in shown
    assert "slips against good: faded more than noise" in shown


def test_a_map_of_odd_characters(browser: Browser, tmp_path: Path) -> None:
    """Invisible characters are escaped, so they are longer on the page; a character of two UTF-16
    code units counts as one.
    """
    line = "one\u202e two\x1b\u3000\U0001f642 three\tfour \ufefffive"
    poem = Poem(id="p", title="T", author="A", language="en", lines=(line, "\U00020bb7 end"))
    collections = [Collection("odd", (poem,))]
    kept = Kept(traces_of("m", collections, lambda *_: -0.5))
    page = Opened(browser, tmp_path, reported({"m": knows}, collections), kept)
    words = page.tab.locator("#poem-0 .words").text_content()
    page.tab.click("#poem-0 summary")
    page.tab.locator(".map").wait_for()
    rows = page.tab.locator(".map .verse").all_text_contents()
    assert "\n".join(rows) == words
    assert all((each or "x").strip() for each in page.tab.locator(".unit").all_text_contents())
    assert page.tab.locator(".unit", has_text="end").text_content() == "end"


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
    assert page.tab.locator("i, img, a:not([href^='#'])").count() == 0
    shown = page.tab.locator("#poems").text_content() or ""
    for text in texts[-4:]:
        assert f"{text} one two" in shown


@pytest.mark.parametrize(("width", "media"), [(400, "screen"), (1280, "screen"), (718, "print")])
def test_strips(
    browser: Browser, tmp_path: Path, width: int, media: Literal["screen", "print"]
) -> None:
    """A strip unfolds its passages. Strip and heat map fit on the page, with all their words."""
    report = windowed({"book": range(50, 90)}, "25/25", 5)
    cells = [Cell(c, s, 10_000, 10_000, 0.999, 1.0) for c in GIVEN for s in ASKED]
    found = Remembered(inside=(Inside("model", "words", 500, 2, 8, tuple(cells)),))
    file = tmp_path / "report.html"
    file.write_text(render_page(report, remembered=found, drawn=False))
    tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme="dark")
    tab.goto(file.as_uri())
    tab.emulate_media(media=media)
    book, other = tab.locator(".strip").all()
    for strip in (book, other):
        strip.locator("summary").click()
    assert "w75" in book.locator(".passages").inner_text()
    assert "No window of this text is extracted" in other.inner_text()
    strip_box = book.locator(".plot svg").first.bounding_box()
    bar = book.locator(".extracted path").bounding_box()
    assert strip_box
    assert bar
    # The text has two hundred words; a window extracts those from the 51st on.
    assert bar["x"] - strip_box["x"] == pytest.approx(strip_box["width"] * 50 / 200, abs=3)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    across = "e => e.scrollWidth <= e.clientWidth"
    assert tab.locator(".across").evaluate(across)
    assert tab.locator("table.heat td").count() == len(cells)
    tab.close()


@pytest.mark.parametrize("width", [400, 1280])
def test_a_trend_has_room(browser: Browser, tmp_path: Path, width: int) -> None:
    """Nothing is loaded, nothing is cut off, and on a phone each square has its step beside it."""
    recites = (forgets, slips, knows)
    report = reported({f"a/checkpoint-{at * 10}": recites[at % 3] for at in range(14)})
    file = tmp_path / "trend.html"
    file.write_text(render_trend(report, trend_of(report)))
    page = browser.new_page(viewport={"width": width, "height": 900})
    loaded: list[str] = []
    page.on("request", lambda request: request.url != file.as_uri() and loaded.append(request.url))
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(MISPLACED) == []
    row = page.locator(".courses tbody tr").first
    assert row.locator(".square").count() == 14
    boxes = [square.bounding_box() for square in row.locator(".square").all()]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    label = "e => getComputedStyle(e, '::before').content"
    said = row.locator(".square").nth(13).evaluate(label)
    assert said == ('"130"' if width == 400 else "none")
    assert loaded == []
