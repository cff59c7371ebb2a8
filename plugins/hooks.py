"""The hooks between pytest and the recital. They decide nothing themselves."""

import itertools
import sys
from collections.abc import Collection, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from memtests.fixtures.models.contract import Completer, LanguageModel
from memtests.fixtures.probes.probes import PREFIX_LENGTHS, Probe
from memtests.plugins.chance import chance_bands
from memtests.plugins.completions import completions_of, misses_of
from memtests.plugins.gathering import (
    UNJUDGED,
    UNUSABLE_MODEL,
    packed,
    properties_of,
    status_of,
    unpacked,
)
from memtests.plugins.model import UNUSABLE, worker_count
from memtests.plugins.poem_cuts import PoemCuts, foresight
from memtests.plugins.questions import QUESTIONS, params_of, questions_of
from memtests.plugins.recital import Recital, Sink, UnjudgedError, batches_of
from memtests.plugins.redacting import kind_of_error
from memtests.plugins.resuming import SavedVerdict
from memtests.plugins.scheduling import Asked, ChunkScheduling, in_order
from memtests.plugins.verdicts import CORRECT, FORGOTTEN, INCORRECT, NOT_RECITED, Verdict

Counts = tuple[tuple[str, int], ...]
"""A model and its question, with the number of probes in the question. Two cases may ask the same
question."""
RECITAL = pytest.StashKey[Recital]()
SAVED = pytest.StashKey[Mapping[str, SavedVerdict]]()
"""Key → verdict of an earlier run, whose probe need not be asked again."""
SAVED_TRACES = pytest.StashKey[Collection[str]]()
"""The keys of the earlier run's traces."""
ASKED = pytest.StashKey[dict[str, Asked | None]]()
"""Node id → the model and poem that the case asks. With -n the workers send it to their
controller."""
COUNTS = pytest.StashKey[dict[str, Counts]]()
"""Node id → how many probes the case asks. With -n the workers send this, too."""
SINK = pytest.StashKey[Sink]()
"""Writes verdicts and traces to the disk."""
TOLERANT = pytest.StashKey[bool]()
"""Whether tests pass in spite of misses."""
CASES = Path(str(sys.modules[__name__.partition(".")[0]].__file__)).parent
"""The folder of the suite's own cases."""
OWN_FAILURES = (Path(__file__), Path(__file__).parent / "model.py")
"""The files whose `pytest.fail` messages never quote a text, so that `--redact` can show them."""
_LETTERS = {CORRECT: ".", INCORRECT: "I", FORGOTTEN: "F", NOT_RECITED: "N", UNJUDGED: "U"}
_COLOURS = {
    CORRECT: "green",
    INCORRECT: "yellow",
    FORGOTTEN: "red",
    NOT_RECITED: "yellow",
    UNJUDGED: "red",
}


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ASKED] = {}
    for option in ("--full-trace", "--debug"):
        if config.getoption("--redact") and config.getoption(option):
            raise pytest.UsageError(
                f"--redact: {option} shows what functions were given, so also texts; leave it out"
            )
    config.stash[COUNTS] = {}


@pytest.fixture(scope="session")
def recall(request: pytest.FixtureRequest, model: LanguageModel | Completer) -> Iterator[Recital]:
    """Ask the model a probe: `recall(probe)` is the verdict."""
    collections = {c.name: c for c in request.config.stash[QUESTIONS].collections}
    probes = probes_of_items(request.session.items)
    recital = Recital(
        model,
        batches_of(probes, worker_count()),
        lambda name: chance_bands(collections[name]),
        request.config.stash.get(SAVED, {}),
        request.config.stash.get(SAVED_TRACES, frozenset()),
        misses=misses_of(completions_of(request.config.option), probes),
        traces=not request.config.getoption("--no-traces"),
        redact=request.config.getoption("--redact"),
        sink=sink_of(request.config),
        foresee=foresight(cuts_of_items(request.session.items)),
    )
    request.config.stash[RECITAL] = recital
    yield recital
    del request.config.stash[RECITAL]  # or the model would stay in memory while the next is loaded


def sink_of(config: pytest.Config) -> Sink:
    """The function that takes verdicts and traces as they are settled. A worker sends them to its
    controller.
    """
    worker = getattr(config, "workerinput", None)
    if worker:
        return lambda verdicts, traces: worker["settled"].send(packed(verdicts, traces))
    return config.stash.get(SINK, lambda *_: None)


def probes_of_items(items: list[pytest.Item]) -> list[Probe]:
    """The probes that the session's cases ask, each once, in their order."""
    probes: dict[str, Probe] = {}
    for question in itertools.chain.from_iterable(map(questions_of, items)):
        asked = question.probes if isinstance(question, PoemCuts) else [question]
        probes.update({probe.name: probe for probe in asked})
    return list(probes.values())


def cuts_of_items(items: list[pytest.Item]) -> list[PoemCuts]:
    """The poems that the session's cases cut at lengths of their own, each once, in their order."""
    asked = itertools.chain.from_iterable(map(questions_of, items))
    return list({each.name: each for each in asked if isinstance(each, PoemCuts)}.values())


