# Kadence. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
WORKERS ?= 2
# Where integration tests have MongoDB and Kafka: local, or containers.
SERVERS ?= local
export PYTHONTZPATH :=

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/local ## Start everything on this machine and play the story (ARGS=--exit: end after it)
	@$(BIN)/python -m deploy.local.demo $(ARGS)

.PHONY: test
test: check ## Everything: check, then laws, end-to-end, browser, integration and fault tests on real servers, containers
	$(BIN)/pytest tests/laws tests/e2e tests/browser -n $(WORKERS) --dist loadscope --randomly-dont-reorganize
	KADENCE_TEST_SERVERS=$(SERVERS) $(BIN)/pytest tests/integration -n $(WORKERS) --dist loadscope
	$(BIN)/pytest tests/faults -n $(WORKERS) --dist loadscope
	$(BIN)/pytest tests/containers -n 0 --ignore tests/containers/test_ha.py
	$(BIN)/pytest tests/containers/test_ha.py -n 0

.PHONY: check
check: $(VENV)/dev ## Style, types, import rules, unit, architecture and contract tests (about a minute and a half)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest tests/unit tests/architecture tests/contract -n $(WORKERS) -p no:schemathesis

.PHONY: screenshots
screenshots: $(VENV)/dev ## Take the pictures in docs/pages anew, in a real Chromium
	$(BIN)/pytest tests/browser/test_every_page.py tests/browser/test_charts.py --screenshots docs/pages

.PHONY: format
format: $(VENV)/dev ## Put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(VENV)/dev ## Measure booking, messages and follow-up on real servers (JSON and a table)
	$(BIN)/python -m bench $(ARGS)

.PHONY: install
install: $(VENV)/dev ## Make the virtual environment with everything that checks and tests need

.PHONY: env
env: ## Make .env and fresh random secrets for docker-compose (PROFILES=dev,observability,ha)
	$(PYTHON) -m deploy.make_env $(PROFILES)

.PHONY: images
images: $(VENV)/local ## Build every image of docker-compose without a container registry (Debian 12, as root)
	$(BIN)/python -m deploy.airgap

.PHONY: contracts
contracts: $(VENV)/dev ## Write the generated AsyncAPI description anew
	$(BIN)/python -m shared.contracts.asyncapi

.PHONY: lock
lock: $(VENV)/dev ## Pin the requirements anew (needs uv)
	for set in runtime mail local twilio dev; do \
	  uv pip compile --universal --generate-hashes --no-header --quiet --python-version 3.11 \
	    requirements/$$set.in -o requirements/$$set.txt || exit 1; \
	done

.PHONY: clean-data
clean-data: ## Forget the demo's data, secrets, mail and logs
	rm -rf .data

$(VENV)/python: 
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "No venv module: apt-get install python3-venv"; exit 1; }
	@touch $@

$(VENV)/local: $(VENV)/python requirements/local.txt
	@echo "installing what the platform needs into $(VENV) (once, about half a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/local.txt \
	  || { echo "Download failed: see above; check the network or pip's settings, then run the same command again"; exit 1; }
	@touch $@

$(VENV)/dev: $(VENV)/python requirements/dev.txt
	@echo "installing what checks and tests need into $(VENV) (once, about half a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt \
	  || { echo "Download failed: see above; check the network or pip's settings, then run the same command again"; exit 1; }
	@touch $(VENV)/local $@
