"""Time and memory to collect a sample of a large collection, for each kind of file.

The collection repeats the poems of the files named, with other ids and with their lines shuffled.
Each file is then read by a real `pytest memtests --collect-only`.
"""

import argparse
import csv
import gzip
import itertools
import json
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from processes import Ran, ran

FIELDS = ("id", "title", "author", "language", "dynasty", "source", "lines")
_BATCH = 10_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    add = options.add_argument
    add("files", nargs="+", type=Path, help="JSON lines files of poems")
    add("--counts", default="3000,60000,300000", help="of poems (default: %(default)s)")
    add("--sample", type=int, default=2000, help="0 for all (default: %(default)s)")
    add("--endings", default=",".join(WRITERS), help="(default: %(default)s)")
    given = options.parse_args()
    print(f"{'file':<14} {'poems':>8} {'size':>10} {'time':>9} {'CPU':>9} {'peak':>9}  found")
    with tempfile.TemporaryDirectory() as folder:
        for ending in given.endings.split(","):
            for count in map(int, given.counts.split(",")):
                file = Path(folder) / f"many.{ending}"
                WRITERS[ending](file, made(given.files, count))
                found = collect(file, given.sample)
                print(
                    f"{'.' + ending:<14} {count:>8,} {file.stat().st_size / 1e6:>7.1f} MB "
                    f"{found.seconds:>7.1f} s {found.processor:>7.1f} s {found.peak:>5.0f} MiB  "
                    f"{found.last}",
                    flush=True,
                )
                file.unlink()


def made(files: Iterable[Path], count: int) -> Iterator[dict[str, Any]]:
    """`count` poems. After the first round, the same poems come again with their lines shuffled."""
    poems = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    shuffle = random.Random(0).shuffle
    for number, poem in enumerate(itertools.islice(itertools.cycle(poems), count)):
        if number < len(poems):
            yield poem
        else:
            shuffle(poem["lines"])
            yield {**poem, "id": f"{poem['id']}-{number // len(poems)}"}


def collect(file: Path, sample: int) -> Ran:
    """Collect the cases of a file; pytest's last line says how many."""
    command = ("-m", "pytest", "memtests", "--collect-only", "-q", "-p", "no:cacheprovider")
    sampled = ("--sample", str(sample)) if sample else ()
    return ran(*command, "--poems", str(file), *sampled)


def write_lines(file: Path, poems: Iterable[dict[str, Any]]) -> None:
    with gzip.open(file, "wt", 6) if file.suffix == ".gz" else file.open("w") as out:
        out.writelines(json.dumps(poem, ensure_ascii=False) + "\n" for poem in poems)


def write_csv(file: Path, poems: Iterable[dict[str, Any]]) -> None:
    with gzip.open(file, "wt", 6) if file.suffix == ".gz" else file.open("w") as out:
        writer = csv.DictWriter(out, FIELDS)
        writer.writeheader()
        writer.writerows({**poem, "lines": "\n".join(poem["lines"])} for poem in poems)


def write_parquet(file: Path, poems: Iterable[dict[str, Any]]) -> None:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    kinds = dict.fromkeys(FIELDS, pyarrow.string()) | {"lines": pyarrow.list_(pyarrow.string())}
    with ParquetWriter(file, pyarrow.schema(kinds)) as writer:
        while batch := list(itertools.islice(iter(poems), _BATCH)):
            writer.write_table(pyarrow.Table.from_pylist(batch, schema=writer.schema))


WRITERS: dict[str, Callable[[Path, Iterable[dict[str, Any]]], None]] = {
    "jsonl": write_lines,
    "jsonl.gz": write_lines,
    "csv": write_csv,
    "csv.gz": write_csv,
    "parquet": write_parquet,
}

if __name__ == "__main__":
    main()
