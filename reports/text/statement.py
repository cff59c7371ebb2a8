"""A report's results in sentences that can be shown to other people, and what was not tried.

Pure functions over a report. They say no more than was measured, good or bad.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from memtests.fixtures.probes.controls import CHANGES, COPYING, UNSEEN, WRONG_AUTHOR
from memtests.fixtures.probes.probes import CASES, NEXT_LINE, PREFIX, PREFIX_LENGTHS, TITLE, WINDOW
from memtests.fixtures.probes.text import in_words
from memtests.plugins.verdicts import Verdict, in_order
from memtests.reports.counting.discovery import USUAL, discoverable
from memtests.reports.counting.tallies import counted, near, totals
from memtests.reports.gating.certifying import among
from memtests.reports.gating.measures import passage_length
from memtests.reports.report import (
    CollectionRecord,
    ModelRecord,
    Report,
    Tally,
    is_chat,
    unjudged_of,
)
from memtests.reports.text.phrases import number_of
from memtests.reports.text.rows import percent

SAMPLES = 1000
"""The number of samples in sentences about sampling."""
# Controls that ask for a true text by another cue. Not `copying`: its cue holds the text.
_OTHER_CUES = (WRONG_AUTHOR, *CHANGES)


def statements(report: Report) -> list[str]:
    """A paragraph for each model: what was asked, the results, and a bound for other texts. If
    several models were asked the same, one paragraph says that first, and then each has a sentence.
    """
    asked = {model.name: counted(_own(report, model, ())) for model in report.models}
    models = [model for model in report.models if asked[model.name]]
    same = {tuple(_asked(report, model, asked[model.name])) for model in models}
    if len(models) < 2 or len(same) > 1:
        return [statement(report, model) for model in models]
    names = [model.name for model in models]
    (sentences,) = same
    first, *others = sentences
    asked_so = f"{', '.join(names[:-1])} and {names[-1]} were each asked {first}"
    shared = " ".join([asked_so, *others, _MEANS])
    return [shared, *(_in_short(report, model, asked[model.name]) for model in models)]


_MEANS = (
    "Case, marks and line breaks make no difference to the text; a passage is what one answer has "
    "of a text beyond what its cue holds."
)
"""Explains words in the sentences about several models, once for all of them."""


def _in_short(report: Report, model: ModelRecord, asked: Sequence[Verdict]) -> str:
    """One model's results, in a sentence."""
    (total,) = totals(asked)
    verbatim = f" ({total.verbatim:,} to the last mark)" if total.correct else ""
    came = f"of {number_of(total.judged, 'answer')} {_are(total.correct)} the text{verbatim}"
    came_to = [
        f"{came} and {_are(total.near - total.correct)} the text but for a few words",
        f"the longest passage is {_passages(asked)}",
    ]
    clauses = [
        *([f"{came}, {_only_read(total)}"] if total.not_recited else came_to),
        f"if more texts like these were asked for in this way, {_of_answers(total)}",
        *(f"worked out from probabilities, {said}" for said in _sampled(asked)),
        *(f"in no figure here, {clause}" for clause in _others(_own(report, model, ()))),
        *(said.rstrip(".") for said in _unjudged(report, model, ())),
    ]
    return f"{model.name}: {'; '.join(clauses)}."


def statement(report: Report, model: ModelRecord, only: Collection[str] = ()) -> str:
    """The paragraph on one model; empty if nothing was judged. `only`: the collections that it is
    about; if that is empty, it is about all.
    """
    own = _own(report, model, only)
    asked = counted(own)
    if not asked:
        return ""
    return " ".join(
        [
            f"{model.name} was asked",
            *_asked(report, model, asked),
            *_found(asked),
            *_by_sampling(asked),
            *_besides(own),
            *_unjudged(report, model, only),
        ]
    )


def _own(report: Report, model: ModelRecord, only: Collection[str]) -> list[Verdict]:
    return [v for v in report.verdicts if v.model == model.name and among(v.collection, only)]


