# `make` alone lists the targets. Each target that needs the environment sets it up first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo check test physics results clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY)  ## create .venv and install gaq with everything it can use
	@echo "ready: $(BIN)/gaq"

demo: $(READY)  ## set up if needed, then the main job on the embedded data
	$(BIN)/gaq demo

check: $(READY)  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# One thread per process: two processes of two threads each are slower on two cores than two of one.
test: $(READY)  ## set up if needed, then all tests but the long ones
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

physics: $(READY)  ## the long tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m physics --timeout 7200

# The folder of the official rMD17 files, which `gaq data fetch rmd17 --molecule NAME` downloads.
DATA ?= rmd17

results: $(READY)  ## measure all that docs/results.md states, and write it: hours; DATA=folder of the rMD17 files
	$(BIN)/python benchmarks/rmd17.py azobenzene --data $(DATA) --epochs 24 --lr 1e-3
	$(BIN)/python benchmarks/rmd17.py ethanol --data $(DATA)
	$(BIN)/python benchmarks/slots.py --parent models/rmd17-azobenzene-fp32.ckpt --data $(DATA)
	$(BIN)/python benchmarks/ablations.py --parent models/rmd17-ethanol-fp32.ckpt --data $(DATA)
	$(BIN)/python benchmarks/untouched.py --data $(DATA)
	$(BIN)/python benchmarks/results.py --collect runs

clean:  ## remove the environment and everything that tools left behind; runs/ stays
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is younger than what it was made from, or the environment is brought up to date.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "gaq needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || echo not there)."; \
	  echo "Name a newer one: make PYTHON=python3.12 setup"; exit 1; } >&2
	@test -x $(BIN)/python || { echo "creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing into $(VENV); the first time takes a few minutes, most of it torch"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,demo]'
	@touch $(READY)
