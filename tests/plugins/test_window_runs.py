"""Windows asked of real models: taught passages are found where they stand, and nothing else is."""

import json

import pytest
import torch
import transformers

from memtests.fixtures.models.local.loading import Loading, load
from memtests.fixtures.probes.probes import Probe, window_probes
from memtests.fixtures.probes.windows import Windows, parse_size
from memtests.plugins.completions import NONE, Misses
from memtests.plugins.reciter import Completion, Reciter
from memtests.reports.counting.extraction import extractions
from memtests.reports.report_files import read_report
from tests.support.models import untaught
from tests.support.running import STAND_IN, run_suite
from tests.support.taught_passages import Taught, long_chinese, taught_passages

pytest_plugins = ["pytester"]


@pytest.mark.slow
def test_taught_passages_are_found_within_one_step_and_nothing_else(
    pytester: pytest.Pytester,
) -> None:
    taught = taught_passages()
    every, places = 5, taught.passages
    asked = ("--windows", "20/20", "--every", str(every), "--no-traces", "--controls", "none")
    result = run_suite(pytester, "--model", taught.model, "--poems", taught.poems, *asked)
    assert result.ret == 0
    assert not (pytester.path / "report" / "traces.jsonl").exists()
    report = read_report(pytester.path / "report" / "recall.json")
    found = {each.text.poem: each for each in extractions(report)}
    assert found["unknown"].extracted == 0
    passages = sorted(found["taught"].passages, key=lambda passage: passage.first)
    assert len(passages) == len(taught.passages)
    for passage, (first, stop) in zip(passages, taught.passages, strict=True):
        # The first words of a passage can only be given, not asked for. With fewer of them, the
        # model need not know how to go on.
        assert first <= passage.first <= first + 20 + every
        assert stop - every <= passage.stop <= stop
        words = taught.texts["taught"].text[passage.begins : passage.ends]
        assert passage.text == words
    assert all(
        any(first <= v.window.asked_from and v.window.asked_to <= stop for first, stop in places)
        for v in report.verdicts
        if v.window and v.correct
    )


@pytest.mark.slow
def test_no_window_outside_of_what_was_taught_is_extracted() -> None:
    """No false extraction among more than 5,000 windows."""
    taught = taught_passages()
    english = ((text, 1) for text in taught.texts.values())
    probes = [
        probe
        for text, every in (*english, (long_chinese(), 4))
        for probe in window_probes("long", text, Windows(parse_size("20/20"), every))
        if not is_inside(probe, taught)
    ]
    assert len(probes) > 5_000
    model = load(str(taught.model), Loading())
    reciter = Reciter(model, misses=Misses(NONE), whole=False)
    found = dict(reciter.reciting(probes))
    assert len(found) == len(probes)
    extracted = [
        probes[at].name
        for at, completion in found.items()
        if not isinstance(completion, Completion) or completion.recited
    ]
    assert extracted == []


def is_inside(probe: Probe, taught: Taught) -> bool:
    """Whether the suffix of a window was taught."""
    places = taught.passages if probe.poem.id == "taught" else []
    return any(
        probe.window is not None
        and first <= probe.window.asked_from
        and probe.window.asked_to <= stop
        for first, stop in places
    )


