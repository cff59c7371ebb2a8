"""The studies that are planned: one for a quarter of an hour, one for hours, the paper's."""

from typing import NamedTuple

from memtests.study.plan import Sizes


class Preset(NamedTuple):
    """What a study does where its options say nothing else."""

    models: Sizes
    poems: int
    """Of each language, at most, those of the later lesson among them."""
    characters: int
    drawn: bool
    vocabulary: int
    at_length: bool = False


QUICK = Preset(
    Sizes(
        sizes=("0.1M", "0.4M", "0.7M", "1.1M", "1.6M", "2.3M", "3M", "6M"),
        epochs=(24, 40),
        seeds=3,
        joined=("0.1M", "0.4M", "0.7M", "1.1M", "1.6M", "2.3M"),
        once=("1.6M", "2.3M", "3M", "6M"),
    ),
    poems=100,
    characters=300,
    drawn=True,
    vocabulary=2500,
)
FULL = Preset(
    Sizes(
        sizes=(
            *("0.1M", "0.4M", "0.7M", "1.1M", "1.6M", "2.3M", "3M", "4M", "6M"),
            *("12M", "25M"),
        ),
        epochs=(24, 40, 80),
        seeds=5,
        joined=("0.1M", "0.4M", "0.7M", "1.1M", "1.6M", "2.3M", "3M", "6M"),
        once=("12M", "25M"),
    ),
    poems=200,
    characters=700,
    drawn=True,
    vocabulary=4096,
    at_length=True,
)
PAPER = Preset(
    Sizes(sizes=("1M", "3M", "10M", "30M", "100M"), epochs=(100,), seeds=1),
    poems=2500,
    characters=256,
    drawn=False,
    vocabulary=8192,
)
"""2,000 poems of each language, of which as many characters are taught as fit; 500 more are for the
later lesson. The paper's second length is --characters 512."""
