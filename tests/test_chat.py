"""Chat models: the cue through the tokenizer's chat template, and what comes back."""

import functools
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.chat import INSTRUCTIONS, in_chat
from fixtures.checkpoint import Checkpoint
from fixtures.controls import controls_of
from fixtures.language_model import ModelError
from fixtures.loading import EMBEDDED, Loading, load
from fixtures.poems import canon
from fixtures.probes import DEFAULT_HEADER, Probe, parse_prefix_lengths, probes_of
from plugins.recital import Recital
from plugins.reciter import Completion, Reciter, recite_plainly
from tests.models import untaught
from tests.test_plugin import judged_dicts, memtests, report

pytest_plugins = ["pytester"]

LENGTHS = parse_prefix_lengths("10%,50%")
SAMPLES = [collection.sample(2) for collection in canon()]
PROBES = [
    probe
    for collection in SAMPLES
    for case in ("title", "prefix", "next_line")
    for probe in probes_of(collection, case, LENGTHS, DEFAULT_HEADER)
]
CONTROLS = [probe for c in SAMPLES for probe in controls_of(c, LENGTHS, DEFAULT_HEADER)]
# With special tokens, which are in the text and not in what is decoded.
TURNS = "<s>user\n{{ messages[0]['content'] }}<|endoftext|>\n<s>assistant\n"
# What the embedded model was taught: a header, an empty line, the poem; no header, the poem.
PLAIN = (
    "{% set parts = messages[0]['content'].split('\\n\\n') %}"
    "{% if parts | length > 1 %}{{ parts[1:] | join('\\n\\n') }}{{ '\\n\\n' }}{% endif %}"
)


@given(st.sampled_from(PROBES + CONTROLS), st.text(max_size=9))
def test_the_poem_is_the_answer(probe: Probe, around: str) -> None:
    """Its header is in the message, its opening begins the answer, its rest is asked for."""
    messages: list[str] = []

    def rendered(message: str) -> str:
        messages.append(message)
        return f"{around}{message}{around}"

    asked = in_chat(probe, rendered)
    assert asked.suffix == probe.suffix.removeprefix("\n\n" if probe.case != "next_line" else "")
    assert asked.cue.startswith(f"{around}{messages[0]}{around}")
    assert asked.text[asked.lead :] == probe.poem.text
    header = probe.text.removesuffix(probe.poem.text).rstrip()
    assert header in messages[0]
    own = INSTRUCTIONS[probe.poem.language]
    assert messages[0].startswith(own[0].partition("\n")[0] if header else own[1])
    assert asked.name == probe.name


@functools.cache
def chatting(kind: str) -> Checkpoint:
    model = untaught(kind)
    model._tokenizer.chat_template = TURNS
    return Checkpoint(model.name, model._model, model._tokenizer, template="chat")


@pytest.mark.parametrize("kind", ["han", "bytes", "pieces"])
def test_in_a_chat_it_is_plain_greedy_decoding_too(kind: str) -> None:
    model = chatting(kind)
    asked = [in_chat(probe, lambda m: model.in_chat(m) or "") for probe in PROBES[::3]]
    assert "<s>" in asked[0].cue
    for probe, found in zip(asked, Reciter(model).recite(asked), strict=True):
        assert isinstance(found, Completion)
        assert found.text == recite_plainly(model, probe), probe.name


def saved(folder: Path, template: str) -> Path:
    """The embedded model, with a chat template."""
    shutil.copytree(EMBEDDED, folder)
    (folder / "chat_template.jinja").write_text(template)
    return folder


def test_a_chat_as_it_was_taught_recites_the_same(pytester: pytest.Pytester) -> None:
    """All cases, and what the report says: only the model is given something else."""
    folder = saved(pytester.path / "chatty", PLAIN)
    asked = ("--measure", "--sample", "2", "--controls", "none")
    assert memtests(pytester, *asked).ret == 0
    plainly = report(pytester)
    done = memtests(pytester, *asked, "--model", folder, "--template", "auto")
    assert done.ret == 0
    found = report(pytester)
    done.stdout.fnmatch_lines(["*template chat (its tokenizer has a chat template): *chatty*"])
    (model,) = found["models"]
    assert model["template"] == "chat (its tokenizer has a chat template)"
    assert model["instructions"]["zh"][0].endswith("{header}")
    assert len(found["verdicts"]) > 150

    def said(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        left_out = ("model", "log_p")  # a header's empty line is not asked for in a chat
        return [
            {field: value for field, value in one.items() if field not in left_out}
            for one in verdicts
            # An English poem's first token would hold the end of the empty line.
            if one["case"] != "title" or one["collection"] in ("song", "tang")
        ]

    assert said(judged_dicts(found)) == said(judged_dicts(plainly))
    assert any(v["case"] == "title" and v["outcome"] == "correct" for v in found["verdicts"])


def test_auto_says_that_there_is_no_template(pytester: pytest.Pytester) -> None:
    done = memtests(pytester, "--measure", "-k", "静夜思 and test_title", "--template", "auto")
    assert done.ret == 0
    line = "*template none (its tokenizer has no chat template): embedded*"
    done.stdout.fnmatch_lines([line])
    assert report(pytester)["models"][0]["instructions"] == {}


def test_no_template_is_one_line(pytester: pytest.Pytester) -> None:
    done = memtests(pytester, "-k", "静夜思 and test_title", "--template", "chat")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stdout.fnmatch_lines(
        ["*--template chat: embedded has no chat template; leave the option*"]
    )
    assert "Traceback" not in done.stdout.str()
    with pytest.raises(ModelError, match="has no chat template"):
        load("embedded", Loading(device="cpu", template="chat"))


def test_the_template_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    """A verdict that was saved is of the same question only."""
    folder = saved(tmp_path / "chatty", PLAIN)
    plainly, chat = (Loading(device="cpu", template=template) for template in ("none", "chat"))
    found = {load(str(folder), loading).fingerprint for loading in (plainly, chat)}
    (folder / "chat_template.jinja").write_text(TURNS)
    found.add(load(str(folder), chat).fingerprint)
    assert len(found) == 3


def test_a_self_check_in_a_chat(pytester: pytest.Pytester) -> None:
    folder = saved(pytester.path / "chatty", PLAIN)
    done = memtests(
        pytester,
        "--measure",
        "--self-check",
        "12",
        "-k",
        "self_check",
        "--model",
        folder,
        "--template",
        "chat",
    )
    assert done.ret == 0
    done.assert_outcomes(passed=12)


def test_own_questions_in_a_chat(tmp_path: Path) -> None:
    folder = saved(tmp_path / "chatty", PLAIN)
    recall = Recital(load(str(folder), Loading(device="cpu", template="chat")), [], lambda _: {})
    poem = next(p for c in canon() for p in c.poems if p.title == "静夜思")
    assert recall(opening=poem.lines[0], rest="".join(poem.lines[1:])).similarity >= 0
