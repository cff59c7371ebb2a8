"""Which cases are asked together: those of a chunk of poems, one chunk after the other.

A chunk is recited together (plugins/recital.py). Asked in any other order, a run that is stopped
half way would have cases of many poems and all of few; spread over xdist workers, each of them
would recite the whole of it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from xdist.scheduler import LoadScopeScheduling

from memtests.fixtures.probes.probes import Place
from memtests.plugins.recital import chunks_of

# So many poems are done before the next begin, so that it shows how far a run is.
_POEMS_IN_ORDER = 16


class Asked(NamedTuple):
    """What a case asks: a model, and of which poem."""

    model: str
    poem: Place


def scopes(cases: Mapping[str, Asked | None], workers: int) -> dict[str, str]:
    """Node id → what stays together: a model's chunk of poems; any other test by itself.

    `cases`: node id → what it asks, if it is about a poem.
    """
    chunks = chunks_of((asked.poem for asked in cases.values() if asked), workers)
    return {
        nodeid: f"{asked.model}, chunk {chunks[asked.poem]}" if asked else nodeid
        for nodeid, asked in cases.items()
    }


def in_order(cases: Mapping[str, Asked | None], workers: int) -> dict[str, tuple[int, int]]:
    """Node id → its place: chunk by chunk, and in it a few poems after the other, in which cases
    stay in pytest's own order.
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
    """Chunks of poems in the order of the collection, so that models are loaded one by one."""

    def __init__(self, config: object, log: object, cases: Mapping[str, Asked | None]) -> None:
        """`cases`: as of `scopes`; the workers fill it in before they are scheduled."""
        super().__init__(config, log)
        self._cases = cases
        self._scopes: dict[str, str] = {}

    def schedule(self) -> None:
        """Work the chunks out once all workers agree on what there is, then go on."""
        # Sorting by size would mix the chunks of several models.
        self.config.option.loadscopereorder = False
        if not self._scopes:
            ids: Sequence[str] = next(iter(self.registered_collections.values()), [])
            asked = {nodeid: self._cases.get(nodeid) for nodeid in ids}
            self._scopes = scopes(asked, len(self.nodes))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self._scopes[nodeid]
