# Everything a developer or CI does. Each target sets up what it needs, and is quick the second time.
SHELL := /bin/bash
PY := .venv/bin/python
KILLS ?= 200
ENTRIES ?= 1000000
FLIGHTS ?= 100
.DEFAULT_GOAL := help

.PHONY: help setup lint test test-long demo demo-block demo-border bench kill-test proto proto-baseline vectors docs clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: .venv/.ready ## Create .venv with everything needed

.venv/.ready: pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null && command -v git >/dev/null || \
	  { echo "Python 3.11 or newer with venv, and git, are needed. On Debian: apt install python3 python3-venv make git"; exit 1; }
	@echo "Setting up .venv (once; a minute or two) …"
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

lint: setup ## Style, types, imports, sizes, protos
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) tools/check_sizes.py
	$(PY) tools/check_proto.py

test: setup ## All tests but the long ones
	$(PY) -m pytest -n 2 -m "not long" --cov --cov-report=term --cov-fail-under=95

test-long: setup ## The long tests
	$(PY) -m pytest -m long

demo: setup ## The main job on a real hub: 200 orders, four banks, a kill -9
	$(PY) -m examples.demo

DOMAINS ?= $(wildcard ../shared/data/phishing_domains.csv.gz)
demo-block: setup ## DOMAINS, or names made up, blocked by three carriers while urgent stops go to a bank
	$(PY) -m examples.carrier.block $(if $(DOMAINS),--domains $(DOMAINS))

demo-border: setup ## Flights against a watchlist of ENTRIES, then a search of the hub's files for planted names
	$(PY) -m examples.customs.border --entries $(ENTRIES) --flights $(FLIGHTS)

bench: setup ## Figures of DESIGN §7, written to build/bench.json
	$(PY) -m tests.bench

kill-test: setup ## KILLS random kill -9 between receive and ack
	$(PY) -m tests.kill --kills $(KILLS)

proto: setup ## Regenerate sdk/tocsin/v1
	$(PY) tools/make_proto.py

proto-baseline: setup ## Freeze the contract that `buf breaking` compares with
	.venv/bin/buf build -o proto/baseline.binpb

vectors: setup ## Regenerate the golden vectors
	for one in tests/golden/make_*.py; do $(PY) -m tests.golden.$$(basename $$one .py) || exit 1; done

docs: setup ## Regenerate the pages and tables that are written from the code
	for one in tools/make_docs_*.py; do $(PY) -m tools.$$(basename $$one .py) || exit 1; done

clean: ## Remove what was built
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
