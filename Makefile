.PHONY: demo serve test kill-rounds parity check bench docs vendor clean
PYTHON ?= python3
BIN := .venv/bin

demo: .venv/ready ; @for line in "film her-2013" "similar her-2013 --limit 6" "path her-2013 lost-in-translation-2003"; do echo; echo "\$$ filmgraph $$line"; echo; $(BIN)/filmgraph $$line || exit; done
serve: .venv/ready ; $(BIN)/python -m filmgraph.web.vendor --if-possible && $(BIN)/filmgraph serve $(ARGS)
test: .venv/ready ; $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile
parity: .venv/ready ; FILMGRAPH_PARITY_ROUNDS=40 $(BIN)/python -m pytest tests/test_validation_engines.py -k planted
kill-rounds: .venv/ready ; FILMGRAPH_KILL_ROUNDS=200 $(BIN)/python -m pytest tests/test_loading.py -k sigkill
check: .venv/ready ; $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/filmgraph format --check && $(BIN)/filmgraph validate --prose && $(BIN)/python docs/generate.py --check
bench: .venv/ready ; $(BIN)/python benchmarks/run.py
docs: .venv/ready ; $(BIN)/python docs/generate.py
vendor: .venv/ready ; $(BIN)/python -m filmgraph.web.vendor
clean: ; rm -rf .venv build dist src/filmgraph/web/static/vendor tests/browser/vendor

.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "filmgraph needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
