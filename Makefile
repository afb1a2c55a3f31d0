# `make demo`, `make serve` and `make setup` make the environment (.venv) first if it is missing.
# Without make: the lines of the recipes below, by hand.

VENV := .venv
BIN := $(VENV)/bin
# The first Python >= 3.11 that really runs; `make PYTHON=/path/to/python3.12 test` names another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
PYTEST_ARGS ?=
# A peer whose dependencies would replace our torch: it lies beside the environment, and what is measured needs none of them.
PEER := out/peer

# How to call ssgan from here on.
CALL = echo "To call ssgan: source $(BIN)/activate, or write $(BIN)/ssgan in place of ssgan."

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test style check package bench docs docs-site format

help:    ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(VENV)/.developer  ## make the environment with everything the targets below need
	@$(CALL)

demo: $(VENV)/.user  ## run the whole story and write it as one page
	$(BIN)/ssgan demo
	@$(CALL)

serve: $(VENV)/.user  ## open ssgan in the browser
	$(BIN)/ssgan serve

test: $(VENV)/.developer  ## run the tests
	$(BIN)/pytest -n 2 $(PYTEST_ARGS)

style: $(VENV)/.developer  ## check the format, lint, types, and that the generated docs are fresh
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

check: style test  ## style and tests

package: $(VENV)/.developer  ## build wheel and sdist into dist, and run the demo from the wheel in a clean environment
	$(BIN)/python -m hatchling build -d dist
	$(BIN)/pytest -m slow tests/test_packaging.py

bench: $(VENV)/.developer $(PEER)/.installed  ## measure, beside the peers; the figures go to results/
	$(BIN)/python benchmarks/costs.py --write
	$(BIN)/python benchmarks/stc.py --write
	$(BIN)/python benchmarks/stc_cases.py
	$(BIN)/python benchmarks/device.py
	$(BIN)/python benchmarks/start.py --write
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/train_step.py --layers --write
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/features.py --peer $(PEER) --write
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/ensemble.py --peer $(PEER) --write

$(PEER)/.installed: $(VENV)/.developer
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(PEER) sealwatch==2025.9
	@touch $@

docs: $(VENV)/.developer  ## generate the pages that say what the code says of itself
	$(BIN)/python docs/generate.py

docs-site: $(VENV)/.developer  ## build the handbook, out/site/index.html
	$(BIN)/zensical build --strict

format: $(VENV)/.developer  ## format and sort what can be formatted
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

$(VENV)/.torch:
	@test -n "$(PYTHON)" || { echo "ssgan needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	# torch first and through pip: pip then takes the build that your pip settings offer, and nothing below moves it.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	@touch $@

$(VENV)/.user: $(VENV)/.torch pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[report,web]"
	@touch $@

$(VENV)/.developer: $(VENV)/.torch pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@ $(VENV)/.user
