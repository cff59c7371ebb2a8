"""The line that says how far a run is."""

import msgspec

from memtests.plugins.resuming import SavedVerdict
from memtests.reports.text.progress import Done, Progress, render_progress
from tests.support.reported import TANG, forgets, knows, reported


def test_line() -> None:
    assert (
        render_progress(Done(64, 119, 520, 300, 500, 12.5))
        == "64 of 119 poems  41.6 probes/s  recall 60.0 %  0:11 left"
    )
    assert render_progress(Done(0, 119, 0, 0, 0, 0.0)) == "0 of 119 poems"
    first = render_progress(Done(0, 119, 9, 0, 9, 4.5))
    assert first == "0 of 119 poems  2.0 probes/s  recall 0.0 %"
    assert render_progress(Done(1, 2000, 9, 9, 9, 9.0)).endswith("4:59:51 left")
    last = render_progress(Done(2, 2, 9, 9, 9, 9.0))
    assert last == "2 of 2 poems  1.0 probes/s  recall 100.0 %"


def saved(recites: object) -> list[SavedVerdict]:
    verdicts = reported({"m": recites}, [TANG]).verdicts  # type: ignore[dict-item]
    return [SavedVerdict(**msgspec.structs.asdict(v), key=None, followed=None) for v in verdicts]


def test_a_poem_is_done_when_all_its_cases_are() -> None:
    clock, lines = [0.0], []
    progress = Progress(lines.append, seconds_between=10, now=lambda: clock[0])
    progress.begin({"a1": ("", "a"), "a2": ("", "a"), "b1": ("", "b"), "m/b1": ("m", "b")})
    clock[0] = 5
    progress.finished("a1")
    progress.finished("no poem")
    assert lines == [], "not yet"
    clock[0] = 12
    progress.finished("b1")
    assert lines == ["1 of 3 poems  0.0 probes/s  0:24 left"]
    progress.finished("a2")
    progress.finished("a2")
    clock[0] = 13
    progress.finished("m/b1")
    assert lines[1:] == ["3 of 3 poems  0.0 probes/s"], "the last one always"


def test_recall_so_far_leaves_drawn_lengths_out() -> None:
    progress = Progress(lambda _: None, seconds_between=0, now=lambda: 0.0)
    progress.begin({"a": ("", "a")})
    progress.judged(saved(knows))
    progress.judged(saved(forgets))
    done = progress.done()
    assert (done.probes, done.correct, done.judged) == (32, 12, 24)
