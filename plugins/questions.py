"""What is asked: the poem options, read and checked, and one case for each probe."""

import argparse
import dataclasses
import functools
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from _pytest.mark import _parse_expression
from hypothesis.errors import HypothesisSideeffectWarning

from memtests.fixtures.commands import quoted
from memtests.fixtures.locales import typed
from memtests.fixtures.models.errors import ModelError
from memtests.fixtures.poems.columns import ColumnError, parse_columns
from memtests.fixtures.poems.files import PoemError, canon, read_collections
from memtests.fixtures.poems.poems import Collection
from memtests.fixtures.poems.texts import PartError, parse_part
from memtests.fixtures.probes.choosing import ChoiceError, chosen
from memtests.fixtures.probes.controls import (
    CHANGES,
    COPYING,
    SAMPLE,
    UNSEEN,
    WRONG_AUTHOR,
    controls_of,
    copied_windows,
)
from memtests.fixtures.probes.naming import check_names, named_lengths, poems_of_probes
from memtests.fixtures.probes.probes import (
    NEXT_LINE,
    PREFIX,
    TITLE,
    WINDOW,
    CueError,
    PrefixLength,
    Probe,
    check_header,
    parse_prefix_lengths,
    poem_unit_ends,
    probes_of,
    window_probes,
)
from memtests.fixtures.probes.windows import Size, Windows
from memtests.plugins.poem_cuts import PoemCuts, cuts_of
from memtests.plugins.redacting import without_cells
from memtests.plugins.window_options import Tokenize, read_windows, tokenizer_of

# The argument of a test function → the case whose probes it takes.
CASES = {
    "title_probe": TITLE,
    "prefix_probe": PREFIX,
    "next_line_probe": NEXT_LINE,
}
EVERY_CASE = {**CASES, "window_probe": WINDOW}
# The argument of a test function → the kinds of control that it takes.
CONTROLS = {
    "unseen_probe": (UNSEEN,),
    "wrong_author_probe": (WRONG_AUTHOR,),
    "copying_probe": (COPYING,),
    "changed_cue_probe": tuple(CHANGES),
}
WHOLE = ("title", "prefix", "next_line", "prefix_lengths")
"""The cases about whole poems: `title` stands for test_title.py."""


@dataclass(frozen=True)
class Questions:
    """The poem options, read and checked."""

    collections: tuple[Collection, ...]
    """The whole collections, also under --poem and --sample."""
    asked: tuple[Collection, ...]
    """The poems that are asked for."""
    prefix_lengths: tuple[PrefixLength, ...]
    header: str
    controlled: tuple[Collection, ...] = ()
    """The poems whose controls are asked."""
    material: Mapping[str, Collection] = field(default_factory=dict)
    """Under --poem: more poems, from which controls take lines and authors. A poem that nobody can
    know is made of the lines of several."""
    named: frozenset[str] = frozenset()
    """The names of the probes that are asked; if it is empty, all are."""
    windows: Windows | None = None
    """The windows that are asked in place of whole poems, if any are."""
    tokenize: Tokenize | None = None
    """The tokenizer by which windows in tokens are cut."""

    @functools.cached_property
    def window_probes(self) -> tuple[Probe, ...]:
        """The windows of every poem that is long enough for one."""
        return tuple(
            probe
            for windows in ([self.windows] if self.windows else ())
            for collection in self.asked
            for poem in collection.poems
            for probe in window_probes(collection.name, poem, windows, self.tokenize)
        )

    def wants(self, name: str) -> bool:
        """Whether a probe of this name is asked."""
        return not self.named or name in self.named

    @functools.cached_property
    def controls(self) -> tuple[Probe, ...]:
        """The control probes. With windows there is only one kind: whether the model can copy them.

        They are made when they are first needed, not while pytest reads its command line.
        """
        if self.windows:
            found = (
                [p for p in self.window_probes if p.collection == collection.name]
                for collection in self.controlled
            )
            return tuple(each for one in found for each in copied_windows(one))
        return tuple(
            probe
            for collection in self.controlled
            for probe in self._controls_of(collection)
            if self.wants(probe.name)
        )

    def _controls_of(self, collection: Collection) -> list[Probe]:
        places = {(collection.name, poem.id) for poem in collection.poems}
        besides = self.material.get(collection.name, Collection(collection.name, ())).poems
        poems = {poem.id: poem for poem in (*collection.poems, *besides)}
        made_of = Collection(collection.name, tuple(poems.values()))
        probes = controls_of(made_of, self.prefix_lengths, self.header)
        return [probe for probe in probes if probe.place in places]


QUESTIONS = pytest.StashKey[Questions]()