@pytest.mark.slow
def test_windows_in_tokens_are_as_a_plain_loop_with_generate_has_them(
    pytester: pytest.Pytester,
) -> None:
    """As in the literature: 300 windows, with one `generate` for each."""
    taught = taught_passages()
    size, most, half = parse_size("50t/50t"), 300, 50
    asked = ("--windows", size.label, "--every", "3", "--sample", most, "--poem", "taught")
    result = run_suite(pytester, "--model", taught.model, "--poems", taught.poems, *asked)
    assert result.ret == 0
    report = json.loads((pytester.path / "report" / "recall.json").read_text())
    suite = {
        v["window"]["at"]: v["outcome"] == "correct" for v in report["verdicts"] if v["window"]
    }
    model = transformers.AutoModelForCausalLM.from_pretrained(taught.model)
    tokenizer = transformers.AutoTokenizer.from_pretrained(taught.model)
    ids = tokenizer(taught.texts["taught"].text)["input_ids"]
    every_place = range(0, len(ids) - 2 * half + 1, 3)
    plain = {}
    for number in range(most):
        at = every_place[number * len(every_place) // most]
        window = ids[at : at + 2 * half]
        with torch.inference_mode():
            said = model.generate(
                torch.tensor([window[:half]]),
                attention_mask=torch.ones(1, half, dtype=torch.long),
                max_new_tokens=half,
                do_sample=False,
                pad_token_id=0,
            )[0, half:].tolist()
        plain[at] = said == window[half:]
    assert suite == plain
    assert 20 < sum(plain.values()) < most / 2


def test_a_run_of_windows_says_what_it_asks_and_fails_for_no_miss(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [[f"w{at}" for at in range(start, start + 30)] for start in (0, 30, 60)]
    poems = [
        {"id": "long", "title": "L", "author": "A", "language": "en"}
        | {"lines": [" ".join(words) for words in lines]},
        {"id": "short", "title": "S", "author": "A", "language": "en", "lines": ["one two three"]},
    ]
    pytester.makefile(".jsonl", shelf="\n".join(map(json.dumps, poems)))
    asked = ("--poems", "shelf.jsonl", "--windows", "5/5", "--every", "20")
    result = run_suite(pytester, *STAND_IN, *asked)
    result.stdout.fnmatch_lines(
        [
            "windows: 5 words or characters given, 5 asked for, one every 20; 5 of them, in place "
            "of whole poems",
            "left out: window 5/5 of 1 poem (shelf/short): it has fewer than 10 words or "
            "characters",
            "collected 9 items",
            "0 of 5 probes correct (5 more may be); no gates",
            "shelf/long*5*0*0.0 %*",
        ]
    )
    assert result.ret == 0
    found = json.loads((pytester.path / "report" / "recall.json").read_text())
    assert [v["probe"] for v in found["verdicts"] if v["window"]] == [
        f"shelf/long/window-5-5:{at}" for at in (0, 20, 40, 60, 80)
    ]
    assert {v["outcome"] for v in found["verdicts"] if v["window"]} == {"not recited"}
    assert found["texts"] == [
        {"collection": "shelf", "poem": "long", "title": "L", "units": 90}
        | {"length": len(" ".join(" ".join(words) for words in lines)), "in_words": True}
    ]
    traces = (pytester.path / "report" / "traces.jsonl").read_text().splitlines()
    assert {json.loads(line)["form"] for line in traces} == {
        f"window-5-5:{at}" for at in (0, 20, 40, 60, 80)
    }


def test_no_gate_passes_on_what_is_not_decided(pytester: pytest.Pytester) -> None:
    """The stand-in ends the line, but the window goes on: a reading does not tell what follows."""
    lines = ["one two three four five six seven eight nine ten"] * 2
    poem = {"id": "long", "title": "L", "author": "A", "language": "en", "lines": lines}
    pytester.makefile(".jsonl", shelf=json.dumps(poem))
    asked = ("--poems", "shelf.jsonl", "--windows", "5/5", "--controls", "none")
    gates = ("--gate", "extracted<=1%", "--gate", "passage<=3", "--gate", "passage<=50")
    result = run_suite(pytester, *STAND_IN, *asked, *gates)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*extracted<=1%*not decided: *--completions few tells*",
            "*passage<=3*not decided: up to * with * read and not recited*",
        ]
    )
    found = json.loads((pytester.path / "report" / "recall.json").read_text())
    assert [gate["passed"] for gate in found["gates"]] == [False, False, True]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--windows", "50"), "*--windows '50': write how much is given*"),
        (("--windows", "5/5", "--every", "0"), "*--every 0: it must be 1 or more*"),
        (("--every", "5"), "*--every 5: it only goes with --windows*"),
        (
            ("--windows", "5/5", "--header", "{title}"),
            "*--header {title}: it is of whole poems, and --windows asks for parts of a text*",
        ),
        (
            ("--windows", "5/5", "--prefix-lengths", "10%"),
            "*--prefix-lengths 10%: it is of whole poems, and --windows asks*",
        ),
        (("--windows", "5000/5000"), "*--windows 5000/5000: no text is as long as that*"),
        (
            ("--gate", "passage<=100"),
            "*--gate 'passage<=100' needs windows; add --windows 50/50",
        ),
        (
            ("--windows", "5/5", "--gate", "extracted(0)<=1%"),
            "*extracted(0)<=1%*say how many samples, as in extracted(1000) or *",
        ),
        (
            ("--windows", "5/5", "--gate", "longest<=20"),
            "*--gate 'longest<=20' needs every completion*",
        ),
        (("--windows", "5/5", "--sample", "0"), "*--sample 0: it must be 1 or more*"),
        (
            ("--windows", "5t/5t", "--template", "chat"),
            "*--windows 5t/5t: a chat begins with tokens of its own*",
        ),
        (
            ("--windows", "9000t/50t", "--model", "embedded"),
            "*--windows 9000t/50t: it needs 90?? tokens; the context of embedded is*",
        ),
    ],
)
def test_impossible_options_are_refused_in_one_line(
    pytester: pytest.Pytester, options: tuple[str, ...], line: str
) -> None:
    result = run_suite(pytester, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([line])
    assert len(result.stderr.str().strip().splitlines()) == 1


def test_a_window_longer_than_the_context_is_unjudged_and_said_once(
    pytester: pytest.Pytester,
) -> None:
    model = untaught("bytes", context=64)
    for part in (model._model, model._tokenizer):
        part.save_pretrained(pytester.path / "small")
    words = " ".join(f"word{at}" for at in range(200))
    poem = {"id": "long", "title": "L", "author": "A", "language": "en", "lines": [words]}
    pytester.makefile(".jsonl", shelf=json.dumps(poem))
    asked = ("--poems", "shelf.jsonl", "--windows", "50/50", "--every", "50")
    result = run_suite(pytester, "--model", "./small", *asked, "--controls", "none")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    said = [line for line in result.outlines if "UNJUDGED" in line]
    assert len(said) == 1
    assert "a window of 50/50 is longer than the model's context, 64 tokens" in said[0]


def test_windows_in_tokens_of_several_checkpoints_with_one_tokenizer(
    pytester: pytest.Pytester,
) -> None:
    for name, vocabulary in (("one", "bytes"), ("two", "bytes"), ("other", "pieces")):
        model = untaught(vocabulary, context=64)
        for part in (model._model, model._tokenizer):
            part.save_pretrained(pytester.path / name)
    lines = ["One for sorrow, two for joy, three for a girl and four for a boy"]
    poem = {"id": "long", "title": "L", "author": "A", "language": "en", "lines": lines}
    pytester.makefile(".jsonl", shelf=json.dumps(poem))
    asked = ("--poems", "shelf.jsonl", "--windows", "5t/5t", "--every", "4", "--controls", "none")
    result = run_suite(pytester, "--model", "./one", "--model", "./two", *asked)
    assert result.ret == 0
    report = read_report(pytester.path / "report" / "recall.json")
    found = {(v.model, v.window.at if v.window else None) for v in report.verdicts}
    assert len(found) == len(report.verdicts) == 2 * len({at for _, at in found}) > 4
    result = run_suite(pytester, "--model", "./one", "--model", "./other", *asked)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = "*--windows 5t/5t: ./one and ./other make other tokens of the same text; name one of*"
    result.stderr.fnmatch_lines([said])


def test_a_baseline_of_windows_of_another_size(pytester: pytest.Pytester) -> None:
    lines = ["one two three four five six seven eight nine ten eleven twelve"]
    poem = {"id": "long", "title": "L", "author": "A", "language": "en", "lines": lines}
    pytester.makefile(".jsonl", shelf=json.dumps(poem))
    asked = (*STAND_IN, "--poems", "shelf.jsonl", "--controls", "none")
    run_suite(pytester, *asked, "--windows", "3/3", "--update-baseline", "then.json")
    for now, said in (
        (("--windows", "2/3"), "windows of 3/3, and this run asks for windows of 2/3; give"),
        ((), "windows of 3/3, and this run asks for whole poems; give --windows as it was then"),
    ):
        result = run_suite(pytester, *asked, *now, "--baseline", "then.json", "--gate", "lost<=0")
        assert result.ret != 0
        result.stderr.fnmatch_lines([f"*--baseline then.json asked for {said}*"])
