# Everything runs from a virtual environment that is made here from the lock files.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help demo test slow oldest coverage lint format samples docs translations validate bench fonts lock build clean

help:  ## Say what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/runtime  ## Fetch a month from an emulator of the API and render its customers
	$(BIN)/reporter demo --out demo

test: .venv/dev  ## Run the tests, but for the slow ones
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" $(ARGS)

slow: .venv/dev  ## Run the slow tests: killed senders, flipped bits, large workbooks
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

OLDEST := tests/jobs tests/sources/table/test_table_reading.py tests/store/test_outbox.py tests/store/test_tallies.py
oldest: .venv-oldest/made  ## Run some tests with the oldest dependencies that pyproject.toml allows
	.venv-oldest/bin/python -m pytest -n 2 --dist worksteal -m "not slow" $(OLDEST)

# Where tests that are run with --cov measure, in a folder of its own: processes that are killed leave
# half a file, and some tests count files.
export COVERAGE_FILE := $(CURDIR)/.measured/coverage
coverage:  ## Run the tests, and say which lines and branches they miss
	rm -rf .measured
	$(MAKE) test ARGS="--cov --cov-report=term $(ARGS)"

lint: .venv/dev  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev  ## Mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

samples: .venv/dev  ## Make sample_reports/ anew from the demo; pages that look different are shown first
	$(BIN)/python -m tests.samples $(ARGS)

docs: .venv/dev  ## Make docs/templates.md anew from the code
	$(BIN)/python -m tests.template_docs

translations: .venv/dev  ## Gather the texts of code and templates into reporter/translations
	$(BIN)/python -m tests.catalogues

validate: .venv/dev  ## Have outside validators judge samples and every language (needs Java and Node)
	$(BIN)/python -m tests.in_every_language .validators/languages
	$(BIN)/python -m tests.validators sample_reports .validators/languages

bench: .venv/dev  ## Run all benchmarks (takes long; needs Chromium)
	@for name in pdf jobs_sheet fetch details store run; do $(BIN)/python -m benchmarks.$$name || exit 1; done

fonts: .venv/dev  ## Take the bundled fonts anew from their npm packages (needs npm)
	$(BIN)/python -m tests.fonts

lock: .venv/dev  ## Pin the newest dependencies the ranges in pyproject.toml allow
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --custom-compile-command "make lock" pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --custom-compile-command "make lock" pyproject.toml --group build --group dev --group bench --group validate \
	  -c requirements.lock -o requirements-dev.lock

build: .venv/dev  ## Build the wheel and the source archive into dist/
	$(BIN)/uv build --quiet --no-build-isolation --out-dir dist

clean:  ## Take away all that was made here
	rm -rf .venv .venv-oldest .measured .validators .looks demo dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# The project itself is installed without a look at any registry: its build tools are in the lock.
.venv/runtime: .venv/made requirements.lock pyproject.toml
	@echo "Setting up .venv from requirements.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@sh tests/system_libraries.sh $(BIN)/python
	@touch $@

.venv/dev: .venv/made requirements-dev.lock pyproject.toml
	@echo "Setting up .venv from requirements-dev.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@sh tests/system_libraries.sh $(BIN)/python
	@touch $@

# Beside .venv, and not from the lock files: what somebody may have who installs with old packages.
.venv-oldest/made: .venv/dev pyproject.toml
	@echo "Setting up .venv-oldest from the lower bounds in pyproject.toml"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-oldest
	@$(BIN)/uv pip install --quiet --python .venv-oldest/bin/python --resolution lowest-direct --group dev --editable .
	@touch $@