def counts_of(item: pytest.Item) -> Counts:
    """How many probes a case asks; Hypothesis may ask more in search of a shorter cue."""
    model = str(params_of(item).get("model", ""))
    return tuple(
        (_key(model, question.name), len(question.drawn) if isinstance(question, PoemCuts) else 1)
        for question in questions_of(item)
    )


def question_key(model: str, v: Verdict) -> str:
    """The key that counts have of the question that a verdict is on; `model`: as it was named."""
    drawn = v.case == PREFIX_LENGTHS  # several are one question
    return _key(model, f"{v.collection}/{v.poem}/{PREFIX_LENGTHS}" if drawn else v.probe)


def _key(model: str, question: str) -> str:
    return f"{model} <{question}>"


def asked_by(item: pytest.Item) -> Asked | None:
    """The model and poem that a case asks, from its parameters; None if it asks for no poem."""
    model = str(params_of(item).get("model", ""))
    return next((Asked(model, question.place) for question in questions_of(item)), None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if "recall" in getattr(item, "fixturenames", ()) and not asserts(item):
        left_out = "python -O with --assert=plain leaves out its assertions; leave one of them out"
        pytest.fail(f"{item.path.name}: {left_out}", pytrace=False)


def asserts(item: pytest.Item) -> bool:
    """Whether the `assert` statements of a case are run; the suite's own cases need none."""
    return __debug__ or item.config.option.assertmode != "plain" or CASES in item.path.parents


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    cases: dict[str, Asked | None] = {item.nodeid: asked_by(item) for item in items}
    config.stash[ASKED].update(cases)
    config.stash[COUNTS].update({item.nodeid: counts_of(item) for item in items})
    order = in_order(cases, worker_count())
    items.sort(key=lambda item: order[item.nodeid])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Open two channels from a worker. On one it says what its cases ask: xdist itself sends only
    their ids. On the other it sends what is settled, before its cases are over.
    """
    cases, counts = node.config.stash[ASKED], node.config.stash[COUNTS]
    sink = sink_of(node.config)

    def take(said: list[Any]) -> None:
        cases.update(asked_of(said))
        counts.update({nodeid: tuple(map(tuple, told)) for nodeid, *_, told in said})

    def take_settled(settled: Any) -> None:
        sink(*unpacked(settled))

    for name, taken in (("asked", take), ("settled", take_settled)):
        node.workerinput[name] = node.gateway.newchannel()
        node.workerinput[name].setcallback(taken)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """On a worker, send what the cases ask before xdist sends their ids."""
    worker = getattr(session.config, "workerinput", None)
    if worker:
        cases = ((item, asked_by(item)) for item in session.items)
        told = [[item.nodeid, *asked, counts_of(item)] for item, asked in cases if asked]
        worker["asked"].send(told)


def asked_of(said: list[Any]) -> dict[str, Asked]:
    """What a worker's cases ask, from the builtins that it sent."""
    return {nodeid: Asked(model, (name, poem)) for nodeid, model, (name, poem), _ in said}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ChunkScheduling | None:
    if config.getoption("dist") != "load":
        return None
    cases = config.stash[ASKED]
    return ChunkScheduling(config, log, cases)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    recital = item.config.stash.get(RECITAL, None)
    properties = properties_of(recital) if recital and call.when == "call" else []
    if reason := item.config.stash.get(UNUSABLE, None):
        properties.append((UNUSABLE_MODEL, reason))
    item.user_properties.extend(properties)
    error = call.excinfo.value if call.excinfo else None
    status = status_of(properties, error)
    if status is not None:
        # pytest's own repr_failure would read the source of the whole traceback for every miss, and
        # nobody would see it.
        vars(item)["repr_failure"] = lambda *_: f"{status.upper()} {error}".splitlines()[0]
    try:
        report = yield
    finally:
        vars(item).pop("repr_failure", None)  # the item may be run again
    if status is not None:
        report.user_properties.append(("status", status))
        if status != UNJUDGED and item.config.stash.get(TOLERANT, False):
            report.outcome, report.longrepr = "passed", None
    if item.config.getoption("--redact"):
        report.sections = []
        if report.failed and call.excinfo:
            report.longrepr = failure_of(call.excinfo, status)
    return report


def failure_of(found: pytest.ExceptionInfo[BaseException], status: str | None) -> str:
    """How a case failed, without its error's message, which may quote a poem."""
    if status is not None:
        reason = f" {found.value}" if isinstance(found.value, UnjudgedError) else ""
        return f"{status.upper()}{reason}"
    last = found.traceback[-1]
    if isinstance(found.value, pytest.fail.Exception) and Path(last.path) in OWN_FAILURES:
        return str(found.value)
    return f"{kind_of_error(found.value)}: {Path(last.path).name}, line {last.lineno + 1}"


def pytest_report_teststatus(
    report: pytest.TestReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    properties = dict(getattr(report, "user_properties", ()))
    if UNUSABLE_MODEL in properties:  # the terminal says it once, at the end
        return "", "", ("", {})
    status = properties.get("status")
    # Other plugins have words of their own, for a case that is run again or is expected to fail.
    others = report.outcome not in ("passed", "failed") or hasattr(report, "wasxfail")
    if report.when != "call" or status is None or others:
        return None
    category = "passed" if status == CORRECT else status
    return category, _LETTERS[status], (status.upper(), {_COLOURS[status]: True})
