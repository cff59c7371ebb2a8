"""The suite as pytest plugins, in their order: what is asked → verdicts → reports.

`-p memtests.plugins` takes all of them. This is the one place before `reports` that names them.
"""

pytest_plugins = [
    "memtests.plugins.options",
    "memtests.plugins.garbage",
    "memtests.plugins.interrupts",
    "memtests.plugins.starting",
    "memtests.plugins.stopping",
    "memtests.plugins.questions",
    "memtests.plugins.lacking",
    "memtests.plugins.model",
    "memtests.plugins.hooks",
    "memtests.reports.gating.rules",
    "memtests.reports.latest",
    "memtests.reports.writing",
]
