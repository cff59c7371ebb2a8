"""From probes to completions by asking in a chat."""

import dataclasses
from collections.abc import Iterator, Sequence

from memtests.fixtures.models.chat import parts_of, said
from memtests.fixtures.models.contract import Answer, Answerer
from memtests.fixtures.probes.probes import Probe
from memtests.plugins.asides import Aside, Given, parted, thoughts_aside
from memtests.plugins.completeness import is_complete
from memtests.plugins.plain import PlainReciter, cut_off, few_tokens
from memtests.plugins.reciter import Completion, Unjudged, most_tokens

# Tokens that an answer may have for its asides, besides those for the recitation.
ROOM = 128
TOO_LONG = "its answer was cut off before the poem's length: its thoughts took the tokens"


@dataclasses.dataclass
class ChatReciter(PlainReciter):
    """Recites as PlainReciter does, from answers to messages."""

    model: Answerer

    def _together(self, probes: Sequence[Probe]) -> Iterator[tuple[int, Completion | Unjudged]]:
        puts = list(map(as_answered, probes))
        messages = [said(probe, self.model.begins) for probe in probes]
        rooms = [ROOM + len(probe.cue.encode(errors="replace")) // 3 for probe in probes]
        more = []
        few = [few_tokens(put) + room for put, room in zip(puts, rooms, strict=True)]
        for at, answer in self.model.answer(messages, few):
            if (found := _completion(answer, probes[at], puts[at], last=False)) is None:
                more.append(at)
            else:
                yield at, found
        more.sort()
        most = [most_tokens(puts[at]) + rooms[at] for at in more]
        for number, answer in self.model.answer([messages[at] for at in more], most):
            at = more[number]
            found = _completion(answer, probes[at], puts[at], last=True)
            assert found is not None
            yield at, found


def as_answered(probe: Probe) -> Probe:
    """The probe without the white space at the beginning of its suffix: answers have none there."""
    start = probe.stop - len(probe.suffix.lstrip())
    return dataclasses.replace(probe, start=start)


def given_of(probe: Probe) -> Given:
    """The texts that an answer to a probe is compared with."""
    poem = probe.poem
    _, opening = parts_of(probe)
    return Given(
        suffix=probe.suffix,
        opening=opening,
        title=poem.title,
        author=poem.author,
        dynasty=poem.dynasty or "",
        language=poem.language,
    )


def _completion(
    answer: Answer, probe: Probe, put: Probe, last: bool
) -> Completion | Unjudged | None:
    """The completion in an answer; None if the answer must be asked for again, with more tokens.
    `last`: whether it had the most tokens already.
    """
    text, around = _recited(answer, probe)
    whole = answer.ended or is_complete(text, put)
    if not whole and not last:
        return None
    if not whole and answer.thoughts:
        return Unjudged(TOO_LONG)
    found = cut_off(text, put)
    return dataclasses.replace(found, moved=put.start - probe.start, set_aside=around)


def _recited(answer: Answer, probe: Probe) -> tuple[str, tuple[Aside, ...]]:
    """The recitation in an answer, and its asides."""
    found = parted(answer.text, given_of(probe))
    return found.recitation, (*thoughts_aside(answer.thoughts), *found.set_aside)
