"""How many completions equal plain `generate`, one probe at a time, token for token, in float32."""

from common import every_probe, parser, prepare

from memtests.plugins.recital import batches_of
from memtests.plugins.reciter import Completion, Reciter, recite_plainly


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--probes", type=int, default=500, help="how many, evenly over all")
    options.add_argument("--untaught", metavar="TOKENIZER", help="han, bytes or pieces")
    given = options.parse_args()
    if given.untaught:
        from tests.support.models import untaught

        model = untaught(given.untaught)
    else:
        model, _ = prepare(given)
    every = every_probe(given)
    chosen = [every[at * len(every) // given.probes] for at in range(given.probes)]
    equal = fragile = different = asked = 0
    for batch in batches_of(chosen):
        for probe, found in zip(batch, Reciter(model).recite(batch), strict=True):
            if not isinstance(found, Completion):
                continue
            asked += 1
            fragile += found.fragile
            if found.text == recite_plainly(model, probe):
                equal += 1
            else:
                different += 1
                print(f"DIFFERENT {probe.name} fragile={found.fragile}")
            if asked % 100 == 0:
                print(f"{asked} probes, {equal} equal, {fragile} fragile", flush=True)
    print(f"{model.name}: {asked} probes, {equal} equal, {different} different, {fragile} fragile")


if __name__ == "__main__":
    main()
