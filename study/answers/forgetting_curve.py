"""The form of forgetting over the second lesson: a power of time, or exponential.

People's forgetting follows a power of time better than an exponential (Wixted & Ebbesen 1991; Rubin
& Wenzel 1996). Both forms have two numbers to fit, the level at the first look and the rate, and
neither depends on what time is counted in: a power of time has no value at time 0, which is left
out, as there. An exponential that falls to a floor has one more.

The likelihood is binomial, at each look so many kept of so many that were recited before. The looks
at one poem resemble each other, so likelihoods say too much, and a form with more to fit would win
by that. Hence each form is judged on poems that it was not fitted to (cross-validation; Stone
1974), and the doubt comes from drawing poems again (the bootstrap; Efron 1979). Every size has
rates of its own: exponentials of several rates together look like a power (Anderson & Tweney 1997).
Poems that differ in their rates have that effect too, and it is not told apart here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy

from memtests.study.answers.answer import (
    LEVEL,
    NOT_SHOWN,
    Answer,
    Interval,
    Rows,
    nothing,
    said_between,
    said_p,
)
from memtests.study.answers.by_poem import FEWEST_POEMS, recited, taught_poems
from memtests.study.answers.drawn import Matrix
from memtests.study.answers.sizes import alike
from memtests.study.measured import LATER, Model

FORMS = (POWER, EXPONENTIAL, FLOOR) = ("power", "exponential", "exponential with a floor")
NAME, QUESTION = "forgetting-curve", "The form of forgetting over the second lesson"
FEWEST_LOOKS = 4
"""Three numbers can be fitted to fewer without telling any form."""
_FOLDS = 5
_DRAWN = 9_999
# A form that calls something impossible is not worse than one that calls it this improbable.
_LEAST = 0.001


class Kept(NamedTuple):
    """Of models that are alike, what became of the poems that they recited before."""

    times: Matrix
    """Of the looks, above 0."""
    kept: Matrix
    """For each poem (row) and look, by how many models it is still recited."""
    of: Matrix
    """For each poem, of how many that recited it before."""


class Fit(NamedTuple):
    """A form, fitted."""

    curve: Callable[[Matrix], Matrix]
    log_likelihood: float
    numbers: tuple[float, ...]
    """As they were fitted; another fit may begin from them."""


def kept_of(models: Sequence[Model]) -> dict[tuple[str, str, int], Kept]:
    """By size, tokenizer and length of teaching; only where some is kept at first and some lost."""
    groups: dict[tuple[str, str, int], list[Model]] = {}
    for model in models:
        groups.setdefault(alike(model), []).append(model)
    found = {}
    for key, group in groups.items():
        poems = taught_poems(group[0])
        table = numpy.array(
            [[recited(look, poems) for look in model.at(LATER)] for model in group]
        )  # models, looks, poems
        before = table[:, :1]
        kept = (table[:, 1:] * before).sum(axis=0).T
        times = numpy.array([look.epoch for look in group[0].at(LATER)[1:]], dtype=float)
        each = Kept(times, kept, before.sum(axis=0)[0])
        if each.kept[:, 0].sum() and each.kept[:, -1].sum() < each.of.sum():
            found[key] = each
    return found


def form_of_forgetting(groups: Mapping[tuple[str, str, int], Kept]) -> Answer:
    """The answer: POWER, EXPONENTIAL (with a floor or without) or NOT_SHOWN."""
    usable = {key: kept for key, kept in groups.items() if len(kept.times) >= FEWEST_LOOKS}
    if not usable or min((kept.of > 0).sum() for kept in usable.values()) < FEWEST_POEMS:
        why = "too few poems are kept at first and lost later, or too few looks see it"
        return nothing(NAME, QUESTION, why)
    scores = {form: held_out(list(usable.values()), form) for form in FORMS}
    rival = max(FORMS[1:], key=lambda form: float(scores[form].sum()))
    ahead = scores[POWER] - scores[rival]
    effect, interval, p = over_again(ahead)
    verdict = NOT_SHOWN
    if p < LEVEL and not interval.low <= 0 <= interval.high:
        verdict = POWER if effect > 0 else EXPONENTIAL
    said = (
        f"On poems held out, a power of time is {abs(effect):.1f} natural logarithms "
        f"{'more' if effect > 0 else 'less'} probable than the better exponential, which is "
        f"the {'one with a floor' if rival == FLOOR else 'plain one'} (95 % interval "
        f"{said_between(interval, '+.1f')}), {said_p(p)} over {len(ahead)} poems."
    )
    measure = "logarithm of the likelihood ratio, power over exponential"
    return Answer(NAME, QUESTION, verdict, said, effect, measure, interval, p, _rows(usable))


def held_out(groups: Sequence[Kept], form: str) -> Matrix:
    """The log-likelihood of each poem, under the form fitted to poems of other folds."""
    poems = len(groups[0].of)
    scores = numpy.zeros(poems)
    for each in groups:
        whole = fit(form, each.times, each.kept.sum(axis=0), each.of.sum())
        for fold in range(min(_FOLDS, poems)):
            out = numpy.arange(poems) % _FOLDS == fold
            kept, of = each.kept[~out].sum(axis=0), each.of[~out].sum()
            if each.of[out].sum() and of:
                found = fit(form, each.times, kept, of, whole.numbers)
                scores[out] += _log_likelihood(
                    found.curve(each.times), each.kept[out], each.of[out, None]
                ).sum(axis=1)
    return scores


def over_again(ahead: Matrix) -> tuple[float, Interval, float]:
    """The sum over poems, its interval, and how often poems drawn again have the other sign."""
    rng = numpy.random.default_rng(0)
    drawn = rng.multinomial(len(ahead), numpy.full(len(ahead), 1 / len(ahead)), _DRAWN) @ ahead
    low, high = numpy.quantile(drawn, [0.025, 0.975])
    fewer = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    p = min(1.0, 2 * (fewer + 1) / (_DRAWN + 1))
    return float(ahead.sum()), Interval(float(low), float(high)), p


def fit(
    form: str, times: Matrix, kept: Matrix, of: float, begin: tuple[float, ...] | None = None
) -> Fit:
    """The most likely curve of a form: it begins somewhere at the first look, and falls. `begin`:
    where to look first, and alone.
    """
    from scipy.optimize import minimize

    def curve_of(numbers: Matrix) -> Callable[[Matrix], Matrix]:
        first, rate = _logistic(numbers[0]), numpy.exp(numbers[1])
        if form == POWER:
            return lambda t: first * (t / times[0]) ** -rate
        floor = first * _logistic(numbers[2]) if form == FLOOR else 0.0
        return lambda t: floor + (first - floor) * numpy.exp(-rate * (t - times[0]))

    def loss(numbers: Matrix) -> float:
        return -float(_log_likelihood(curve_of(numbers)(times), kept, of).sum())

    span = times[-1] - times[0]
    rates = [0.2, 0.6, 1.5] if form == POWER else [0.5 / span, 2 / span, 8 / span]
    share = min(0.99, max(0.01, kept[0] / of))
    starts = (
        [begin]
        if begin
        else [
            [numpy.log(share / (1 - share)), numpy.log(rate), *([-1.0] if form == FLOOR else [])]
            for rate in rates
        ]
    )
    bounds = [(-12, 12), (-12, 6), (-12, 12)][: len(starts[0])]
    found = min(
        (minimize(loss, start, method="L-BFGS-B", bounds=bounds) for start in starts),
        key=lambda one: float(one.fun),
    )
    return Fit(curve_of(found.x), -float(found.fun), tuple(found.x))


def _logistic(number: float) -> float:
    return float(1 / (1 + numpy.exp(-number)))


def _log_likelihood(share: Matrix, kept: Matrix, of: Matrix | float) -> Matrix:
    bounded = numpy.clip(share, _LEAST, 1 - _LEAST)
    return kept * numpy.log(bounded) + (of - kept) * numpy.log(1 - bounded)


def _rows(groups: Mapping[tuple[str, str, int], Kept]) -> Rows:
    heads = ("model", "tokenizer", "epochs", "recited before", "kept at first", "kept at last")
    rows: list[tuple[str, ...]] = [(*heads, *(f"{form}: log-likelihood" for form in FORMS))]
    for (size, kind, epochs), each in groups.items():
        kept, of = each.kept.sum(axis=0), each.of.sum()
        fits = [fit(form, each.times, kept, of).log_likelihood for form in FORMS]
        shares = [f"{100 * kept[at] / of:.1f} %" for at in (0, -1)]
        rows.append(
            (size, kind, str(epochs), f"{of:.0f}", *shares, *(f"{found:.1f}" for found in fits))
        )
    return tuple(rows)
