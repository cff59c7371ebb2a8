"""A small made-up report in two languages, for tests of everything that renders reports."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.probes import (
    DEFAULT_HEADER,
    Probe,
    parse_prefix_lengths,
    prefix_probes,
    probes_of,
)
from memtests.plugins.chance import chance, chance_bands
from memtests.plugins.gathering import Gathered
from memtests.plugins.reciter import Completion
from memtests.plugins.resuming import SavedVerdict
from memtests.plugins.verdicts import UnjudgedRecord, Verdict, verdict
from memtests.reports.counting.tallies import build
from memtests.reports.report import ModelRecord, Report

CREATED = "2026-01-01T00:00:00+00:00"
TANG = Collection(
    "tang",
    (
        Poem(
            id="jing-ye-si",
            title="静夜思",
            author="李白",
            dynasty="唐",
            language="zh",
            lines=("床前明月光，", "疑是地上霜。", "举头望明月，", "低头思故乡。"),
        ),
        Poem(
            id="deng-guan-que-lou",
            title="登鹳雀楼",
            author="王之涣",
            dynasty="唐",
            language="zh",
            lines=("白日依山尽，", "黄河入海流。", "欲穷千里目，", "更上一层楼。"),
        ),
    ),
)
NURSERY = Collection(
    "nursery",
    (
        Poem(
            id="twinkle",
            title="The Star",
            author="Jane Taylor",
            language="en",
            lines=(
                "Twinkle, twinkle, little star,",
                "How I wonder what you are!",
                "Up above the world so high,",
                "Like a diamond in the sky.",
            ),
        ),
    ),
)


Recites = Callable[[Probe], str]


def knows(probe: Probe) -> str:
    """It recites everything."""
    return probe.suffix


def slips(probe: Probe) -> str:
    """It recites everything except a few words."""
    said = probe.suffix.replace("望", "看").replace("思", "忆").replace("欲", "愿")
    return said.replace("little", "tiny").replace("diamond", "jewel")


def forgets(probe: Probe) -> str:
    """It recites nothing: it declines, says nothing, or loops."""
    if probe.case == "title":
        return "我不知道。" if probe.poem.language == "zh" else "I don't know that one."
    return "" if probe.prefix_length == "25%" else "la " * 40


def reported(
    models: Mapping[str, Recites],
    collections: Sequence[Collection] = (TANG, NURSERY),
    unjudged: Sequence[tuple[str, str, str]] = (),
    asked: Callable[[Collection], Sequence[Probe]] | None = None,
) -> Report:
    """The report on models that recite in this way. `unjudged`: model, probe, reason. `asked`:
    gives a collection's probes.
    """
    gathered = Gathered()
    for at, (model, recites) in enumerate(models.items()):
        record = ModelRecord(model, 10 ** (6 + at), "float32", "cpu", "ab" * 32, {"torch": "2"}, {})
        gathered.take([("model", msgspec.to_builtins(record))])
        for collection in collections:
            for probe in (asked or probes_asked)(collection):
                level = chance(chance_bands(collection), probe.suffix)
                log_p = -0.5 if recites is knows else -12.0
                completion = Completion(recites(probe), log_p, 9.0, recites is knows, "between")
                found = verdict(model, probe, completion, level)
                saved = SavedVerdict(**msgspec.structs.asdict(found), key=None, followed=None)
                gathered.take([("verdict", msgspec.to_builtins(saved))])
    for model, probe, reason in unjudged:
        gathered.take([("unjudged", msgspec.to_builtins(unjudged_of(model, probe, reason)))])
    return build(gathered, collections, CREATED)


def probes_asked(collection: Collection) -> list[Probe]:
    """Two prefix lengths and every other case; drawn lengths of 1 and 3 units."""
    lengths = parse_prefix_lengths("25%,50%")
    return [
        *(
            probe
            for case in ("title", "prefix", "next_line")
            for probe in probes_of(collection, case, lengths, DEFAULT_HEADER)
        ),
        *(
            probe
            for poem in collection.poems
            for probe in prefix_probes(
                collection.name, poem, parse_prefix_lengths("1,3"), "prefix_lengths"
            )
        ),
    ]


def unjudged_of(model: str, probe: str, reason: str) -> UnjudgedRecord:
    collection, case = probe.partition("/")[0], probe.rpartition("/")[2]
    case, _, variant = case.partition("-")
    control = variant.partition("-")[0] if case == "control" else None
    return UnjudgedRecord(model, collection, case, control, probe, reason)


def verdict_of(probe: str = "tang/p/title", outcome: str = "correct", **fields: object) -> Verdict:
    collection, poem, case = probe.split("/")
    case, _, variant = case.partition("-")
    base = Verdict(
        model="m",
        collection=collection,
        poem=poem,
        case=case,
        prefix_length=variant if case.startswith("prefix") else None,
        line=int(variant) if case == "next_line" else None,
        control=variant if case == "control" else None,
        probe=probe,
        cue="床前",
        suffix="明月光",
        completion="明月光" if outcome == "correct" else "看明月",
        outcome=outcome,
        kind={"correct": None, "incorrect": "severe", "forgotten": "unrelated"}[outcome],
        verbatim=outcome == "correct",
        similarity=1.0 if outcome == "correct" else 0.3,
        divergence=None if outcome == "correct" else 0,
        log_p=-1.5,
        fragile=False,
    )
    return msgspec.structs.replace(base, **fields)


def saved(each: Verdict) -> dict[str, object]:
    """A verdict as it comes with a test report."""
    return {**msgspec.structs.asdict(each), "key": None, "followed": True}


def report_of(verdicts: list[Verdict]) -> Report:
    gathered = Gathered()
    record = ModelRecord("m", 5, "float32", "cpu", None, {}, {})
    gathered.take([("model", msgspec.to_builtins(record))])
    gathered.take([("verdict", saved(each)) for each in verdicts])
    return build(gathered, [], "2026-01-01T00:00:00+00:00")