def pytest_configure(config: pytest.Config) -> None:
    if not config.option.help:
        config.option.keyword = typed(config.option.keyword)
        check_keywords(config.option.keyword)
        config.stash[QUESTIONS] = read_questions(config.option, lambda s: tokenizer_of(config, s))


def check_keywords(given: str) -> None:
    """Raise UsageError at a `-k` that pytest cannot parse, such as most titles of poems.

    pytest itself would parse it later, on a worker, and would not point to --poem.
    """
    try:
        if given.strip():
            _parse_expression(given, "Wrong expression passed to '-k'")
    except pytest.UsageError as error:
        named = quoted(given)
        raise pytest.UsageError(
            f"{error}; it takes words, with `and`, `or` and `not` between them; for "
            + (f"a probe: --probe {named}" if "/" in given else f"a title or an id: --poem {named}")
        ) from None


def read_questions(
    option: argparse.Namespace, tokenizer: Callable[[Size], Tokenize] | None = None
) -> Questions:
    """The poem options of a command line. Raises UsageError.

    `tokenizer` gives the tokenizer by which windows in tokens are cut; without windows in tokens it
    is not needed.
    """
    sample = option.sample
    if option.self_check < 0:
        raise pytest.UsageError(f"--self-check {option.self_check}: it must be 0 or more")
    if sample is not None and sample < 1:
        raise pytest.UsageError(f"--sample {sample}: it must be 1 or more")
    collections = _collections(option)
    try:
        wanted = chosen(collections, option.poem) if option.poem else collections
    except ChoiceError as error:
        near = "no poem has one of the titles or ids; --redact leaves out which are near"
        raise pytest.UsageError(f"--poem: {near}" if option.redact else f"--poem {error}") from None
    windows = read_windows(option)
    asked = tuple(c if sample is None or windows else c.sample(sample) for c in wanted)
    few = tuple(collection.sample(SAMPLE) for collection in asked)
    controlled = {"sample": few, "full": asked, "none": ()}[option.controls]
    try:
        # After `controlled`: --probe must not change which poems controls are made of, or a control
        # would have other lines under the same name.
        asked = poems_of_probes(asked, option.probe) if option.probe else asked
    except ChoiceError as error:
        raise pytest.UsageError(f"--probe {error}") from None
    template, lengths = _cues(option)
    fits = (_fits(length, collection) for length in lengths for collection in asked)
    if not windows and not any(fits):
        raise pytest.UsageError(
            f"--prefix-lengths {option.prefix_lengths}: no poem is longer than that, in words or "
            "characters; give fewer, or percentages like 10%"
        )
    material = {c.name: c.sample(SAMPLE) for c in collections} if option.poem else {}
    named = frozenset(option.probe or ())
    questions = Questions(
        *(collections, asked, lengths, template, controlled, material, named),
        windows=windows,
        tokenize=tokenizer(windows.size)
        if tokenizer and windows and windows.size.in_tokens
        else None,
    )
    _check_windows(questions)
    try:
        with warnings.catch_warnings():
            # Hypothesis warns that drawing makes a start slow. Only --probe draws here.
            warnings.simplefilter("ignore", HypothesisSideeffectWarning)
            check_names(option.probe or (), lambda: all_names(questions))
    except ChoiceError as error:
        raise pytest.UsageError(f"--probe {error}") from None
    return questions


def _cues(option: argparse.Namespace) -> tuple[str, tuple[PrefixLength, ...]]:
    """The header's template and the prefix lengths. Raises UsageError."""
    try:
        template = check_header(option.header)
    except CueError as error:
        raise pytest.UsageError(f"--header {error}") from None
    try:
        return template, parse_prefix_lengths(option.prefix_lengths)
    except CueError as error:
        raise pytest.UsageError(f"--prefix-lengths {error}") from None


def _check_windows(questions: Questions) -> None:
    """Raise UsageError if windows are asked for and no text is long enough."""
    try:
        if questions.windows is None or questions.window_probes:
            return
    except ModelError as error:  # windows cannot be cut by this model's tokenizer
        raise pytest.UsageError(str(error)) from None
    raise pytest.UsageError(
        f"--windows {questions.windows.size.label}: no text is as long as that; give fewer words, "
        "characters or tokens, or longer texts"
    )


def _collections(option: argparse.Namespace) -> tuple[Collection, ...]:
    """The poems of a command line. Raises UsageError."""
    files = option.poems
    try:
        columns = parse_columns(option.poem_columns, files)
    except ColumnError as error:
        raise pytest.UsageError(f"--poem-columns {error}") from None
    try:
        part = parse_part(option.part, files)
    except PartError as error:
        raise pytest.UsageError(f"--part {error}") from None
    try:
        return read_collections(files, columns, part) if files else canon()
    except PoemError as error:
        reason = without_cells(str(error)) if option.redact else str(error)
        raise pytest.UsageError(f"--poems {reason}" if files else reason) from None


