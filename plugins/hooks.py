"""The hooks between pytest and the recital. They decide nothing themselves."""

from collections.abc import Generator, Mapping
from typing import Any

import pytest

from memtests.fixtures.models.contract import Completer, LanguageModel
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.chance import chance_bands
from memtests.plugins.gathering import properties_of, status_of
from memtests.plugins.model import UNUSABLE, model_names, worker_count
from memtests.plugins.questions import QUESTIONS, PoemCuts
from memtests.plugins.recital import Recital, batches_of
from memtests.plugins.resuming import SavedVerdict
from memtests.plugins.scheduling import ChunkScheduling, Places

RECITAL = pytest.StashKey[Recital]()
SAVED = pytest.StashKey[Mapping[str, SavedVerdict]]()
"""Verdicts of an earlier run that need not be asked again."""
TOLERANT = pytest.StashKey[bool]()
"""Whether a miss fails no test."""
_LETTERS = {"correct": ".", "incorrect": "I", "forgotten": "F", "unjudged": "U"}
_COLOURS = {"correct": "green", "incorrect": "yellow", "forgotten": "red", "unjudged": "red"}


@pytest.fixture(scope="session")
def recall(request: pytest.FixtureRequest, model: LanguageModel | Completer) -> Recital:
    """Ask the model a probe: `recall(probe)` is the verdict."""
    collections = {c.name: c for c in request.config.stash[QUESTIONS].collections}
    recital = Recital(
        model,
        batches_of(probes_of_items(request.session.items), worker_count()),
        lambda name: chance_bands(collections[name]),
        request.config.stash.get(SAVED, {}),
    )
    request.config.stash[RECITAL] = recital
    return recital


def probes_of_items(items: list[pytest.Item]) -> list[Probe]:
    """The probes that the session's cases ask, each once, in their order."""
    probes: dict[str, Probe] = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        for value in callspec.params.values() if callspec else ():
            asked = value.probes if isinstance(value, PoemCuts) else [value]
            probes.update({probe.name: probe for probe in asked if isinstance(probe, Probe)})
    return list(probes.values())


def places_of(config: pytest.Config) -> Places:
    """How the cases of this run are told apart by poem and model."""
    questions = config.stash[QUESTIONS]
    poems = [f"{c.name}/{poem.id}" for c in questions.asked for poem in c.poems]
    poems += [f"{probe.collection}/{probe.poem.id}" for probe in questions.controls]
    names = model_names(config)
    return Places(poems, names if len(names) > 1 else [])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    scopes = places_of(config).scopes([item.nodeid for item in items], worker_count())
    order = {scope: at for at, scope in enumerate(dict.fromkeys(scopes.values()))}
    items.sort(key=lambda item: order[scopes[item.nodeid]])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ChunkScheduling | None:
    if config.getoption("dist") != "load":
        return None
    return ChunkScheduling(config, log, places_of(config))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    recital = item.config.stash.get(RECITAL, None)
    properties = properties_of(recital) if recital and call.when == "call" else []
    if reason := item.config.stash.get(UNUSABLE, None):
        properties.append(("unusable", reason))
    item.user_properties.extend(properties)
    report = yield
    error = call.excinfo.value if call.excinfo else None
    status = status_of(properties, error)
    if status is not None:
        report.user_properties.append(("status", status))
        if error is not None:
            report.longrepr = f"{status.upper()} {error}".splitlines()[0]
        if status != "unjudged" and item.config.stash.get(TOLERANT, False):
            report.outcome, report.longrepr = "passed", None
    return report


def pytest_report_teststatus(
    report: pytest.TestReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    status = dict(getattr(report, "user_properties", ())).get("status")
    if report.when != "call" or status is None:
        return None
    category = "passed" if status == "correct" else status
    return category, _LETTERS[status], (status.upper(), {_COLOURS[status]: True})
