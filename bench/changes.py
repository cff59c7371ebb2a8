"""Whether the test for a change may treat a poem's parts as independent, on real checkpoints.

For units some distance apart, it prints the correlation of their changes' signs about the poem's
median; 0 means that they are independent. Then it prints what the test says about the poems.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median

sys.path.insert(0, str(Path(__file__).parent.parent))

from memtests.plugins.traces import HEADER
from memtests.reports.counting.changes import Change, Read, changes
from memtests.reports.report import languages_of, texts_of
from memtests.reports.report_files import read_report
from memtests.reports.trace_files import read_traces

LAGS = range(1, 9)


def together(change: Change, lag: int) -> float:
    """The correlation in one poem for units `lag` apart."""
    found = [
        now - then
        for then, now in (shade.log_p for shade in change.shades)
        if then is not None and now is not None
    ]
    middle = median(found)
    signs = [(each > middle) - (each < middle) for each in found]
    return mean(one * other for one, other in zip(signs, signs[lag:], strict=False))


def read(file: Path) -> Read:
    """The traces, with the header, of the only model in a report."""
    traces = read_traces(file.parent)
    return {(each.collection, each.poem): each for each in traces if each.form == HEADER}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="a recall.json with traces beside it")
    parser.add_argument("after", type=Path, help="another one, of the same poems")
    given = parser.parse_args(arguments)
    report = read_report(given.before)
    texts, languages = texts_of(report.verdicts), languages_of(report)
    found = changes(read(given.before), read(given.after), texts, languages)
    print(f"poems              {len(found):6}")
    for lag in LAGS:
        held = [together(each, lag) for each in found if len(each.shades) > 2 * max(LAGS)]
        print(f"{lag} apart            {mean(held):+6.3f}")
    tested = [each.p for each in found if each.p is not None]
    print(f"p below 0.05       {sum(p < 0.05 for p in tested):6} of {len(tested)}")
    for state, count in Counter(each.state for each in found).items():
        print(f"{state:17}  {count:6}")


if __name__ == "__main__":
    main()
