# Requires make and Python 3.11 or newer. Everything else is installed into $(VENV) from the lock files.
.DEFAULT_GOAL := help
.PHONY: help run test test-fast faults bench lint format messages lock audit clean dist

VENV   ?= .venv
PORT   ?= 8000
SERVER ?= daphne
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# The Python client is a separate package. Use the one of this checkout, whatever is installed.
export PYTHONPATH := $(CURDIR)/clients/python/src

# A stamp that is older than its lock file means that the environment is outdated.
RUNTIME := $(VENV)/runtime.stamp
DEV     := $(VENV)/dev.stamp

help:
	@echo "make run       install, migrate, create demo data and serve on http://127.0.0.1:$(PORT)/"
	@echo "               (PORT=9000 for another port, SERVER=uvicorn for uvicorn instead of daphne)"
	@echo "make test      run all tests, in parallel (ARGS='-k receipts' for some of them)"
	@echo "make test-fast run all tests except those in a browser and those that stop servers"
	@echo "make bench     measure this project and the Node original (ARGS=--quick for a first look; needs Node 20, PostgreSQL, Redis)"
	@echo "make faults    inject random faults under load, on PostgreSQL and Redis (ARGS='--seed 7 --faults 1000')"
	@echo "make lint      check style, types, import rules and missing migrations"
	@echo "make format    format the code"
	@echo "make messages  update and compile the translations (needs GNU gettext)"
	@echo "make lock      update the lock files from pyproject.toml (ARGS=--upgrade for newer releases)"
	@echo "make dist      build the clients' packages for PyPI and npm into dist/ (needs npm)"
	@echo "make audit     check all locked dependencies for known vulnerabilities"
	@echo "make clean     remove the environment, the caches and the demo database"

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is required. Set its path with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.lock | $(BIN)/python
	$(PIP) --require-hashes -r requirements.lock
	@touch $@

$(DEV): requirements-dev.lock | $(BIN)/python
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

BENCH := $(VENV)/bench.stamp
$(BENCH): requirements-bench.lock $(DEV) | $(BIN)/python
	$(PIP) --require-hashes -r requirements-bench.lock
	@touch $@

# daphne's own options queue 50 connections. Clients that find the queue full wait a second.
run-daphne  = daphne -e tcp:port=$(PORT):interface=127.0.0.1:backlog=2048 --websocket-max-message-size 65536 chatsite.asgi:application
run-uvicorn = uvicorn --host 127.0.0.1 --port $(PORT) --loop uvloop --no-proxy-headers --ws-max-size 65536 chatsite.asgi:application

run: export DEBUG := 1
run: $(RUNTIME)
	$(if $(run-$(SERVER)),,$(error SERVER must be daphne or uvicorn, not "$(SERVER)"))
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo
	@echo "Serving on http://127.0.0.1:$(PORT)/ (Ctrl-C stops it)"
	@# Without Redis the server runs the background jobs itself. With Redis a worker process runs them.
	@if [ -n "$$REDIS_URL" ]; then \
		$(BIN)/python manage.py chat_worker & trap "kill $$! 2>/dev/null; wait" EXIT INT TERM; \
		$(BIN)/python -m $(run-$(SERVER)); \
	else exec $(BIN)/python -m $(run-$(SERVER)); fi

# tests/schedule.py decides how many processes run the tests, and in which order. ARGS='-n 0' runs them in one.
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test: $(DEV)
	$(PYTEST) $(ARGS)

test-fast: $(DEV)
	$(PYTEST) -m "not browser and not fault" $(ARGS)

bench: $(BENCH)
	$(BIN)/python -m bench $(ARGS)

faults: export DEBUG := 1
faults: $(DEV)
	$(BIN)/python -m tests.faults $(ARGS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DEBUG=1 DATABASE_URL= REDIS_URL= $(BIN)/python manage.py makemigrations --check --dry-run

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Catalogues have no line numbers, which would change with every edit of the code.
MESSAGES = $(BIN)/python manage.py makemessages --all --no-location --no-wrap --no-obsolete \
	--ignore .venv --ignore node_modules --ignore tests --ignore var
messages: export DEBUG := 1
messages: $(DEV)
	$(MESSAGES) --domain django
	$(MESSAGES) --domain djangojs
	cd chatsite/web && $(abspath $(BIN))/python $(CURDIR)/manage.py compilemessages
	cd notifications && $(abspath $(BIN))/python $(CURDIR)/manage.py compilemessages

# The runtime lock is compiled first and constrains the others, so that tests run on the deployed versions.
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate
lock: | $(BIN)/python
	test -x $(BIN)/uv || $(PIP) uv
	$(COMPILE) $(ARGS) pyproject.toml --output-file requirements.lock
	$(COMPILE) $(ARGS) pyproject.toml --extra build --constraint requirements.lock --output-file requirements-build.lock
	$(COMPILE) $(ARGS) pyproject.toml --extra dev --extra build --constraint requirements.lock --output-file requirements-dev.lock
	$(COMPILE) $(ARGS) pyproject.toml --extra bench --constraint requirements-dev.lock --output-file requirements-bench.lock
	$(COMPILE) $(ARGS) pyproject.toml --extra s3 --constraint requirements-dev.lock --output-file requirements-s3.lock

# Without --strict, an unknown package and a service that does not answer would count as safe.
AUDITED := requirements.lock requirements-s3.lock requirements-build.lock requirements-dev.lock requirements-bench.lock
audit: $(DEV)
	$(foreach lock,$(AUDITED),$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $(lock) && ) true
	$(foreach lock,$(wildcard tests/*/package-lock.json tests/*/node/package-lock.json),npm audit --prefix $(dir $(lock)) --package-lock-only && ) true

# dist/ has only files of this build.
DIST ?= dist
dist: $(DEV)
	rm -rf $(DIST)
	mkdir -p $(DIST)
	$(BIN)/uv build --quiet --no-create-gitignore --out-dir $(DIST) clients/python
	npm pack --silent --pack-destination $(DIST) ./clients/javascript

clean:
	rm -rf $(VENV) dist var .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
