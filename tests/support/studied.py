"""Models of a study that nobody taught: what they recite is drawn, and the truth is known."""

from collections.abc import Callable, Sequence

import numpy
from msgspec.structs import replace
from scipy.special import expit

from memtests.study.measured import LATER, TAUGHT, Course, Look, Model, Pair, Taught

SIZES = (0.1, 0.2, 0.4, 0.7, 1.2, 2.0, 3.5, 6.0)
UNITS = 20
TAUGHT_LOOKS, LATER_LOOKS = (0, 6, 12, 18, 24, 30), (0, 1, 2, 3, 5, 8, 12, 16)


def bare(
    sizes: Sequence[float] = SIZES,
    seeds: int = 3,
    kinds: Sequence[str] = ("apart",),
    epochs: Sequence[int] = (60,),
) -> list[Model]:
    """Models without looks: size by size, of each size every kind and length of teaching."""
    return [
        model_of(size, seed, kind, each)
        for size in sizes
        for kind in kinds
        for each in epochs
        for seed in range(seeds)
    ]


def model_of(size: float, seed: int, kind: str, epochs: int) -> Model:
    """One model of so many million parameters, without looks."""
    name = f"{size}M-{seed}-{kind}-{epochs}"
    return Model(name, f"{size}M", int(size * 1e6), seed, kind, epochs, (), ())


def recitals(
    rng: numpy.random.Generator,
    models: Sequence[Model],
    poems: int,
    *,
    level: float = 0.0,
    slope: float = 0.0,
    of_poems: float = 1.5,
    of_models: float = 0.5,
    of_sizes: float = 0.0,
    easiness: Sequence[float] | None = None,
) -> numpy.ndarray:
    """0 or 1 for each model and poem: on the logit scale a level, a slope over the logarithm of the
    parameters, and what each poem, each model and each size has of its own.
    """
    x = numpy.log10([model.parameters / 1e6 for model in models])
    size = {name: rng.normal(0, of_sizes) for name in dict.fromkeys(m.size for m in models)}
    own = numpy.array([size[model.size] for model in models]) + rng.normal(
        0, of_models, len(models)
    )
    poem = rng.normal(0, of_poems, poems) if easiness is None else numpy.array(easiness)
    logit = level + slope * (x - x.mean()) + own
    return (rng.random((len(models), poems)) < expit(logit[:, None] + poem)).astype(float)


def taught_poems(count: int, rng: numpy.random.Generator, later: int = 0) -> list[Taught]:
    """Poems of two languages, of 10 to 60 units."""
    lengths = rng.integers(10, 61, count + later)
    languages = ("chinese", "english")
    return [
        Taught(f"poem-{at}", languages[at % 2], TAUGHT if at < count else LATER, int(units), 4)
        for at, units in enumerate(lengths)
    ]


def course(recited: bool, log_p: float, units: int = UNITS) -> Course:
    """A reading that is the same at every unit."""
    return Course(recited, (log_p,) * units, (recited,) * units)


def study_of(
    rng: numpy.random.Generator,
    models: Sequence[Model],
    poems: Sequence[Taught],
    *,
    learns: Callable[[Model], float],
    keeps: Callable[[float], float],
    recognises: float = 0.9,
) -> list[Model]:
    """The models with looks at both lessons. `learns`: the mean logit of reciting a poem at the end
    of the first; `keeps`: the part that is left so many epochs into the second.
    """
    hard = rng.normal(0, 1, len(poems))
    found = []
    for model in models:
        ability = learns(model) - hard + rng.normal(0, 0.3, len(poems))
        lives = rng.random(len(poems))
        looks = [
            Look(
                TAUGHT,
                epoch,
                tuple(_learned(at, number, ability, poem) for at, poem in enumerate(poems)),
                _pairs(rng, poems, recognises if number == len(TAUGHT_LOOKS) - 1 else 0.5),
            )
            for number, epoch in enumerate(TAUGHT_LOOKS)
        ]
        last = looks[-1]
        for epoch in LATER_LOOKS:
            still = lives < keeps(epoch)
            courses = tuple(
                course(before.recited and bool(yes), -0.1 if yes else -2.0, poem.units)
                for before, yes, poem in zip(last.poems, still, poems, strict=True)
            )
            looks.append(Look(LATER, epoch, courses, _pairs(rng, poems, recognises)))
        found.append(
            replace(model, epochs=TAUGHT_LOOKS[-1], poems=tuple(poems), looks=tuple(looks))
        )
    return found


def _learned(at: int, number: int, ability: numpy.ndarray, poem: Taught) -> Course:
    """A poem is recited once its probability has come most of the way, or never."""
    part = number / (len(TAUGHT_LOOKS) - 1)
    recited = poem.lesson == TAUGHT and bool(ability[at] * part > 0.4)
    log_p = -4 + 3.9 * min(1.0, part * 1.6) if poem.lesson == TAUGHT else -4.0
    return course(recited, log_p, poem.units)


def _pairs(rng: numpy.random.Generator, poems: Sequence[Taught], right: float) -> tuple[Pair, ...]:
    chosen = [right if poem.lesson == TAUGHT else 0.5 for poem in poems]
    return tuple(
        Pair(at, -1.0, -2.0 if rng.random() < share else -0.5) for at, share in enumerate(chosen)
    )
