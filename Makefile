# Two commands do everything on a fresh machine: make run, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet
PROJECT := $(INSTALL) --no-deps --no-build-isolation --editable .

WORKERS ?= 2

.PHONY: run install install-test test chaos lint bench docs pictures lock clean

run: install
	exec $(BIN)/zhihui up

install: $(VENV)/.installed

install-test: $(VENV)/.installed-test

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else f"zhihui needs Python 3.11 to 3.13, this is {sys.version.split()[0]}: run make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing zhihui into $(VENV) (a few minutes the first time) ..."
	$(INSTALL) --require-hashes -r requirements.lock
	$(PROJECT)
	@touch $@

$(VENV)/.installed-test: requirements-test.lock requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing zhihui and its test tools into $(VENV) (a few minutes the first time) ..."
	$(INSTALL) --require-hashes -r requirements-test.lock
	$(PROJECT)
	@touch $@ $(VENV)/.installed

lint: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# With COVERAGE=yes the table of what no test runs is printed too; it takes half as long again (Python 3.11).
test: lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(if $(COVERAGE),--cov --cov-report=term:skip-covered)

# Kills processes at random moments of their work, on SQLite and on Postgres: about twenty minutes. A short form of its
# first part is in `make test`. Example: make chaos CHAOS="--database sqlite --seed 7"
chaos: install-test
	$(BIN)/python -m tests.chaos $(CHAOS)

# Prints the pages of docs/ that come from data.
docs: install
	$(BIN)/python -m tasks.lifecycle_page > docs/lifecycle.md
	$(BIN)/python -m tasks.glossary_page > docs/glossary.md
	$(BIN)/python -m tasks.counts_page > docs/counts.md

# Photographs every page of the desk, in a real browser, for docs/.
pictures: install-test
	ZHIHUI_TAKE_PICTURES=docs/pictures $(BIN)/python -m pytest tests/browser

# A table of what the parts cost here, with ratios from one run.
bench: install-test
	$(BIN)/python -m tests.benchmarks

# Resolves the dependencies anew; needs the uv tool. Hashes of every file are kept and no index is named.
# What is wanted with an extra is listed with and without it: older pip looks for a pin of each apart.
COMPILE := uv pip compile pyproject.toml build-requirements.in --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-strip-extras --no-header
BOTH := awk 'function out() { printf "%s", b; if (b ~ /^[^ ]*\[/) { sub(/\[[^]]*\]/, "", b); printf "%s", b } b = "" } \
	/^[a-zA-Z0-9]/ { out() } { b = b $$0 "\n" } END { out() }'

lock:
	printf 'hatchling\neditables\n' > build-requirements.in
	$(COMPILE) -o requirements.resolved
	$(COMPILE) --extra test -c requirements.resolved -o requirements-test.resolved
	$(BOTH) requirements.resolved > requirements.lock
	$(BOTH) requirements-test.resolved > requirements-test.lock
	rm build-requirements.in requirements.resolved requirements-test.resolved

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
