# Everything a user or a developer does. Needs Python >= 3.11 and make, nothing else.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
OUT    ?= out/demo

.PHONY: help demo test lint validity labs bench train clean

help:
	@echo "make demo   set up, dissect a trained network, look at its units, map its features, grade a made-up class: $(OUT)"
	@echo "make test   set up, then lint, types, contracts and all tests"
	@echo "make lint   the checks alone"
	@echo "make validity  examine the grading of every lab: right answers, known mistakes, mutants, 50 seeds"
	@echo "make labs   notebooks and hand-outs of every lab, into out/labs"
	@echo "make bench  the benchmarks: ours beside what one would use instead"
	@echo "make train  retrain the shipped networks"
	@echo "make clean  remove what was built (not the environment)"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "xailab needs Python >= 3.11; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/.ready
	$(BIN)/xailab dissect --model tags --layer conv1 --layer conv5 --data minibroden --out $(OUT)
	$(BIN)/xailab inspect --model tags --layer conv1 --layer conv5 --data minibroden --out $(OUT)/units
	$(BIN)/xailab deconv --model tags --layer conv5 --data minibroden --out $(OUT)/deconv
	$(BIN)/xailab embed --model tags --layer conv5 --data minibroden --out $(OUT)/map
	rm -rf $(OUT)/class
	$(BIN)/xailab rehearse 03 --students 12 --seed 1 --grade --out $(OUT)/class

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile # a process per core; a file's tests share what they build

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell xailab kernels autograder labs tests benchmarks tools docs README.md CONTRIBUTING.md CHANGELOG.md
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/house.py

validity: $(VENV)/.ready
	$(BIN)/python -m xailab_autograder.validity

labs: $(VENV)/.ready
	@for lab in labs/[0-9]*; do $(BIN)/xailab labs build $$(basename $$lab | cut -c1-2) --out out/labs || exit 1; done

bench: $(VENV)/.ready
	@for script in benchmarks/bench_*.py; do echo; echo "== $$script"; $(BIN)/python $$script || exit 1; done

train: $(VENV)/.ready
	$(BIN)/xailab train objects --out xailab/models/weights/objects.safetensors
	$(BIN)/xailab train tags --out xailab/models/weights/tags.safetensors

clean:
	rm -rf out results dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
