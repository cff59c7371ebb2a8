"""A lesson in which several processes share each batch: `torchrun` runs this file in each of them.

Its arguments: poems, a folder, and whether a callback asks (`unasked`, `asked`, or `stopped` by its
gate). Each process writes its result into the folder.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from memtests import RecallCallback, asking
from tests.support.lessons import logged, trainer_of


def main() -> None:
    poems, out, how = sys.argv[1:]
    folder, rank = Path(out), os.environ["RANK"]
    torch.set_num_threads(1)
    asked: list[str] = []
    own = asking.Asking.__call__

    def noticed(*given: Any, **named: Any) -> Any:
        asked.append(given[3])
        return own(*given, **named)

    asking.Asking.__call__ = noticed  # type: ignore[method-assign]
    trainer = trainer_of(poems, folder, 40, ddp_backend="gloo")
    if how != "unasked":
        gates, stop = ["recall>=99%"], how == "stopped"
        trainer.add_callback(
            RecallCallback(trainer, every=10, poems=poems, cases=["title"], gates=gates, stop=stop)
        )
    trainer.train()
    torch.save(trainer.model.state_dict(), folder / f"{how}-{rank}.pt")
    said = {
        "asked": asked,
        "steps": trainer.state.global_step,
        "recall": logged(trainer, "recall/all"),
        "processes": trainer.accelerator.num_processes,
    }
    (folder / f"{how}-{rank}.json").write_text(json.dumps(said))
    # Otherwise a thread of the group may still run while the process ends, which aborts it.
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
