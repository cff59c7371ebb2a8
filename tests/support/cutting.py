"""Probes with random cuts and lengths, to compare traces with plain `generate`."""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from memtests.fixtures.models.local.checkpoint import Checkpoint
from memtests.fixtures.poems.poems import Collection, Poem
from memtests.fixtures.probes.probes import PREFIX, Probe, poem_unit_ends, title_probe
from memtests.plugins.reciter import Reciter, row_of
from memtests.plugins.traces import HEADER, PLAIN, Trace, form_of, trace_of


class Asked(NamedTuple):
    """A probe, and the trace of its text."""

    probe: Probe
    trace: Trace


def traces_of(model: Checkpoint, collection: str, poem: Poem) -> dict[str, Trace]:
    """Form → trace, from one reading of each text."""
    reciter = Reciter(model)
    ends = poem_unit_ends(poem)
    middle = part_of(collection, poem, ends[len(ends) // 2], len(poem.text))
    probes = [title_probe(collection, poem), middle]
    reciter.read(probes)
    found = {}
    for probe in probes:
        form, read = form_of(probe), reciter.reading(probe)
        assert form is not None
        assert read is not None
        found[form] = trace_of(model.name, probe, form, read, None)
    return found


def part_of(collection: str, poem: Poem, start: int, stop: int) -> Probe:
    """The probe for the text between two places of a poem, after everything before them."""
    return Probe(collection, poem, PREFIX, poem.text, start, stop, prefix_length=f"{start}-{stop}")


def random_cuts(
    model: Checkpoint, collections: Sequence[Collection], count: int, seed: int
) -> Iterator[Asked]:
    """`count` random probes, cut at ends of units; one in ten is cut at the header. Every second
    one asks for only one or two units, which a model may say without knowing the poem. The others
    ask for any length.
    """
    draw = random.Random(seed)
    poems = [(one.name, poem) for one in collections for poem in one.poems]
    known = {(name, poem.id): traces_of(model, name, poem) for name, poem in poems}
    for number in range(count):
        name, poem = draw.choice(poems)
        traces = known[name, poem.id]
        if number % 10 == 0:
            yield Asked(title_probe(name, poem), traces[HEADER])
        else:
            ends = poem_unit_ends(poem)
            start, stop = sorted(draw.sample(range(len(ends)), 2))
            if number % 2:
                stop = min(stop, start + draw.randint(1, 2))
            yield Asked(part_of(name, poem, ends[start], ends[stop]), traces[PLAIN])


def says_plainly(model: Checkpoint, probe: Probe) -> bool:
    """Whether plain `generate` says the suffix token for token. The cut must lie between tokens."""
    row = row_of(model, probe, model.encode(probe.text))
    cue, suffix = row.tokens[: row.cue], [*row.tokens[row.cue : row.stop]]
    return model.plain(cue, len(suffix)) == suffix
