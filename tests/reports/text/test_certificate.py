"""The certificate of a passed gate on text that must not be recited; and when there is none, and
why.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.probes.controls import UNSEEN
from memtests.fixtures.probes.probes import Probe
from memtests.reports.gating.certifying import absent, must_not
from memtests.reports.gating.conclusion import Conclusion
from memtests.reports.page.page import render_page
from memtests.reports.report import Report, encode
from memtests.reports.saved import main
from memtests.reports.text.certificate import render_certificate, wrapped
from memtests.reports.text.markdown import render_summary
from memtests.reports.text.terminal import sections
from tests.support.audited import COMMAND, MUST_NOT, audited, copies, with_controls
from tests.support.reported import TANG, forgets, knows, probes_asked, slips
from tests.support.running import STAND_IN, few_poems, run_suite

pytest_plugins = ["pytester"]

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"


def summary(report: Report, problems: tuple[str, ...] = ()) -> str:
    return render_summary(Conclusion(report, (), 0, False, None, problems))


def terminal(report: Report) -> str:
    page, data = Path("reports/latest/report.html"), Path("reports/latest/recall.json")
    found = Conclusion(report, (), 0, False, None)
    parts = sections(found, misses=False, page=page, data=data)
    return "\n".join(f"== {title} ==\n" + "\n".join(lines) + "\n" for title, lines in parts)


def almost(probe: Probe) -> str:
    """A completion of all but the last characters."""
    return probe.suffix[:-2] + "…"


UNASKED = "it was not asked whether the model can say these words at all (control copying)"
LONG = Collection("long", tuple(replace(poem, lines=poem.lines * 20) for poem in TANG.poems))


def copied_in_tang(collection: Collection) -> list[Probe]:
    return (with_controls if collection.name == "tang" else probes_asked)(collection)


def but_unseen(collection: Collection) -> list[Probe]:
    return [probe for probe in with_controls(collection) if probe.control != UNSEEN]


def as_it_was(name: str, text: str) -> None:
    """Compare with the snapshot. MEMTESTS_SNAPSHOTS=write writes it anew, as in
    tests/reports/test_snapshots.py.
    """
    file = SNAPSHOTS / name
    if os.environ.get("MEMTESTS_SNAPSHOTS") == "write":
        file.write_text(text)
    assert text == file.read_text()


def test_passed() -> None:
    report = audited()
    as_it_was("must-not-passed.md", summary(report))
    as_it_was("must-not-passed.txt", terminal(report))
    as_it_was("certificate.md", render_certificate(report) or "")


def test_not_passed() -> None:
    report = audited(recites=slips)
    as_it_was("must-not-not-passed.md", summary(report))
    as_it_was("must-not-not-passed.txt", terminal(report))
    assert render_certificate(report) is None


def test_it_prints_well() -> None:
    """On one sheet, both as rendered Markdown and as plain text."""
    page = render_certificate(audited()) or ""
    lines = page.splitlines()
    assert len(lines) < 75
    assert max(map(len, lines)) <= 92
    tokens = MarkdownIt("commonmark").parse(page)
    kinds = {token.type for token in tokens if not token.type.endswith("_close")}
    assert kinds == {
        *("heading_open", "paragraph_open", "inline", "code_block", "bullet_list_open"),
        "list_item_open",
    }
    report = audited()
    for fact in (report.collections[0].sha256, report.models[0].weights_sha256, "memtests 1.2.3"):
        assert str(fact) in page


def test_the_command_can_be_pasted_back() -> None:
    page = render_certificate(audited()) or ""
    typed = page[page.index("memtests --model") :].replace("\\\n", " ")
    assert " ".join(typed.split()) == COMMAND


@pytest.mark.parametrize(
    ("report", "problems", "why"),
    [
        (audited(recites=slips), (), "gate near<=0 was not passed (breached)"),
        (
            audited(unjudged=[("ckpt", "tang/deng-gao/title", "too long")]),
            (),
            "gate near<=0 was not passed (1 probe unjudged)",
        ),
        (
            audited(["nursery:near<=0"], unjudged=[("ckpt", "tang/deng-gao/title", "too long")]),
            (),
            "1 probe unjudged",
        ),
        (audited(problems=["3 cases not run"]), (), "gate near<=0 was not passed (3 cases not run"),
        (audited(), ("3 cases not run",), "3 cases not run"),
        (audited(["recall<=0"], almost), (), "gate recall<=0 was passed, and is no proof: "),
        (
            audited(["longest<=99"], knows),
            (),
            "completions (controls and drawn lengths included) still have much",
        ),
        (audited(asked=probes_asked), (), f"{UNASKED}; --controls sample asks that"),
        (
            audited(["tang:near<=0", "nursery:near<=0"], asked=copied_in_tang),
            (),
            f"{UNASKED}; --controls sample asks that",
        ),
        (audited(["near<=0"], asked=copied_in_tang), (), UNASKED),
        (audited(collections=[LONG]), (), f"{UNASKED}; no poem of long is short enough"),
        (
            audited(["recall<=0", "nursery:recall>=0.5"]),
            (),
            "gate nursery:recall>=0.5 was not passed (breached)",
        ),
    ],
    ids=[
        *("breached", "unjudged", "unjudged elsewhere", "interrupted", "with problems"),
        *("a doubt", "much is said, and no gate sees it"),
        *("no control", "a control of another collection", "of one of its collections"),
        *("too long to be copied", "a gate that must"),
    ],
)
def test_there_is_none_and_the_summary_says_why(
    report: Report, problems: tuple[str, ...], why: str
) -> None:
    assert must_not(report)
    assert render_certificate(report, problems) is None
    assert (absent(report, problems) or "").startswith("No certificate: ")
    assert why in (absent(report, problems) or "")
    assert "No certificate: " in summary(report, problems)


@pytest.mark.parametrize("rules", [[], ["recall>=0.5"], ["forgotten<=100%", "recall>=0.1"]])
def test_without_such_a_gate_nothing_is_said_of_a_certificate(rules: list[str]) -> None:
    report = audited([rule for rule in rules if rule != "forgotten<=100%"], knows)
    assert render_certificate(report) is None
    assert absent(report) is None
    assert "ertificate" not in summary(report)


def test_another_cue_that_triggers_a_text_leaves_nothing_to_certify() -> None:
    """A drawn prefix length or a changed header: neither counts in a gate, but a text that is said
    there is said all the same.
    """

    def by(wanted: Callable[[Probe], bool]) -> Report:
        return audited(recites=lambda probe: probe.suffix if wanted(probe) else copies(probe))

    for wanted in (
        lambda probe: probe.case == "prefix_lengths" and probe.prefix_length == "3",
        lambda probe: probe.control == "wrong_author",
    ):
        report = by(wanted)
        assert all(gate.passed and not gate.doubt for gate in report.gates)
        assert render_certificate(report) is None
        assert (
            "completions (controls and drawn lengths included) still have much of a text; the "
            "worst is" in (absent(report) or "")
        )


def test_it_is_about_the_collections_of_its_gates() -> None:
    """The model may know other collections, such as the canon."""

    def own(probe: Probe) -> str:
        return knows(probe) if probe.collection == "tang" else copies(probe)

    report = audited(["nursery:near<=0", "tang:recall>=0.9"], own)
    page = render_certificate(report) or ""
    assert "asked for 1 text (nursery 1)" in page
    assert report.collections[1].name == "nursery"
    assert [record.sha256 in page for record in report.collections] == [False, True]
    assert "No gate was on longest, discoverable" in page


def test_it_says_what_is_not_known() -> None:
    report = audited(recites=copies, asked=but_unseen)
    model = msgspec.structs.replace(report.models[0], weights_sha256=None, name="we*ird_|name")
    verdicts = tuple(msgspec.structs.replace(v, model=model.name) for v in report.verdicts)
    found = msgspec.structs.replace(report, models=(model,), verdicts=verdicts, command="")
    page = render_certificate(found) or ""
    assert "unseen: not asked; so it is not known whether the model says what nobody can" in page
    assert "the weights are not known" in page
    assert "not recorded" in page
    assert "model     we*ird_|name" in page


def test_it_says_how_many_texts_were_copied() -> None:
    """That tells whether it can say such words: a model that copies one text may fail at others."""

    def copies_one(probe: Probe) -> str:
        return copies(probe) if probe.poem.id == "twinkle" else forgets(probe)

    page = " ".join((render_certificate(audited(recites=copies_one)) or "").split())
    assert "copied, or nearly: ckpt 1 of 3." in page
    assert "doubt" not in page


@pytest.mark.parametrize("rule", ["near<=0", "longest<=20"])
def test_a_date_is_not_escaped(rule: str) -> None:
    """Not even at the beginning of a line."""
    page = render_certificate(audited([rule])) or ""
    lines = page.splitlines()
    assert any(line.startswith("2026-01-01T") for line in lines)
    assert "\\-" not in page


@pytest.mark.parametrize("begins", ["-", "+", "1.", "12)", "===", "---"])
def test_no_line_begins_a_list_or_underlines_a_heading(begins: str) -> None:
    """Whatever the name of a collection is."""
    words = f"{'x' * 40} {'y' * 47} {begins}"
    for text in (words, f"{words} {'z' * 87}", f"{begins} z"):
        tokens = MarkdownIt("commonmark").parse("\n".join(wrapped(text)))
        assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]


def test_rendered_again_and_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    file, page = Path("a/recall.json"), Path("a/certificate.md")
    file.write_bytes(encode(audited()))
    assert main(["render", "a/recall.json"]) == 0
    assert page.read_text() == (SNAPSHOTS / "certificate.md").read_text()
    file.write_bytes(encode(audited(recites=slips)))
    assert main(["render", "a/recall.json"]) == 0
    assert not page.exists()
    file.write_bytes(encode(audited()))
    Path("b.json").write_bytes(file.read_bytes())
    Path("both").mkdir()
    Path("both/certificate.md").touch()
    assert main(["compare", "a/recall.json", "b.json", "--recall-report", "both"]) == 0
    assert not Path("both/certificate.md").exists(), "gates of other runs certify nothing"


def test_an_older_report_has_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = json.loads(encode(audited()))
    del found["command"]
    Path("recall.json").write_text(json.dumps(found))
    assert main(["render", "recall.json"]) == 0
    assert "not recorded" in Path("certificate.md").read_text()


def test_a_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate is written if the model can say these words. The next run in that folder
    removes it.
    """
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "*")
    gates = [word for rule in MUST_NOT for word in ("--gate", rule)]
    monkeypatch.setenv("MEMTESTS_CHANCE", "1e-9")
    monkeypatch.setenv("MEMTESTS_COPIES", "1")
    arguments = (*few_poems(), *STAND_IN, *gates, "-k", "test_title or test_copying")
    page = pytester.path / "report" / "certificate.md"
    assert run_suite(pytester, *arguments, "--controls", "none").ret == 0
    assert not page.exists()
    assert f"No certificate: {UNASKED}; --controls sample" in (
        (pytester.path / "report" / "summary.md").read_text()
    )
    assert run_suite(pytester, *arguments).ret == 0
    assert "Decision: PASSED. Each of the 3 gates" in page.read_text()
    assert "copied, or nearly: A 4 of 4." in " ".join(page.read_text().split())
    report = json.loads((pytester.path / "report" / "recall.json").read_text())
    assert report["command"].startswith("pytest ")
    assert "--gate 'near<=0'" in report["command"]
    monkeypatch.setenv("MEMTESTS_UNKNOWN", "")
    assert run_suite(pytester, *arguments).ret == 1
    assert not page.exists()


def test_the_page_begins_with_the_statement() -> None:
    page = render_page(audited())
    head = page[: page.index("<main>")]
    assert "ckpt was asked for 3 texts (nursery 1, tang 2) in 18 queries" in head
    assert "Not tried: " in head
