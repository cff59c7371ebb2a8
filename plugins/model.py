"""Who is asked: `--model` and its options, and the session's model, one in memory at a time."""

import contextlib
import functools
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from memtests.fixtures.models.contract import Completer, LanguageModel
from memtests.fixtures.models.errors import ModelError
from memtests.fixtures.models.local.libraries import import_libraries
from memtests.fixtures.models.local.loading import Loading, check_name, load
from memtests.fixtures.models.server.connecting import Server, check_server, connect
from memtests.fixtures.models.server.starting_vllm import Telling, check_vllm, started
from memtests.fixtures.models.training_steps import found_by, is_pattern
from memtests.plugins.garbage import passed_over
from memtests.plugins.interrupts import INTERRUPTS

UNUSABLE = pytest.StashKey[str]()
"""Why the model could not be loaded."""
FOUND = pytest.StashKey[dict[str, list[str]]]()
"""Pattern of `--model` → the names of what it found."""


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Replace each pattern of `--model` by the names it finds, before anything reads the option."""
    config.stash[FOUND] = {}
    if worker := getattr(config, "workerinput", None):
        config.option.model = worker["models"]
        return
    if config.option.help or config.option.server is not None or config.option.model is None:
        return
    names: list[str] = []
    for name in config.option.model:
        if is_pattern(name):
            try:
                config.stash[FOUND][name] = found_by(name)
            except ModelError as error:
                raise pytest.UsageError(str(error)) from None
        names += config.stash[FOUND].get(name, [name])
    config.option.model = names


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Send the names to a worker, so that it asks the same models even if a checkpoint was saved or
    deleted since.
    """
    node.workerinput["models"] = node.config.option.model


def pytest_configure(config: pytest.Config) -> None:
    if config.option.help:
        return
    if config.option.batch_tokens is not None and config.option.batch_tokens < 1:
        raise pytest.UsageError(
            f"--batch-tokens {config.option.batch_tokens}: it must be 1 or more"
        )
    names = given_names(config)
    _check_together(config, names)
    for name in names:
        if names.count(name) > 1:
            raise pytest.UsageError(f"--model {name}: named twice; name it once")
    try:
        if config.option.server is not None:
            own = [name for name, unsaid in _LOADERS.items() if config.getoption(name) != unsaid]
            if config.option.template == "chat":  # for a server: how it is asked, not loaded
                own.remove("--template")
            check_server(config.option.server, own, config.getoption("--model"))
        else:
            for name in names:
                check_name(name, loading(config))
            if config.option.engine == "vllm":
                own = [name for name in _LOCAL if config.getoption(name) != _LOADERS[name]]
                check_vllm(config.option.engine, own, names)
    except ModelError as error:
        raise pytest.UsageError(str(error)) from None


# Options about loading, which a server has decided itself, with their defaults: with --server only
# the default may be given.
_LOADERS = {
    "--revision": None,
    "--device": "auto",
    "--device-map": None,
    "--adapter": None,
    "--template": "none",
    "--batch-tokens": None,
    "--trust-remote-code": False,
}

# Those of them that mean nothing to --engine vllm.
_LOCAL = [name for name in _LOADERS if name not in ("--revision", "--trust-remote-code")]


def _check_together(config: pytest.Config, names: Sequence[str]) -> None:
    """Raise UsageError at options that exclude each other."""
    option = config.option
    if option.adapter is not None and len(names) > 1:
        raise pytest.UsageError(
            f"--adapter {option.adapter}: it fits one base; name one --model (memtests compare "
            "puts the reports of several runs side by side)"
        )
    processes = len(getattr(option, "tx", None) or ())
    if option.max_requests is not None:
        given = f"--max-requests {option.max_requests}"
        if option.max_requests < 1:
            raise pytest.UsageError(f"{given}: it must be 1 or more")
        if option.server is None:
            raise pytest.UsageError(
                f"{given}: it is for a server; name one with --server, or leave it out"
            )
        if processes > 1:
            raise pytest.UsageError(
                f"{given}: every process of -n would send as many; leave -n out (one process "
                "sends 32 questions at a time)"
            )
    if option.engine == "vllm" and option.server is not None:
        raise pytest.UsageError(
            "--engine vllm: it starts a server of its own; leave out one of --server "
            f"{option.server} and --engine vllm"
        )
    if option.engine == "vllm" and processes > 1:
        raise pytest.UsageError(
            "--engine vllm: one server takes all devices and answers many questions at once; "
            "leave -n out"
        )
    if option.device_map is None:
        return
    given = f"--device-map {option.device_map}"
    if option.device != "auto":
        raise pytest.UsageError(
            f"{given}: it takes all devices; leave --device {option.device} out"
        )
    if processes > 1:
        raise pytest.UsageError(
            f"{given}: every process of -n would take all devices; leave -n out"
        )


def given_names(config: pytest.Config) -> list[str]:
    """The models as the command line names them."""
    return config.getoption("--model") or ["embedded"]


