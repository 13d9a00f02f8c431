# The only entry: `make scan` and `make test` prepare what they need; CI calls the same.
PYTHON ?= python3
VENV ?= .venv
PROJECTS ?= examples/projects
OUT ?= out
BIN := $(VENV)/bin
# What reference_runs was made and measured with. A CPU build will do and is a tenth of the size; options may follow:
# make test TORCH="torch==2.13.0 --index-url ..."
TORCH ?= torch==2.13.0

MINUTES ?= 10
ROUNDS ?= 200
SHARED ?= ../shared/eval
TREES ?= $(OUT)/trees

.PHONY: help scan test check regen score bench fuzz crash redos hostile lock clean

help:  ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "scan-trainings needs Python 3.11 or newer; name one with make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,replay]'
	@touch $@

scan: $(VENV)/.installed  ## scan PROJECTS (default: the examples) into OUT and say where the report is
	$(BIN)/scan-trainings scan $(PROJECTS) --out $(OUT)

test: $(VENV)/.dev check  ## set up and run all checks
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

regen: $(VENV)/.dev  ## rewrite expected tables and goldens (review with git diff)
	$(BIN)/python -m pytest --regen

score: $(VENV)/.dev  ## scan the labelled trees in TREES and print the score beside the last one
	$(BIN)/python tests/score_labelled_trees.py $(TREES) $(SHARED) $(OUT)/score

bench: $(VENV)/.installed  ## measure beside ripgrep; trees are made once, in OUT/bench
	$(BIN)/python -m bench.run --trees $(OUT)/bench --write docs/PERFORMANCE.md $(BENCH)

fuzz: $(VENV)/.dev  ## feed broken files to every reader for MINUTES; what is found goes to OUT/fuzz
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) --jobs $$(nproc) --out $(OUT)/fuzz

crash: $(VENV)/.dev  ## end a scan at ROUNDS random moments (killed, interrupted, disk full, power lost) and check what is left
	$(BIN)/python -m tests.crash --rounds $(ROUNDS)

redos: $(VENV)/.dev  ## try every pattern with texts made to choke it
	$(BIN)/python -m tests.redos

hostile: $(VENV)/.dev  ## the hostile tree in full size (a line of 1 GB, a million files), a scan of it, what that took
	$(BIN)/python -m tests.hostile_run $(OUT)/hostile

lock: $(VENV)/.created  ## pin the development set with hashes in requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools
	@head -3 requirements-dev.lock > requirements-dev.lock.new
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --strip-extras --allow-unsafe --no-header --annotation-style=line \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements-dev.lock.part pyproject.toml
	@cat requirements-dev.lock.part >> requirements-dev.lock.new && rm requirements-dev.lock.part
	@mv requirements-dev.lock.new requirements-dev.lock

clean:  ## remove what make created
	rm -rf $(VENV) $(OUT) .pytest_cache .mypy_cache .ruff_cache .hypothesis
