"""The order of cases: those of a chunk of poems come together, one chunk after the other.

A chunk is recited together (plugins/recital.py). In pytest's own order, a run that is stopped half
way would have some cases of many poems, but all cases of only a few. And if the cases of a chunk
were spread over xdist workers, each worker would recite the whole chunk.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from xdist.scheduler import LoadScopeScheduling

from memtests.fixtures.probes.probes import Place
from memtests.plugins.recital import chunks_of

# All cases of so many poems come before those of the next poems, so that the order of the output
# shows how far a run is.
_POEMS_IN_ORDER = 16


class Asked(NamedTuple):
    """The model that a case asks, and the poem that it asks for."""

    model: str
    poem: Place


def scopes(cases: Mapping[str, Asked | None], workers: int) -> dict[str, str]:
    """Node id → the name of its scope. Cases of one scope stay on one worker: those of a model's
    chunk of poems, and any other test by itself.

    `cases`: node id → what the case asks; None if it is about no poem.
    """
    chunks = chunks_of((asked.poem for asked in cases.values() if asked), workers)
    return {
        nodeid: f"{asked.model}, chunk {chunks[asked.poem]}" if asked else nodeid
        for nodeid, asked in cases.items()
    }


def in_order(cases: Mapping[str, Asked | None], workers: int) -> dict[str, tuple[int, int]]:
    """Node id → its place in the order: chunk after chunk, and in a chunk _POEMS_IN_ORDER poems at
    a time. Among these, cases stay in pytest's own order.
    """
    found = scopes(cases, workers)
    chunks = {scope: at for at, scope in enumerate(dict.fromkeys(found.values()))}
    poems = dict.fromkeys(asked.poem for asked in cases.values() if asked)
    few = {poem: at // _POEMS_IN_ORDER for at, poem in enumerate(poems)}
    return {
        nodeid: (chunks[found[nodeid]], few[asked.poem] if asked else 0)
        for nodeid, asked in cases.items()
    }


class ChunkScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives workers whole chunks in the order of the cases: models are loaded one by one."""

    def __init__(self, config: object, log: object, cases: Mapping[str, Asked | None]) -> None:
        """`cases`: as in `scopes`. The workers fill it before they get their first cases."""
        super().__init__(config, log)
        self._cases = cases
        self._scopes: dict[str, str] = {}

    def schedule(self) -> None:
        """Work out the chunks when every worker has said what cases there are, then go on."""
        # xdist would sort chunks by size, which would mix those of several models.
        self.config.option.loadscopereorder = False
        if not self._scopes:
            ids: Sequence[str] = next(iter(self.registered_collections.values()), [])
            asked = {nodeid: self._cases.get(nodeid) for nodeid in ids}
            self._scopes = scopes(asked, len(self.nodes))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self._scopes[nodeid]