def _fits(length: PrefixLength, collection: Collection) -> bool:
    return length.percent or any(
        length.of(total) < total for total in map(len, map(poem_unit_ends, collection.poems))
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the self-check unless it is asked for, controls under `--controls none`, and either
    windows or the cases about whole poems.
    """
    name, windows = collection_path.name, config.option.windows is not None
    unasked = name == "test_self_check.py" and not config.option.self_check
    unwanted = name == "test_controls.py" and config.option.controls == "none"
    others = [f"test_{each}.py" for each in (WHOLE if windows else (WINDOW,))]
    return True if unasked or unwanted or name in others else None


def pytest_report_header(config: pytest.Config) -> list[str]:
    asked = config.stash[QUESTIONS].asked
    lines = ["poems: " + ", ".join(f"{c.name} {len(c.poems)}" for c in asked)]
    texts = [poem.text for collection in asked for poem in collection.poems]
    if copies := len(texts) - len({*texts}):
        lines.append(
            f"copies: {copies} of them have the text of another one; intervals take each for a "
            "poem of its own, and are too narrow"
        )
    return lines


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    questions = metafunc.config.stash[QUESTIONS]
    if "self_check_probe" in metafunc.fixturenames:
        every = [probe for case in EVERY_CASE.values() for probe in all_probes(questions, case)]
        probes = spread(every, metafunc.config.getoption("--self-check"))
        metafunc.parametrize("self_check_probe", probes, ids=[probe.name for probe in probes])
    for argument, case in EVERY_CASE.items():
        if argument in metafunc.fixturenames:
            probes = all_probes(questions, case)
            metafunc.parametrize(argument, probes, ids=[probe.name for probe in probes])
    for argument, kinds in CONTROLS.items():
        if argument in metafunc.fixturenames:
            found = [probe for probe in questions.controls if probe.control in kinds]
            metafunc.parametrize(argument, found, ids=[probe.name for probe in found])
    if "poem_cuts" in metafunc.fixturenames:
        cuts = [cut for cut in all_cuts(questions) if questions.wants(cut.name)]
        metafunc.parametrize("poem_cuts", cuts, ids=[cut.name for cut in cuts])


def spread(probes: Sequence[Probe], count: int) -> list[Probe]:
    """`count` of the probes, taken evenly over all of them."""
    count = min(count, len(probes))
    return [probes[at * len(probes) // count] for at in range(count)]


def all_probes(questions: Questions, case: str) -> list[Probe]:
    """Every probe of a case that is asked. With windows there is none about whole poems.

    Those of PREFIX include the probes at drawn lengths that `--probe` names: a report shows such
    names, and they need not be drawn again.
    """
    if case == WINDOW:
        return [probe for probe in questions.window_probes if questions.wants(probe.name)]
    if questions.windows:
        return []
    found = [
        probe
        for collection in questions.asked
        for probe in probes_of(collection, case, questions.prefix_lengths, questions.header)
    ]
    drawn = _named_lengths(questions) if case == PREFIX else []
    return [probe for probe in [*found, *drawn] if questions.wants(probe.name)]


def _named_lengths(questions: Questions) -> list[Probe]:
    """The probes of PREFIX_LENGTHS that are asked for by name."""
    return [
        probe
        for cuts in (all_cuts(questions) if questions.named else [])
        for length in named_lengths(questions.named, cuts.name)
        if length <= cuts.longest and (probe := cuts.cut(length)).name in questions.named
    ]


def all_cuts(questions: Questions) -> list[PoemCuts]:
    """The poems that are asked for at lengths drawn by Hypothesis."""
    if questions.windows:
        return []
    found = (cuts_of(c.name, poem) for c in questions.asked for poem in c.poems)
    return [cuts for cuts in found if cuts.longest]


def all_names(questions: Questions) -> set[str]:
    """Every name that `--probe` may give."""
    whole = dataclasses.replace(questions, named=frozenset())
    probes = [probe for case in EVERY_CASE.values() for probe in all_probes(whole, case)]
    cuts = {cut.name for cut in all_cuts(whole)}
    drawn = {probe.name for probe in _named_lengths(questions)}
    return {probe.name for probe in (*probes, *whole.controls)} | cuts | drawn


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let `-k` find a probe by its poem's title, author and id, in any script."""
    for poem in (question.poem for question in questions_of(item)):
        item.extra_keyword_matches.update({poem.id, poem.title, poem.author})


def questions_of(item: pytest.Item) -> list[Probe | PoemCuts]:
    """The probes and poems among the parameters of a case."""
    return [value for value in params_of(item).values() if isinstance(value, (Probe, PoemCuts))]


def params_of(item: pytest.Item) -> Mapping[str, object]:
    """The parameters of a case, by the names of the arguments."""
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}
