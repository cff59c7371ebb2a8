"""Runs of the suite that start at once: slow modules are imported already, and each run is a fork.

`python -m tests.support.forking` reads one JSON list of pytest arguments a line, forks, writes the
child's process id, and when the child has ended a line with its exit status.
"""

import json
import os
import sys

import matplotlib.backends.backend_svg
import opencc
import pytest
import scipy.stats
import torch
import transformers

# Imported before the fork, and not used in this process: threads do not survive it.
_ = torch, transformers.AutoModelForCausalLM, transformers.LlamaForCausalLM
_ = matplotlib.backends.backend_svg, opencc, scipy.stats


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os._exit(int(pytest.main(json.loads(line))))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
