"""The suite as pytest plugins: what is asked → verdicts → reports."""

pytest_plugins = [
    "fixtures.questions",
    "fixtures.model",
    "plugins.recall",
    "reports.rules",
    "reports.writing",
]
