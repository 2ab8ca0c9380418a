# A machine needs Python 3.11 or later, make, and the registries of Python and npm; everything else is fetched.
# Each step leaves a stamp, so that it runs again only when what it depends on has changed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench docs console pack clean

PYTHON3 ?= python3
UV_VERSION := 0.13.9
UV := .uv/bin/uv
BIN := .venv/bin
SYNCED := .venv/.synced
MODULES := console/node_modules/.package-lock.json
CONSOLE := src/jieying/web/static/index.html
PACK := var/packs/yunzhou/map.pmtiles
# Node of this machine if it is new enough, else the one in .venv; asked for only when a recipe needs it.
WITH_NODE = PATH="$$("$(CURDIR)/$(BIN)/python" "$(CURDIR)/tools/node.py"):$$PATH"
BENCHMARKS := decision roads reach intake positions live browser crash start simulator

export UV_PYTHON_DOWNLOADS := never
# Without compiled modules each of the many processes of a test run would spend seconds on compiling them.
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(SYNCED) $(CONSOLE) $(PACK) ## Python environment, console, sample city
	@:

demo: setup ## the main job at work in a sample city; make demo ARGS="--headless --minutes 3 --speed 20"
	@$(BIN)/jieying demo $(ARGS)

test: setup lint ## everything, browser included; make test ARGS="tests/triage -x"
	@$(WITH_NODE) $(BIN)/python tools/chromium.py install
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup ## ruff, mypy --strict, the console's types, style and tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	cd console && $(WITH_NODE) npm run --silent check

bench: setup ## every figure of docs/benchmarks.md, into var/benchmarks
	@mkdir -p var/benchmarks
	@for name in $(BENCHMARKS); do $(BIN)/python -m benchmarks $$name --json var/benchmarks/$$name.json; done

docs: setup ## the pictures of the documents
	@$(WITH_NODE) $(BIN)/python tools/chromium.py install
	@$(BIN)/python tools/screenshots.py

console: $(CONSOLE) ## the console, built from console/

pack: $(PACK) ## the sample city

clean: ## what can be made again; data in var/data stay
	rm -rf .venv .uv .node console/node_modules src/jieying/web/static var/packs var/demo var/chromium var/benchmarks
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(UV):
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or later is needed, $(PYTHON3) is $$($(PYTHON3) --version). Set PYTHON3=..."; exit 1; }
	@echo "Getting uv, which gets everything else ..."
	@rm -rf .uv
	@if $(PYTHON3) -c 'import ensurepip' 2>/dev/null; then \
	    $(PYTHON3) -m venv .uv && .uv/bin/pip install --quiet uv==$(UV_VERSION); \
	elif $(PYTHON3) -m pip --version >/dev/null 2>&1; then \
	    $(PYTHON3) -m pip install --quiet --target .uv uv==$(UV_VERSION); \
	else \
	    echo "Python has neither venv nor pip. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; \
	fi

$(SYNCED): $(UV) uv.lock pyproject.toml
	$(UV) sync --frozen --quiet --python $(PYTHON3)
	@touch $@

$(MODULES): console/package-lock.json | $(SYNCED)
	cd console && $(WITH_NODE) npm ci
	@touch $@

$(CONSOLE): $(MODULES) $(shell find console/src -type f) $(wildcard console/*.html console/*.ts console/*.json)
	cd console && $(WITH_NODE) npm run --silent build
	@touch $@

$(PACK): $(SYNCED) $(shell find packs/yunzhou -type f -not -name '*.pyc') $(wildcard src/jieying/citypack/*.py) \
    $(addprefix src/jieying/triage/,corpus.py features.py models.py text.py train.py) src/jieying/kit/encoder.py
	$(BIN)/jieying pack build packs/yunzhou --out var/packs/yunzhou