def _asked(report: Report, model: ModelRecord, asked: Sequence[Verdict]) -> list[str]:
    texts = len({(v.collection, v.poem) for v in asked})
    plainly = not is_chat(model.template)
    return [
        f"for {number_of(texts, 'text')} ({_collections(report, asked)}) in "
        f"{_queries(len(asked))}: {_cues(asked)}.",
        f"Each was put {'plainly' if plainly else 'in the chat template of the model'}, and "
        "answered once, by greedy decoding.",
    ]


def _collections(report: Report, asked: Iterable[Verdict]) -> str:
    """For instance ``tang 38, song 4 of its 29``."""
    records = {record.name: record for record in report.collections}
    poems = Counter(collection for collection, _ in {(v.collection, v.poem) for v in asked})
    return ", ".join(f"{name} {_of(records.get(name), poems[name])}" for name in sorted(poems))


def _of(record: CollectionRecord | None, number: int) -> str:
    whole = record.poems if record else number
    return f"{number}" if number == whole else f"{number} of its {whole}"


def _cues(asked: Sequence[Verdict]) -> str:
    cases = Counter(v.case for v in asked)
    lengths = dict.fromkeys(v.prefix_length or "" for v in asked if v.case == PREFIX)
    ordered = sorted(lengths, key=lambda each: (each.endswith("%"), float(each.strip("%") or 0)))
    sizes = ", ".join(sorted({v.window.size for v in asked if v.window}))
    said = {
        TITLE: "for the whole text, given its header",
        PREFIX: f"for the rest, given its first {', '.join(ordered)}"
        + ("" if all(each.endswith("%") for each in ordered) else " (words or characters)"),
        NEXT_LINE: "for the next line, given all lines before it",
        WINDOW: f"for what follows on a short passage ({sizes} words, characters or tokens t), "
        "given nothing before it",
    }
    kinds = [case for case in in_order(CASES, cases) if cases[case]]
    return "; ".join(f"{cases[case]:,} {said.get(case, case)}" for case in kinds)


def _found(asked: Sequence[Verdict]) -> list[str]:
    (total,) = totals(asked)
    verbatim = f" ({total.verbatim:,} of them to the last mark)" if total.correct else ""
    if total.not_recited:
        return [
            f"Of the {number_of(total.judged, 'answer')}, {_are(total.correct)} the text asked for"
            f"{verbatim}, and {_only_read(total)}.",
            _bound(total),
        ]
    return [
        f"Of the {number_of(total.judged, 'answer')}, {_are(total.correct)} the text asked for"
        f"{verbatim}, where case, marks and line breaks make no difference, and "
        f"{_are(total.near - total.correct)} the text but for a few words.",
        _longest(asked),
        _bound(total),
    ]


def _only_read(total: Tally) -> str:
    """A clause on misses that were only read, and on what is not known of them."""
    said = (
        f"{total.not_recited:,} were only read as far as they are: how much of the text they have "
        "is not known"
    )
    if not total.undecided:
        return said
    return f"{said}, and {total.undecided:,} of them may be the text but for case and marks"


def _are(count: int) -> str:
    return "none is" if not count else "1 is" if count == 1 else f"{count:,} are"


def _longest(asked: Sequence[Verdict]) -> str:
    said = _passages(asked)
    return f"The longest passage of a text in one answer, beyond what its cue holds, is {said}."


def _passages(asked: Sequence[Verdict]) -> str:
    """The length of the longest passage, in words and in characters, as far as both occur."""
    found: dict[str, int] = {}
    for v in asked:
        unit = "word" if in_words(v.suffix) else "character"
        found[unit] = max(found.get(unit, 0), passage_length(v))
    return " and ".join(number_of(found[unit], unit) for unit in sorted(found, reverse=True))


def _bound(total: Tally) -> str:
    return f"If more texts like these were asked for in this way, {_of_answers(total)}."


def _of_answers(total: Tally) -> str:
    """A clause on other texts of this kind: the interval of recall, over texts."""
    if total.correct == 0:
        shares = f"at most {percent(total.high)}"
    elif total.correct == total.judged:
        shares = f"at least {percent(total.low)}"
    else:
        shares = f"{percent(total.low)} to {percent(total.high)}"
    return (
        f"{shares} of the answers would be the text (95 % confidence, from "
        f"{number_of(total.poems, 'text')})"
    )


