# make setup       a virtual environment in .venv, reused when nothing changed
# make quickstart  pre-train and compare two tiny models
# make test        the test suite on all cores, with the coverage of the
#                  package; make test-slow: what takes longer, and the
#                  fuzz tests with all of their inputs
# make lint        style and types; make format: repair what can be repaired
# make style       ruff and codespell; make types: mypy
# make docs        the documentation as a site, in docs/_build/html
#
# make setup TORCH_SPEC="torch==2.4.1 torchvision==0.19.1 numpy<2"
#                  other versions than the newest
# make test VENV=.venv-old
#                  another environment
# make test JOBS=1 PYTEST_ARGS="-x -k siglip"
#                  in a single process, with options of pytest

SYSTEM_PYTHON ?= python3
VENV ?= .venv
TORCH_SPEC ?= torch torchvision
# Processes that share the tests: "auto" is one for each core.
JOBS ?= auto
PYTEST_ARGS ?=
PYTHON = $(VENV)/bin/python

STAMP = $(VENV)/.elip_mm-setup
# Everything that decides what gets installed. Its content counts and not its
# date, for a fresh clone has new dates.
INPUTS = setup.py setup.cfg pyproject.toml requirements.txt \
	$(sort $(wildcard requirements/*.txt))
KEY = $$(cat $(INPUTS) | cksum | tr ' ' '-') $(TORCH_SPEC) $(CURDIR)

# Tests of one group stay in one process: what starts processes of its own
# runs one at a time, and what shares an expensive fixture makes it once.
PYTEST = $(PYTHON) -m pytest tests -q --durations=15 -n $(JOBS) \
	--dist loadgroup

.PHONY: help setup quickstart test test-slow lint style types format docs \
	clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed '/^$$/,$$d'

setup:
	@if [ "$$(cat $(STAMP) 2>/dev/null)" = "$(KEY)" ]; then \
		echo "The environment in $(VENV) is up to date."; \
	else \
		$(MAKE) --no-print-directory install; \
	fi

.PHONY: install
install:
	@$(SYSTEM_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 9) and \
		"elip_mm needs Python 3.9 or newer, but $(SYSTEM_PYTHON) is " + \
		sys.version.split()[0] + "; set SYSTEM_PYTHON=/path/to/python3")'
	@test -x $(PYTHON) || { echo "Making an environment in $(VENV) ..."; \
		$(SYSTEM_PYTHON) -m venv $(VENV); }
	@rm -f $(STAMP)
	@echo "Installing what elip_mm needs (a few minutes the first time) ..."
	$(PYTHON) -m pip install --disable-pip-version-check \
		$(foreach spec,$(TORCH_SPEC),'$(spec)') -e '.[tests]'
	@$(PYTHON) -c 'import elip_mm; print("elip_mm", elip_mm.__version__, \
		"is installed.")'
	@echo "$(KEY)" > $(STAMP)

quickstart: setup
	$(PYTHON) tools/compare.py \
		dense=configs/clip/clip_tiny_dense_1xb64_synthetic-scenes-64px.py \
		elip=configs/clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py \
		--work-dir work_dirs/quickstart

test: setup
	$(PYTEST) -m "not slow" --cov --cov-report=term $(PYTEST_ARGS)

test-slow: setup
	$(PYTEST) -m slow $(PYTEST_ARGS)
	ELIP_FUZZ=full $(PYTEST) -k test_fuzz $(PYTEST_ARGS)

lint: style types

style: setup
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m codespell_lib

types: setup
	$(PYTHON) -m mypy

format: setup
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

docs: setup
	@$(PYTHON) -c 'import furo, myst_parser, sphinx' 2>/dev/null || \
		$(PYTHON) -m pip install --disable-pip-version-check \
			-r requirements/docs.txt
	$(PYTHON) -m sphinx -W --keep-going -b html -c docs docs/en \
		docs/_build/html

clean:
	rm -rf build dist docs/_build docs/en/api/generated *.egg-info \
		elip_mm/.mim .coverage* .mypy_cache .pytest_cache .ruff_cache
