# `make run` and `make test` are the two commands; everything happens in a virtual environment of its own.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test serve bench lint docs docs-check lessons pictures clean

run: $(VENV)/run-ready  ## the main job on the embedded corpus: tokenize, train, cross-check, evaluate, store
	$(BIN)/firth run

test: $(VENV)/test-ready  ## the whole test suite
	$(BIN)/python -m pytest $(ARGS)

serve: $(VENV)/run-ready  ## answers over HTTP and the page, from what `make run` stored
	$(BIN)/firth serve

bench: $(VENV)/test-ready  ## the README's tables, measured on this machine (about half an hour)
	$(BIN)/python -m benchmarks

lint: $(VENV)/test-ready  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/test-ready  ## write the generated parts of docs/ again
	$(BIN)/python -m cogapp -r README.md docs/*.md

lessons: $(VENV)/test-ready  ## what docs/lessons.md shows again: outputs and pictures of all lessons, about a minute
	$(BIN)/python -m docs.lessons
	$(BIN)/python -m cogapp -r docs/lessons.md

pictures: $(VENV)/test-ready  ## docs/page*.png again, from what `make run` stored; needs Chromium with its driver
	$(BIN)/python -m docs.screenshots

docs-check: $(VENV)/test-ready  ## fail where a generated part of docs/ is out of date
	$(BIN)/python -m cogapp --check --diff README.md docs/*.md

clean:
	rm -rf $(VENV) build *.egg-info

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Firth needs Python 3.10 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 10) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run-ready: $(BIN)/python requirements.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[plots]'
	touch $@

$(VENV)/test-ready: $(VENV)/run-ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	touch $@
