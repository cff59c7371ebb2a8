"""The traces that are of a report's own models and texts: beside a report may lie those of others.

Pure functions.
"""

from collections.abc import Iterable, Mapping

from memtests.fixtures.probes.probes import TITLE
from memtests.plugins.traces import Trace, sha256_of
from memtests.reports.report import PoemKey, Report

Read = Mapping[tuple[str, str, PoemKey], Trace]
"""Traces by model, form and poem."""


def own_traces(report: Report, traces: Iterable[Trace], texts: Mapping[PoemKey, str]) -> Read:
    """Those of the report's models and of these texts of it, of which it may have only some.

    What a chat puts before a poem is not known; then it has to be as long as the poem.
    """
    models = {model.name: model.template.startswith("chat") for model in report.models}
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
        if trace.model in models and same and last - trace.begins == len(texts.get(key, "")):
            found[trace.model, trace.form, key] = trace
    return found