def model_names(config: pytest.Config) -> list[str]:
    """The names of the models in reports, in the order of the command line."""
    return [loading(config).named(name) for name in given_names(config)]


def loading(config: pytest.Config) -> Loading:
    """The loading options of the command line."""
    option = config.option
    return Loading(
        revision=option.revision,
        device=option.device,
        dtype=option.dtype,
        trust_remote_code=option.trust_remote_code,
        batch_tokens=option.batch_tokens,
        template=option.template,
        adapter=option.adapter,
        device_map=option.device_map,
        engine=option.engine,
    )


def pytest_report_header(config: pytest.Config) -> list[str]:
    found = [
        f"found: {len(names)} by {pattern}, in the order of their steps"
        for pattern, names in config.stash.get(FOUND, {}).items()
    ]
    return [*found, "model: " + ", ".join(model_names(config))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "model" in metafunc.fixturenames:
        names = given_names(metafunc.config)
        # Test ids name the model only if there are several.
        ids = [pytest.HIDDEN_PARAM] if len(names) == 1 else names
        metafunc.parametrize("model", names, ids=ids, indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Import what a local model needs before the first case, so that garbage.py can pass over it
    and over nothing else: while a fixture runs, its frame would be passed over, too, and would keep
    the model in memory.
    """
    option = session.config.option
    local = option.server is None and option.engine == "local"
    runs = not option.collectonly and not session.testsfailed
    asked = any("model" in getattr(item, "fixturenames", ()) for item in session.items)
    if local and runs and asked:
        # If it fails, it does so again in the fixture, which says why.
        with passed_over(), contextlib.suppress(ModelError):
            import_libraries()
        # Where torch imports numpy, it swallows every exception.
        session.config.stash[INTERRUPTS].check()


@pytest.fixture(scope="session")
def model(request: pytest.FixtureRequest) -> Iterator[LanguageModel | Completer]:
    """The model that is asked. Several are loaded one after the other."""
    config = request.config
    with contextlib.ExitStack() as kept:
        found = _found(request.param, config, kept)
        if isinstance(found, ModelError):
            config.stash[UNUSABLE] = str(found)
            if hasattr(config, "workerinput"):
                # The controller learns why from the test's report.
                request.session.shouldstop = str(found)
            pytest.fail(str(found), pytrace=False)
        yield found
        if isinstance(found, Server):
            found.close()


def _found(
    name: str, config: pytest.Config, kept: contextlib.ExitStack
) -> LanguageModel | Completer | ModelError:
    """The model, or why there is none. `kept` ends with the model: it stops a vLLM server."""
    given = loading(config)
    if given.engine == "vllm":
        try:
            return kept.enter_context(started(name, given, report_folder(config), _telling(config)))
        except ModelError as error:
            return error
    if config.option.server is None:
        try:
            import_libraries()
        except ModelError as error:
            return error
        # The model before can be freed only now: until its fixture has ended, pytest refers to it.
        release_memory()
        share_threads()
    return try_to_load(name, given, config.option.server, config.option.max_requests)


def report_folder(config: pytest.Config) -> Path:
    """Where the reports of this run go."""
    worker = getattr(config, "workerinput", None)
    given: str = worker["report"] if worker else config.getoption("--recall-report")
    return config.invocation_params.dir / given


def _telling(config: pytest.Config) -> Telling:
    """Show on the terminal how far a server is that takes long to start."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None:  # a process of -n has none
        return Telling(lambda line: None, 1e9)
    shown = contextlib.nullcontext if capture is None else capture.global_and_fixture_disabled
    in_place = reporter.isatty and config.get_verbosity() <= 0

    def write(line: str) -> None:
        with shown():
            if in_place:
                reporter.rewrite(line[: reporter._tw.fullwidth - 1], erase=True)
            else:
                reporter.write_line(line)

    return Telling(write, 0.5 if in_place else 10.0)


def try_to_load(
    name: str, given: Loading, server: str | None = None, most: int | None = None
) -> LanguageModel | Completer | ModelError:
    """The model, or why there is none. `most`: how many questions a server may be sent."""
    try:
        if server is None:
            return load(name, given)
        return connect(name, server, given.dtype, chat=given.template == "chat", most=most)
    except ModelError as error:
        return error


def share_threads() -> None:
    """Divide the processor among the xdist workers of this machine, if there are any."""
    import torch

    if worker_count() > 1:
        torch.set_num_threads(max(1, threads_alone() // worker_count()))


@functools.cache
def threads_alone() -> int:
    """How many threads torch takes by itself. Cached at the first call, before they are divided."""
    import torch

    return int(torch.get_num_threads())


def worker_count() -> int:
    """How many processes share the run."""
    return int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def release_memory() -> None:
    """Free the memory of a model that nothing refers to any more."""
    import torch

    # pytest keeps the last failure for debuggers, and its frames refer to the model.
    for name in ("last_exc", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
