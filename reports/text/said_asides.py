"""Asides in the answers of a chat, and the cost of the answers, in words. Pure functions."""

from memtests.plugins.asides import THOUGHTS
from memtests.plugins.verdicts import Verdict
from memtests.reports.report import UsageRecord
from memtests.reports.text.phrases import number_of, one_line

# The most code points that are shown of each aside.
_MOST = 40


def said_asides(v: Verdict) -> str:
    """For instance ``set aside: preface “Here is the poem:”, closing remark “I hope this helps!”``;
    empty if nothing was set aside. Thoughts are only named, not quoted: the report has them.
    """
    parts = []
    for aside in v.set_aside:
        said = one_line(aside.text)
        shown = said[:_MOST] + ("…" if len(said) > _MOST else "")
        quoted = bool(said) and aside.kind != THOUGHTS
        parts.append(f"{aside.kind} “{shown}”" if quoted else aside.kind)
    return f"set aside: {', '.join(parts)}" if parts else ""


def said_usage(usage: UsageRecord) -> str:
    """The questions and tokens of a chat server, and how often it gave the same answer twice."""
    cost = f"{number_of(usage.requests, 'question')} sent"
    if usage.cue_tokens or usage.answer_tokens:
        cost += f", of {usage.cue_tokens:,} tokens, and {usage.answer_tokens:,} tokens of answers"
    if usage.thinking:
        cost += f", {number_of(usage.thinking, 'answer')} with thoughts"
    if not usage.twice:
        return f"{cost}; no answer was asked for twice"
    return f"{cost}; of {usage.twice:,} asked for twice, {usage.same:,} came the same to the letter"
