# superscope: make demo | frontend | test | lint | docs | bench | wheel-check | mutants | clean
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(BIN)/python tools/install.py $(BIN)/python
INPUTS := pyproject.toml constraints.txt src/superscope/_version.py
MODEL := .cache/models/smollm2
SMALL_MODEL := .cache/models/minilm
DIRECTIONS := .cache/models/hidden-directions
TEXT := .cache/text/gcide
WORKERS ?= 2

# Compiled modules are kept even where the environment asks Python not to, as images of containers
# do: hundreds of processes are started here, and each would compile all that it imports again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: frontend demo test lint docs docs-check docs-pages docs-write bench wheel-check minimums mutants clean

# A real model from the package index, measured with all pairs.
demo: .venv/package $(MODEL)
	@mkdir -p out
	$(BIN)/superscope measure $(MODEL) --pairs exact --report out/smollm2.html
	@echo "report: out/smollm2.html"

# Workers take files in order, and the one that is done first takes from the other's end. Each has a
# core: threads that wait for another worker's core would spin.
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: .venv/kernels frontend
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations=20

lint: .venv/dev frontend/node_modules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd frontend && npm run --silent lint && npm run --silent types

# Build the documentation; fails where a page that shows output no longer shows the real one.
docs: docs-check docs-pages

docs-check: .venv/dev $(MODEL) $(SMALL_MODEL) $(TEXT)
	$(BIN)/python docs/generate.py --check

docs-pages: .venv/dev $(MODEL) $(SMALL_MODEL) $(TEXT)
	$(BIN)/python -m sphinx -W -q -b html docs out/docs
	@echo "documentation: out/docs/index.html"

# Write the pages that show output anew.
docs-write: .venv/dev $(MODEL) $(SMALL_MODEL) $(DIRECTIONS) $(TEXT)
	$(BIN)/python docs/generate.py

# Measure speed and memory beside their baselines, and write their pages. The published tables are
# fetched, or read from a folder: make bench DATA=folder.
bench: .venv/dev
	$(BIN)/python -m benchmarks $(if $(DATA),--data $(DATA))

# Build wheel and sdist; measure a model with the wheel in an empty environment.
wheel-check: .venv/dev
	$(BIN)/python tools/check_wheel.py

# Measure a thousand damaged and hostile files, each in a process of its own under limits.
mutants: .venv/dev
	PYTHONPATH=tests/support $(BIN)/python tests/support/mutants.py --mutants 1000

# Install the least versions that pyproject.toml declares, and run the commands with them.
minimums: .venv/dev
	$(BIN)/python tools/check_minimums.py

clean:
	rm -rf .venv .cache out dist build frontend/node_modules src/superscope/explorer/assets

$(MODEL): tools/fetch_models.py
	$(BIN)/python tools/fetch_models.py smollm2

$(SMALL_MODEL): tools/fetch_models.py
	$(BIN)/python tools/fetch_models.py minilm

$(DIRECTIONS): tools/fetch_models.py
	$(BIN)/python tools/fetch_models.py hidden-directions

$(TEXT): tools/fetch_text.py
	$(BIN)/python tools/fetch_text.py

# Bundle the explorer's page into the package, if its bundle is stale. It needs node.
frontend: frontend/node_modules
	cd frontend && npm run --silent build

frontend/node_modules: frontend/package-lock.json
	cd frontend && npm ci --silent
	@touch $@

.venv/package: $(INPUTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "superscope needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 2; }
	$(PIP) --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --constraint constraints.txt --upgrade pip uv
	$(INSTALL) --editable '.[cluster,explore,gguf,s3,text]'
	@touch $@

# Compile the kernels once, rather than in every process that comes first.
.venv/kernels: .venv/dev tools/compile_kernels.py
	$(BIN)/python tools/compile_kernels.py
	@touch $@

.venv/dev: .venv/package
	$(INSTALL) --group dev
	@touch $@
