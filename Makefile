# Needs python3 (3.11 or newer) with pip and venv, and make. Everything else goes to .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# One stamp for what running needs, one for what developing needs. Both are redone when
# the project's settings or pins change. Developing includes running.
RUN_READY := $(VENV)/.ready-to-run
DEV_READY := $(VENV)/.ready-to-develop

# `make demo MENTIONS=FILE` works on FILE; without it, on mentions that are made up from a seed.
MENTIONS ?=
SAMPLE := out/airline/mentions.csv
DEMO := out/demo

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint bench torture format clean

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

setup: $(DEV_READY) ## Make .venv with everything that developing needs

demo: $(RUN_READY) ## Assign made-up mentions and verify the journal (MENTIONS=FILE: yours)
ifeq ($(strip $(MENTIONS)),)
	mkdir -p $(dir $(SAMPLE))
	$(BIN)/python examples/airline/generate.py --out $(SAMPLE) --seed 7
endif
	$(BIN)/workassign run examples/airline/plan.toml --mentions "$(or $(strip $(MENTIONS)),$(SAMPLE))" --out $(DEMO)
	$(BIN)/workassign verify $(DEMO)

test: lint ## Everything that must pass: style, types, imports, tests, examples of the pages
	$(BIN)/pytest -n 2 --dist loadfile

lint: $(DEV_READY) ## Style, types and the directions of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(DEV_READY) ## Measure the life cycle of an interaction, live key figures, and stores
	mkdir -p out
	$(BIN)/python -m benchmarks.lifecycle --json out/lifecycle.json
	$(BIN)/python -m benchmarks.rules --json out/rules.json
	$(BIN)/python -m benchmarks.kpis --quick --json out/kpis.json
	$(BIN)/python -m benchmarks.stores --quick --json out/stores.json

torture: $(DEV_READY) ## Kill, cut off and crash everything, at length: half an hour on two cores
	mkdir -p out
	$(BIN)/python -m torture --json out/torture.json

format: $(DEV_READY) ## Sort imports, mend what can be mended, lay out the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## Remove .venv, caches and out/
	rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find src tests benchmarks torture examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("workassign needs Python 3.11 or newer; say make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(RUN_READY): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[report,text]'
	$(BIN)/python -m compileall -q src
	@touch $@

$(DEV_READY): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[report,text,train,dev]'
	$(BIN)/python -m compileall -q src
	@touch $(RUN_READY) $@
