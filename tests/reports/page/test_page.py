"""The page: its content, that everybody can read it, and that poems cannot change it."""

import itertools
import re
from html.parser import HTMLParser

import msgspec
import pytest

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.plugins.redacting import redacted
from memtests.reports.counting.memories import remembered
from memtests.reports.gating.baselines import baseline_of
from memtests.reports.gating.comparing import Comparison, among_models, compare
from memtests.reports.gating.gates import evaluate, parse_gate
from memtests.reports.page.html import TEMPLATES, breakable, visible
from memtests.reports.page.page import bars, render_page
from memtests.reports.report import Report, languages_of
from memtests.reports.text.headline import headline
from memtests.reports.text.said_losses import describe_loss, said_worst, worst_first
from tests.support.hostile import HOSTILE
from tests.support.reported import NURSERY, TANG, forgets, knows, reported, slips
from tests.support.traced import traces_of

KEPT = traces_of("slips", (TANG, NURSERY), lambda *_: -0.01, ("header", "plain"))
ONE = reported({"slips": slips})
SEVERAL = reported({"good": knows, "slips": slips, "bad": forgets})


class Parts(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def gated(report: Report, *rules: str) -> Report:
    names = [collection.name for collection in report.collections]
    gates = evaluate([parse_gate(rule, names) for rule in rules], report, ())
    return msgspec.structs.replace(report, gates=gates)


def test_the_gates_come_first() -> None:
    assert headline(gated(ONE, "recall>=0.1", "tang:recall>=0.99")) == (
        "NOT PASSED: 1 of 2 gates: tang:recall>=0.99 (25.0 %, 3 of 12)",
        "bad",
    )
    met = ("passed: 1 gate: recall>=0.1 (27.8 %, 5 of 18)", "good")
    assert headline(gated(ONE, "recall>=0.1")) == met
    assert headline(gated(ONE, "recall>=0.1"), passed=False) == met, "the gates decide"
    broken = reported({"m": knows}, unjudged=[("m", "tang/x/title", "too long")])
    unasked = ("NOT PASSED: 1 probe could not be asked", "bad")
    assert headline(broken) == headline(gated(broken, "nursery:recall>=0.1")) == unasked
    assert headline(broken, passed=False) == unasked
    control = reported({"m": knows}, unjudged=[("m", "tang/x/control-copying", "too long")])
    assert headline(gated(control, "recall>=0.1"))[1] == "good"
    assert headline(gated(ONE, "recall>=0.1"), ["worker gw0 died"]) == ("worker gw0 died", "bad")
    failed = gated(ONE, "recall>=0.9")
    said = "interrupted: 3 of 21 probes missing; 1 of 1 gate not passed"
    assert headline(failed, ["interrupted: 3 of 21 probes missing"]) == (said, "bad")
    assert "worker gw0 died" in render_page(ONE, ["worker gw0 died"])
    refused = ("NOT PASSED: b.json: 1 probe unjudged", "bad")
    assert headline(ONE, refusal="b.json: 1 probe unjudged") == refused


def test_without_a_gate_it_says_what_failed() -> None:
    assert headline(ONE) == ("5 of 18 probes correct; no gates", "")
    assert headline(ONE, passed=True) == ("passed: 5 of 18 probes correct", "good")
    assert headline(ONE, passed=False) == ("NOT PASSED: 13 of 18 probes missed", "bad")
    assert headline(SEVERAL)[0] == (
        "good: 18 of 18 probes correct, slips: 5 of 18 probes correct, "
        "bad: 0 of 18 probes correct; no gates"
    )
    known = [v for v in ONE.verdicts if v.correct or v.case == "prefix_lengths"]
    drawn = msgspec.structs.replace(ONE, verdicts=tuple(known))
    assert headline(drawn, passed=False)[0] == (
        "NOT PASSED: no prefix that was tried triggers 3 of 3 poems"
    )
    good = reported({"m": knows})
    said = "NOT PASSED: a case failed, and no probe was missed"
    assert headline(good, passed=False) == (said, "bad")


def test_what_was_lost_stands_in_the_headline_by_poem() -> None:
    baseline = baseline_of("good.json", reported({"good": knows}))
    found = tuple(compare(baseline, name, SEVERAL.verdicts) for name in ("good", "slips", "bad"))
    rules = [parse_gate(rule, ["tang"]) for rule in ("lost<=0", "tang:lost<=50%", "recall>=0.1")]
    whole = msgspec.structs.replace(
        SEVERAL,
        gates=evaluate(rules, SEVERAL, found),
        comparisons=tuple(each.record for each in found),
    )
    assert headline(whole)[0] == (
        "NOT PASSED: 5 of 9 gates: lost<=0 of slips (72.2 %, 13 of 18), "
        "lost<=0 of bad (100.0 %, 18 of 18), tang:lost<=50% of slips (75.0 %, 9 of 12), "
        "and 2 more; "
        "slips: 3 of 3 poems lost something: tang/jing-ye-si 5 of 6 probes, "
        "nursery/twinkle 4 of 6, tang/deng-guan-que-lou 4 of 6; "
        "bad: 3 of 3 poems lost something: nursery/twinkle 6 of 6 probes, "
        "tang/deng-guan-que-lou 6 of 6, tang/jing-ye-si 6 of 6"
    )
    only = [gate for gate in whole.gates if gate.rule.startswith("tang")]
    assert headline(msgspec.structs.replace(whole, gates=tuple(only[:2])))[0] == (
        "NOT PASSED: 1 of 2 gates: tang:lost<=50% of slips (75.0 %, 9 of 12); "
        "slips: 2 of 2 poems lost something: tang/jing-ye-si 5 of 6 probes, "
        "tang/deng-guan-que-lou 4 of 6"
    )


def test_verbatim_and_near_are_columns() -> None:
    page = render_page(ONE)
    assert '<th scope="col" class="n">verbatim</th><th scope="col" class="n">near</th>' in page
    cells = re.sub(r' data-label="[^"]*"', "", page)
    correct = '<td class="n broad">5 of 18</td><td class="n">5</td><td class="n">17</td>'
    assert correct in cells, "all but one of the slips are minor"


def test_a_new_kind_of_forgotten_has_its_share_of_a_bar() -> None:
    """A kind that this suite does not know: another version made the report, or somebody tries a
    new kind.
    """
    verdicts = reported({"m": forgets}).verdicts
    sung = [msgspec.structs.replace(v, kind="sung") if v.kind == "empty" else v for v in verdicts]
    assert sung != list(verdicts)
    report = msgspec.structs.replace(reported({"m": forgets}), verdicts=tuple(sung))
    assert sum(dict(bar.parts)["sung"] for bar in bars(report)) == sum(
        v.kind == "sung" for v in sung
    )
    for bar in bars(report):
        assert sum(number for _, number in bar.parts) == bar.probes
    page = render_page(report)
    assert "forgotten, sung" in page
    assert 'class="o-forgotten g-sung"' in page


def test_bars_hold_every_verdict_that_counts() -> None:
    counted = [v for v in SEVERAL.verdicts if v.case != "prefix_lengths"]
    found = bars(SEVERAL)
    assert sum(bar.probes for bar in found) == len(counted)
    assert all(sum(number for _, number in bar.parts) == bar.probes for bar in found)
    assert [bar.model for bar in found][:3] == ["good", "slips", "bad"], "as they were asked"
    worst = {grade for bar in found if bar.model == "bad" for grade, number in bar.parts if number}
    assert worst == {"looping", "declined", "empty"}
    other = reported({"other": lambda probe: "Nothing of that kind at all. 完全是另外一些话。"})
    assert {grade for bar in bars(other) for grade, number in bar.parts if number} == {"unrelated"}


@pytest.mark.parametrize("report", [ONE, SEVERAL], ids=["one", "several"])
def test_self_contained(report: Report) -> None:
    parts = Parts(render_page(report))
    for tag, attributes in parts.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href"):
            assert attributes.get(name, "#").startswith("#"), (tag, attributes)
    assert [tag for tag, _ in parts.tags].count("script") == 1
    places = [attributes["id"] for tag, attributes in parts.tags if tag == "article"]
    assert places == [f"poem-{at}" for at in range(3)]


def test_every_poem_is_there_with_what_was_recited() -> None:
    text = " ".join(Parts(render_page(SEVERAL)).text.split())
    for collection in (TANG, NURSERY):
        for poem in collection.poems:
            assert all(" ".join(line.split()) in text for line in poem.lines)
    assert "I don't know that one." in text
    assert "举头" in text
    assert "shortest cue, of the lengths drawn: good, 1 word" in text
    assert "bad, none of those tried" in text


def shown(page: str) -> str:
    """Without style and script."""
    return re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("report", [ONE, SEVERAL], ids=["one", "several"])
def test_every_table_has_a_heading_and_a_sentence(report: Report) -> None:
    """Both stand between the table and the one before it. A plot has both in its caption."""
    page = shown(render_page(gated(report, "recall>=0.1")))
    for before in page.split("<table")[:-1]:
        since = before.rpartition("</table>")[2]
        heading = max(since.rfind("</h2>"), since.rfind("</h3>"))
        assert heading >= 0, since[-200:]
        assert re.search(r"<p>[A-Z][^<]+[.?]</p>", since[heading:]), since[-200:]
    captions = re.findall(r"<figcaption><h3>(.+?)</h3> (.+?)</figcaption>", page)
    assert len(captions) == page.count("<figure") > 3
    assert all(said.endswith(".") for _, said in captions)


@pytest.mark.parametrize("report", [ONE, SEVERAL], ids=["one", "several"])
def test_words_that_only_the_code_explains(report: Report) -> None:
    page = render_page(report, remembered=remembered(report, KEPT))
    text = Parts(shown(page)).text
    for word in ("unit", "Hypothesis", "trigger", "by their titles", "observation", "missed"):
        assert word not in text
    for word in ("drawn: found", "exact: found", "strength", "longest run", "with the true cue"):
        assert re.search(rf"<th[^>]*>{word}</th>", page)
        assert re.search(rf"<dt>{word}</dt><dd>.+</dd>", page), "a line where it stands"


def test_the_list_of_poems_is_near_the_top() -> None:
    """And a link to it is always in sight, as to all other parts."""
    page = render_page(gated(SEVERAL, "recall>=0.1"))
    headings = re.findall(r"<h2>(.+?)</h2>", page)
    assert headings[:4] == ["Gates", "Recall", "Retained and lost", "Poems"]
    (links,) = re.findall(r"<nav .+?</nav>", page)
    places = re.findall(r'href="#(\w+)"', links)
    assert {"decision", "recall", "baseline", "poems", "controls"} <= set(places)
    assert all(page.count(f'id="{place}"') == 1 for place in places)
    assert page.count("<section") == len(places) - 1, "all of them, and the decision"


def test_what_was_lost_is_linked_to_its_poem() -> None:
    page = render_page(SEVERAL)
    lost = {probe for found in among_models(SEVERAL) for probe in found.record.lost}
    assert lost
    for probe in lost:
        (place,) = set(re.findall(rf'<a href="#(poem-\d+)">{re.escape(probe)}</a>', page))
        opening = page[page.index(f'id="{place}"') :][:3000]
        assert probe.rsplit("/", 1)[0] in opening


def section(page: str) -> str:
    """The part of the page on what is retained and lost."""
    return page[page.index('<section id="baseline">') : page.index('<section id="poems">')]


def against_good(report: Report) -> tuple[Report, list[Comparison]]:
    """Compared with a baseline that knew everything: as records, and with the baseline at hand."""
    baseline = baseline_of("good.json", reported({"good": knows}))
    found = [compare(baseline, model.name, report.verdicts) for model in report.models]
    records = tuple(each.record for each in found)
    return msgspec.structs.replace(report, comparisons=records), found


def test_what_was_lost_is_said_by_poem_and_unfolded() -> None:
    report, found = against_good(ONE)
    shown = section(render_page(report, comparisons=found))
    unfolded = re.sub(r"<details>.*?</details>", "", shown, flags=re.DOTALL)
    (line,) = re.findall(r'<p class="lost">.+</p>', unfolded)
    assert Parts(line).text == (
        "3 of 3 poems lost something: 静夜思 5 of 6 probes, The Star 4 of 6, 登鹳雀楼 4 of 6"
    )
    assert re.findall(r'href="#(.+?)"', line) == ["poem-2", "poem-0", "poem-1"]
    for said in said_worst(found[0], languages_of(report)):
        assert said in Parts(unfolded).text
    assert "next_line" not in unfolded


def test_each_probe_that_was_lost_has_both_recitations() -> None:
    """Probes are grouped by poem, and the worst poem comes first."""
    report, found = against_good(ONE)
    shown = section(render_page(report, comparisons=found))
    (folded,) = re.findall(r"<details><summary>13 lost</summary>.*?</details>", shown, re.DOTALL)
    heads = re.findall(r"<small>(.+?)</small>", folded)
    assert heads == ["tang/jing-ye-si", "nursery/twinkle", "tang/deng-guan-que-lou"]
    text = Parts(folded).text
    places = []
    for loss in worst_first(found[0]):
        said = f"{loss.verdict.probe}, {describe_loss(loss, languages_of(report))}"
        assert " then “" in said
        assert " now “" in said
        places.append(text.index(said))
    assert places == sorted(places)


def test_a_saved_report_has_no_recitation_of_the_baseline() -> None:
    report, _ = against_good(ONE)
    text = Parts(section(render_page(report))).text
    assert "3 of 3 poems lost something: 静夜思 5 of 6 probes" in text
    assert "then “" not in text
    assert text.count("now “") == 1 + 13, "of the worst, and of each probe"


def test_a_redacted_report_has_neither() -> None:
    languages = languages_of(ONE)
    verdicts = tuple(redacted(v, languages[v.collection, v.poem]) for v in ONE.verdicts)
    report, found = against_good(msgspec.structs.replace(ONE, verdicts=verdicts))
    text = Parts(section(render_page(report, comparisons=found))).text
    assert "poems lost something: tang/jing-ye-si 5 of 6 probes, " in text
    assert "leaves the poem after" in text
    assert "“" not in text


def test_of_many_poems_that_lost_something_the_first_are_named() -> None:
    poems = tuple(msgspec.structs.replace(NURSERY.poems[0], id=f"p{at}") for at in range(14))
    many = [Collection("many", poems)]
    shown = section(render_page(reported({"good": knows, "bad": forgets}, many)))
    (line,) = re.findall(r'<p class="lost">.+</p>', shown)
    assert line.count("<a ") == 12
    assert line.endswith(", and 2 poems more, below</p>")
    assert shown.count("<small>many/p") == 14, "all of them below"


def test_what_was_lost_stays_text() -> None:
    poem = Poem(id="<i>p", title="<i>T</i>", author="A", language="en", lines=("<i>one</i> two",))
    models = {"good": knows, "bad": lambda _: "<i>three</i>"}
    shown = section(render_page(reported(models, [Collection("<i>c", (poem,))])))
    assert "<i>" not in shown
    (line,) = re.findall(r'<p class="lost">.+</p>', shown)
    assert "<i>T</i>" in Parts(line).text
    text = Parts(shown).text
    assert "then “<i>one</i> two”" in text
    assert "now “<i>three</i>”" in text


def test_a_name_is_broken_where_a_reader_expects_it() -> None:
    part = '<span class="part">{}</span>'.format
    said = [part("taught60/"), part("checkpoint-"), part("20")]
    assert breakable("taught60/checkpoint-20") == "<wbr>".join(said)
    assert breakable("<i>/" + "x" * 21) == part("&lt;i&gt;/") + "<wbr>" + "x" * 21
    page = render_page(reported({"old/one": knows, "old/two": forgets}))
    (recall,) = re.findall(r'<table class="recall">.+?</table>', page, re.DOTALL)
    assert f"<bdi>{part('old/')}<wbr>{part('two')}</bdi>" in recall


def test_a_hostile_poem_stays_text() -> None:
    poems = [
        Poem(id=f"p{at}", title=text[:200], author=text[:80], language="en", lines=(text[:900],))
        for at, text in enumerate(HOSTILE.values())
        if "lone" not in text
    ]
    said = "\n".join(text[:300] for text in HOSTILE.values() if "lone" not in text)
    collection = Collection("<b>mine</b>", tuple(poems))
    page = render_page(reported({"knows": knows, "<i>m</i>": lambda _: said}, [collection]))
    plain = render_page(reported({"old/good": knows, "bad": forgets}))
    tags = {tag for tag, _ in Parts(page).tags}
    assert tags <= {tag for tag, _ in Parts(plain).tags}, "no tag that is not the page's own"
    assert page.count("<script") == page.count("</style>") == 1
    assert all(c in "\n\u00a0" or c.isprintable() for c in page)
    assert not re.search(r"<[^>]* on\w+=", page)


def test_spaces_and_joiners_are_no_harm() -> None:
    """Characters that a language needs stay; those that turn the direction of writing do not."""
    kept = "Ô temps\u202f! a\u00a0b 床前\u3000明月 می\u200cروم"
    assert visible(kept) == kept
    assert visible("one \u202etwo\x1b\x00") == "one \\u202etwo\\x1b\\x00"


def test_it_is_the_same_every_time() -> None:
    assert render_page(SEVERAL) == render_page(SEVERAL)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


TEXT_ON = {
    "ground": ["ink", "soft", "link", "correct", "incorrect", "forgotten"]
    + [f"s{number}" for number in range(8)],
    "raised": ["ink"],
    "good-ground": ["good", "ink"],
    "bad-ground": ["bad", "ink"],
    "added": ["added-ink"],
    "left-out": ["left-out-ink"],
    **{f"p{level}": ["ink"] for level in range(1, 5)},
    **{f"{word}{step}": ["ink"] for word in "gf" for step in range(1, 4)},
    **{f"f{step}-line": ["ink"] for step in range(1, 4)},
}


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast(scheme: int) -> None:
    """Text is readable: its contrast is at least 4.5 to 1."""
    blocks = re.findall(r":root \{(.*?)\}", (TEMPLATES / "page.css").read_text(), re.DOTALL)
    assert len(blocks) == 2
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[scheme]))
    for ground, inks in TEXT_ON.items():
        for ink in inks:
            assert contrast(colours[ground], colours[ink]) >= 4.5, (ground, ink)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("shades", ["p1 p2 p3 p4", "g1 g2 g3", "f1 f2 f3"])
def test_shades_go_one_way(scheme: int, shades: str) -> None:
    """Also in grey: each shade is farther from the page's background than the one before."""
    blocks = re.findall(r":root \{(.*?)\}", (TEMPLATES / "page.css").read_text(), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[scheme]))
    far = [contrast(colours["ground"], colours[shade]) for shade in shades.split()]
    assert far[0] > 1.05
    assert all(other > 1.1 * one for one, other in itertools.pairwise(far)), far
