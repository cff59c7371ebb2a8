"""What travels from a test item to the report: verdicts as pytest user properties.

Only builtins cross from an xdist worker to its controller, and user properties survive the worker.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from memtests.plugins.recital import Recital, UnjudgedError
from memtests.plugins.resuming import SavedVerdict

Property = tuple[str, Any]


class Taken(NamedTuple):
    """The verdicts in a test report, and those of them that are new."""

    verdicts: list[SavedVerdict]
    new: list[SavedVerdict]


@dataclass
class Gathered:
    """Everything that was judged in a session, on the controller, as it came in."""

    verdicts: dict[tuple[str, str], SavedVerdict] = field(default_factory=dict)
    unjudged: dict[tuple[str, str], str] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    mixed: set[str] = field(default_factory=set)
    """Models of which several processes loaded different states."""

    def take(self, properties: Iterable[Property]) -> Taken:
        """Take in the properties of one test report."""
        taken: list[SavedVerdict] = []
        new: list[SavedVerdict] = []
        for name, value in properties:
            if name == "verdict":
                verdict = msgspec.convert(value, SavedVerdict)
                taken.append(verdict)
                if (verdict.model, verdict.probe) not in self.verdicts:
                    self.verdicts[verdict.model, verdict.probe] = verdict
                    self.unjudged.pop((verdict.model, verdict.probe), None)
                    new.append(verdict)
            elif name == "unjudged" and (value["model"], value["probe"]) not in self.verdicts:
                self.unjudged[value["model"], value["probe"]] = value["reason"]
            elif name == "model" and self.models.setdefault(value["name"], value) != value:
                self.mixed.add(value["name"])
        return Taken(taken, new)


def properties_of(recital: Recital) -> list[Property]:
    """What a recital was asked for since the last call, as user properties, each probe once.

    What the model says of itself goes first, once for each process that loads it.
    """
    properties: dict[str, Property] = {}
    if not recital.introduced:
        model = recital.model
        value = {"name": model.name, **model.about(), "fingerprint": model.fingerprint}
        properties[""] = ("model", value)
        recital.introduced = True
    for asked in recital.asked:
        if isinstance(asked, SavedVerdict):
            properties[asked.probe] = ("verdict", msgspec.to_builtins(asked))
        else:
            probe, unjudged = asked
            value = {"model": recital.model.name, "probe": probe.name, "reason": unjudged.reason}
            properties[probe.name] = ("unjudged", value)
    recital.asked.clear()
    return list(properties.values())


def status_of(properties: Sequence[Property], error: BaseException | None) -> str | None:
    """What became of a case: an outcome, `unjudged`, or None where pytest's own word is right.

    A failed assertion is a miss only where no probe of the case was correct: a test that compares
    several recitations fails for another reason.
    """
    outcomes = {value["outcome"] for name, value in properties if name == "verdict"}
    if isinstance(error, UnjudgedError):
        return "unjudged"
    if error is None:
        return "correct" if "correct" in outcomes else None
    if isinstance(error, AssertionError) and outcomes and "correct" not in outcomes:
        return "incorrect" if "incorrect" in outcomes else "forgotten"
    return None
