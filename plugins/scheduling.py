"""Which cases are asked together: those of a chunk of poems, one chunk after the other.

A chunk is recited in one batch (plugins/recital.py). Asked in any other order, a run that is
stopped half way would lose what it has recited; spread over xdist workers, each of them would
recite the whole of it.
"""

from collections.abc import Collection, Sequence

from xdist.scheduler import LoadScopeScheduling

from memtests.fixtures.probes.controls import UNSEEN
from memtests.plugins.recital import chunks_of


class Places:
    """The model and the poem of a test, from its id."""

    def __init__(self, poems: Collection[str], models: Sequence[str]) -> None:
        """`poems`: as `collection/poem`, each; `models`: as they stand in the ids, if they do."""
        # A made-up poem is asked with the one it is made for.
        self._poems = {
            spelling: poem.replace(f"/{UNSEEN}", "/", 1)
            for poem in poems
            for spelling in (poem, _escaped(poem))
        }
        self._models = {s: name for name in models for s in (name, _escaped(name))}

    def __call__(self, nodeid: str) -> tuple[str, str | None]:
        """The model, or nothing where there is only one, and the poem, if it is about one.

        Of several models each has its place in the id, before or after the poem.
        """
        inside = nodeid.partition("[")[2].removesuffix("]")
        found = ""
        for spelling, model in self._models.items():
            if inside.startswith(f"{spelling}-") or inside.endswith(f"-{spelling}"):
                found = model
                inside = inside.removeprefix(f"{spelling}-").removesuffix(f"-{spelling}")
                break
        parts = inside.split("/")
        names = ["/".join(parts[:count]) for count in range(len(parts), 1, -1)]
        return found, next((self._poems[name] for name in names if name in self._poems), None)

    def scopes(self, ids: Sequence[str], workers: int) -> dict[str, str]:
        """Node id → what stays together: a model's chunk of poems; any other test by itself."""
        placed = {nodeid: self(nodeid) for nodeid in ids}
        chunks = chunks_of((poem for _, poem in placed.values() if poem is not None), workers)
        return {
            nodeid: nodeid if poem is None else f"{model}, chunk {chunks[poem]}"
            for nodeid, (model, poem) in placed.items()
        }


class ChunkScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Chunks of poems in the order of the collection, so that models are loaded one by one."""

    def __init__(self, config: object, log: object, places: Places) -> None:
        super().__init__(config, log)
        self._places = places
        self._scopes: dict[str, str] = {}

    def schedule(self) -> None:
        """Work the chunks out once all workers agree on what there is, then go on."""
        # Sorting by size would mix the chunks of several models.
        self.config.option.loadscopereorder = False
        if not self._scopes:
            ids: list[str] = next(iter(self.registered_collections.values()), [])
            self._scopes = self._places.scopes(ids, len(self.nodes))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self._scopes[nodeid]


def _escaped(text: str) -> str:
    # As pytest writes an id that is not ASCII.
    return text.encode("unicode_escape").decode("ascii")
