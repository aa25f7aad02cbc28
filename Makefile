# make setup       a virtual environment in .venv, reused when nothing changed
# make quickstart  pre-train and compare two tiny models
# make test        the test suite; make test-slow: what takes longer
# make lint        the linters; make format: let them repair what they can
#
# make setup TORCH_SPEC="torch==2.4.1 torchvision==0.19.1 numpy<2"
#                  other versions than the newest
# make test VENV=.venv-old
#                  another environment

SYSTEM_PYTHON ?= python3
VENV ?= .venv
TORCH_SPEC ?= torch torchvision
PYTHON = $(VENV)/bin/python

STAMP = $(VENV)/.elip_mm-setup
# Everything that decides what gets installed. Its content counts and not its
# date, for a fresh clone has new dates.
INPUTS = setup.py setup.cfg pyproject.toml requirements.txt \
	$(sort $(wildcard requirements/*.txt))
KEY = $$(cat $(INPUTS) | cksum | tr ' ' '-') $(TORCH_SPEC) $(CURDIR)

.PHONY: help setup quickstart test test-slow lint format clean

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
	$(PYTHON) -m pytest tests -m "not slow" -q --durations=15

test-slow: setup
	$(PYTHON) -m pytest tests -m slow -q --durations=15

lint: setup
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

format: setup
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

clean:
	rm -rf build dist *.egg-info elip_mm/.mim .pytest_cache .ruff_cache
