# `make` lists the commands. Each sets up what it needs, and only what has changed since.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/sh

# Each mark lies inside what it vouches for, and the environment's bears the name of this folder:
# whatever is deleted, or moved to where its paths are wrong, is made again.
VENV      := .venv/made-in-$(shell pwd | cksum | cut -d' ' -f1)
INSTALLED := .venv/installed
TESTABLE  := .venv/installed-for-tests
PACKAGES  := web/node_modules/.installed
ASSETS    := web/static/built/manifest.json
OWN       := $(wildcard web/scripts/*.js web/styles/*.css)

PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet --no-input
UV  := uv==0.13.9

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(INSTALLED) $(ASSETS) ## Set up, start the demonstration, print its addresses and sign-ins
	@.venv/bin/tiemchung demo

.PHONY: demo-reset
demo-reset: $(INSTALLED) $(ASSETS) ## Start the demonstration over; all its data is lost
	@.venv/bin/tiemchung demo --reset

.PHONY: stop
stop: ## Stop the demonstration and its database
	@if [ -x .venv/bin/tiemchung ]; then .venv/bin/tiemchung stop; fi

.PHONY: stop-tests
stop-tests: ## Stop the database that the tests leave running
	@if [ -d .data-test ]; then TIEMCHUNG_DATA_DIR=.data-test .venv/bin/tiemchung stop; fi

.PHONY: run
run: $(INSTALLED) $(ASSETS) ## Run the web application and a worker in the foreground; Ctrl-C ends both
	@.venv/bin/tiemchung migrate
	@.venv/bin/tiemchung work & worker=$$!; trap 'kill $$worker' EXIT; .venv/bin/tiemchung serve

.PHONY: test
test: $(TESTABLE) $(ASSETS) ## Check the code and run every test
	@.ci/ensure-chromium
	@$(MAKE) --no-print-directory check
	@# What is compiled is kept, also where the surroundings say otherwise: tests start programs of their own.
	PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -n 2 $(PYTEST)

.PHONY: check
check: $(TESTABLE) ## Check style, types and the floors of the architecture
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	PYTHONPATH=. .venv/bin/lint-imports

.PHONY: assets
assets: $(ASSETS) ## Bundle what browsers need

.PHONY: lock
lock: $(INSTALLED) ## Resolve the dependencies anew and write the lock files
	$(PIP) install $(UV)
	.venv/bin/uv pip compile $(COMPILE) --extra build -o requirements.lock pyproject.toml
	.venv/bin/uv pip compile $(COMPILE) --extra build --extra test -o requirements-test.lock pyproject.toml
	cd web && npm install --package-lock-only

COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(UPGRADE)

$(VENV):
	@echo "Making a virtual environment in .venv ..."
	@.ci/make-venv
	@touch $@

$(INSTALLED): requirements.lock pyproject.toml $(VENV)
	@echo "Installing Python packages ..."
	@$(PIP) install --require-hashes --no-deps --only-binary :all: -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(TESTABLE): requirements-test.lock $(INSTALLED)
	@echo "Installing what the tests need ..."
	@$(PIP) install --require-hashes --no-deps --only-binary :all: -r requirements-test.lock
	@touch $@

$(PACKAGES): web/package.json web/package-lock.json web/.npmrc
	@.ci/ensure-node
	@echo "Installing browser packages ..."
	@cd web && npm ci --silent
	@touch $@

$(ASSETS): $(PACKAGES) web/build.mjs web/maps.mjs $(OWN)
	@echo "Bundling what browsers need ..."
	@cd web && node build.mjs
