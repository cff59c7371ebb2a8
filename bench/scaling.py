"""Time and peak memory for several numbers of poems; each number runs in a process of its own."""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))


def one(model_name: str, files: list[str], count: int, threads: int) -> None:
    """Ask `count` poems for a quarter of each, and print seconds and memory."""
    import torch

    from memtests.fixtures.models.local.loading import Loading, load
    from memtests.fixtures.poems.files import read_collections
    from memtests.fixtures.probes.probes import parse_prefix_lengths, probes_of
    from memtests.plugins.recital import batches_of
    from memtests.plugins.reciter import Reciter

    torch.set_num_threads(threads)
    model = load(model_name, Loading(device="cpu"))
    collections = read_collections(map(Path, files))
    lengths = parse_prefix_lengths("10%,25%,50%,75%")
    parts = [collection.sample(count // len(files)) for collection in collections]
    probes = [p for part in parts for p in probes_of(part, "prefix", lengths, "{title}")]
    batches = batches_of(probes)
    Reciter(model).recite(batches[0])
    before = held()
    start = time.perf_counter()
    for batch in batches:
        Reciter(model).recite(batch)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    units = sum(len(probe.suffix) for probe in probes)
    print(
        f"{count:6} poems {len(probes):6} probes {seconds:8.1f} s {1e3 * seconds / count:7.1f} ms "
        f"a poem {1e6 * seconds / units:7.1f} µs a character; held {before} MiB after the first "
        f"batch, {held()} MiB after the last, peak {peak} MiB",
        flush=True,
    )


def held() -> int:
    """MiB of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="+", help="poem files, asked in equal parts")
    options.add_argument("--model", default="embedded")
    options.add_argument("--counts", default="100,1000,8000")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        one(given.model, given.files, given.one, given.threads)
        return
    for count in given.counts.split(","):
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--one", count], check=True)


if __name__ == "__main__":
    main()
