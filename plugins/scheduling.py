"""Which xdist worker asks what: the probes of a chunk of poems stay together.

A chunk is recited in one batch (plugins/recital.py); spread over workers, each of them would recite
the whole of it.
"""

from collections.abc import Collection, Sequence

from xdist.scheduler import LoadScopeScheduling

from plugins.recital import chunks_of


class ChunkScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Chunks of poems in the order of the collection, so that models are loaded one by one."""

    def __init__(self, config: object, log: object, poems: Collection[str], models: Sequence[str]):
        """`poems`: as `collection/poem`, each; `models`: as they stand in the ids, if they do."""
        super().__init__(config, log)
        self._poems = {spelling: poem for poem in poems for spelling in (poem, _escaped(poem))}
        self._models = [*models, *map(_escaped, models)]
        self._scopes: dict[str, str] = {}

    def schedule(self) -> None:
        """Work the chunks out once all workers agree on what there is, then go on."""
        # Sorting by size would mix the chunks of several models.
        self.config.option.loadscopereorder = False
        if not self._scopes:
            ids: list[str] = next(iter(self.registered_collections.values()), [])
            self._scopes = scopes(ids, self._poems, self._models, len(self.nodes))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self._scopes[nodeid]


def scopes(
    ids: Sequence[str], poems: dict[str, str], models: Sequence[str], workers: int
) -> dict[str, str]:
    """Node id → what stays together: a model's chunk of poems; any other test by itself."""
    placed = {nodeid: place(nodeid, poems, models) for nodeid in ids}
    chunks = chunks_of((poem for _, poem in placed.values() if poem is not None), workers)
    return {
        nodeid: nodeid if poem is None else f"{model}, chunk {chunks[poem]}"
        for nodeid, (model, poem) in placed.items()
    }


def place(nodeid: str, poems: dict[str, str], models: Sequence[str]) -> tuple[str, str | None]:
    """The model and the poem of a test, from its id; no poem where it is not about one.

    Of several models each has its place in the id, before or after the poem.
    """
    inside = nodeid.partition("[")[2].removesuffix("]")
    found = ""
    for model in models:
        if inside.startswith(f"{model}-") or inside.endswith(f"-{model}"):
            found = model
            inside = inside.removeprefix(f"{model}-").removesuffix(f"-{model}")
            break
    parts = inside.split("/")
    names = ["/".join(parts[:count]) for count in range(len(parts), 1, -1)]
    return found, next((poems[name] for name in names if name in poems), None)


def _escaped(text: str) -> str:
    # As pytest writes an id that is not ASCII.
    return text.encode("unicode_escape").decode("ascii")
