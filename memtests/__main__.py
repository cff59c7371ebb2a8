"""The command `memtests`: pytest on the suite, or one of the suite's other commands."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in ("render", "compare", "rescore", "schema"):
        from memtests.reports.saved import main as saved

        return saved(given)
    if given and given[0] == "teach":
        from memtests.fixtures.teach.memorize import main as memorize

        return memorize(given[1:])
    if given and given[0] == "study":
        from memtests.study.command import main as study

        return study(given[1:])
    import pytest

    return int(pytest.main(["-p", "memtests.plugins", "--pyargs", "memtests", *given]))


if __name__ == "__main__":
    sys.exit(main())