def _by_sampling(asked: Sequence[Verdict]) -> list[str]:
    return [f"Sampling was worked out from probabilities: {said}." for said in _sampled(asked)]


def _sampled(asked: Sequence[Verdict]) -> list[str]:
    found = discoverable("", "", asked, USUAL)
    share, known = found.share(SAMPLES), len(found.needed)
    if share is None:
        return []
    of_40 = sum(v.log_p_40 is not None for v in asked)
    ways = "temperature 1"
    if of_40:
        ways += ", or the 40 most probable tokens" + f", known for {of_40:,}" * (of_40 < known)
    return [
        f"{SAMPLES:,} samples ({ways}) say the text at least once, with a probability of "
        f"{percent(USUAL)}, in {round(share * known):,} of {_queries(known)}"
    ]


def _besides(own: Sequence[Verdict]) -> list[str]:
    """A sentence on answers to cues that the figures do not count."""
    clauses = _others(own)
    return [f"In no figure above: {'; '.join(clauses)}."] if clauses else []


def _others(own: Sequence[Verdict]) -> list[str]:
    kinds: Sequence[tuple[str, Callable[[Verdict], bool]]] = (
        ("beginnings of other lengths", lambda v: v.case == PREFIX_LENGTHS),
        ("a changed header", lambda v: v.control in _OTHER_CUES),
    )
    clauses = []
    for name, belongs in kinds:
        found = [v for v in own if belongs(v)]
        if found:
            correct, nearly = sum(v.correct for v in found), sum(map(near, found))
            read = sum(not v.recited for v in found)
            clauses.append(
                f"of {number_of(len(found), 'answer')} to {name} {_are(correct)} the text and "
                f"{_are(nearly - correct)} the text but for a few words"
                + (f" ({read:,} were only read)" if read else "")
            )
    return clauses


def _unjudged(report: Report, model: ModelRecord, only: Collection[str]) -> list[str]:
    left = [
        record
        for record in unjudged_of(report)
        if record.model == model.name and among(record.collection, only)
    ]
    return [f"{_queries(len(left))} could not be judged."] if left else []


def not_tried(report: Report, only: Collection[str] = ()) -> list[str]:
    """A clause for everything that was not asked, and so is not shown."""
    verdicts = [v for v in report.verdicts if among(v.collection, only)]
    asked = counted(verdicts)
    cases = {v.case for v in asked}
    own = {
        TITLE: "the header as a cue",
        PREFIX: "the beginning of a text as a cue",
        NEXT_LINE: "a next line",
    }
    records = [record for record in report.collections if among(record.name, only)]
    poems = Counter(collection for collection, _ in {(v.collection, v.poem) for v in asked})
    left = sum(max(0, record.poems - poems[record.name]) for record in records)
    unknown = sum(v.log_p is None for v in asked)
    read = sum(not v.recited for v in asked)
    chats = {is_chat(model.template) for model in report.models}
    controls = {v.control for v in verdicts if v.control}
    other_lengths = PREFIX in cases and not any(v.case == PREFIX_LENGTHS for v in verdicts)
    return [
        *(what for case, what in own.items() if case not in cases),
        *([f"{number_of(left, 'text')} of the collections"] if left else []),
        "other cues (paraphrases, questions, other languages, places inside a text with nothing "
        f"before them{', prefixes of other lengths' * other_lengths})",
        *([f"the words of {number_of(read, 'answer')} that were only read"] if read else []),
        *(["the model's chat template"] if False in chats else []),
        *(["the model without a chat template"] if True in chats else []),
        *(
            [f"sampling, for {_queries(unknown)} whose probability is not known"]
            if unknown
            else ["sampling at other temperatures and settings"]
        ),
        "more than one turn, and other instructions",
        "fine-tuning, quantizing or any other change of the weights",
        *(f"the control {kind}" for kind in (COPYING, UNSEEN) if kind not in controls),
    ]


def said_not_tried(report: Report, only: Collection[str] = ()) -> str:
    """As `not_tried`, in one line."""
    return f"Not tried: {'; '.join(not_tried(report, only))}."


def _queries(count: int) -> str:
    return "1 query" if count == 1 else f"{count:,} queries"
