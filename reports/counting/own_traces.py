"""The traces of a report's own models and texts. A traces.jsonl may hold others, too, which earlier
runs left there. Pure functions.
"""

from collections.abc import Iterable, Mapping

from memtests.fixtures.probes.probes import TITLE
from memtests.plugins.traces import Trace, sha256_of
from memtests.reports.report import PoemKey, Report, is_chat, poem_key_of, texts_of

Read = Mapping[tuple[str, str, PoemKey], Trace]
"""Model, form and poem → trace."""


def known_texts(report: Report, traces: Iterable[Trace]) -> dict[PoemKey, str]:
    """Poem → its text. The verdicts of a text that is longer than a model's context do not hold all
    of it; then its trace does.
    """
    texts = texts_of(report.verdicts)
    asked = texts.keys() | {poem_key_of(r) for r in report.unjudged}
    for trace in traces:
        key = (trace.collection, trace.poem)
        if trace.text and key in asked and trace.text.startswith(texts.get(key, "")):
            texts[key] = trace.text
    return texts


def own_traces(report: Report, traces: Iterable[Trace], texts: Mapping[PoemKey, str]) -> Read:
    """The traces of the report's models whose text is one of `texts`.

    Texts are compared by their hashes. A model in a chat read more than the poem, which the report
    does not know: there only the length of the poem is compared.
    """
    models = {model.name: is_chat(model.template) for model in report.models}
    hashes = {(key, sha256_of(text)) for key, text in texts.items()}
    hashes |= {
        ((v.collection, v.poem), sha256_of(v.cue + v.suffix))
        for v in report.verdicts
        if v.case == TITLE
    }
    hashes |= {
        ((v.collection, v.poem), v.redacted.text_sha256) for v in report.verdicts if v.redacted
    }
    found = {}
    for trace in traces:
        key = (trace.collection, trace.poem)
        last = max((end for end in trace.ends if end is not None), default=0)
        same = (key, trace.text_sha256) in hashes or models.get(trace.model, False)
        if trace.text:  # it may be that no verdict has the hash of such a text
            same = trace.text == texts.get(key)
        if trace.model in models and same and last - trace.begins == len(texts.get(key, "")):
            found[trace.model, trace.form, key] = trace
    return found
