# Every target sets up what it needs; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
PYTHON_IS_GIVEN := $(filter-out file,$(origin PYTHON))
ENV ?= dev
ENV_IS_GIVEN := $(filter-out file,$(origin ENV))
# Only from the command line: some shells, such as WSL's, have a NAME of their own.
NAME :=
# What a person passes reaches programs unchanged: make must not expand it, and it must not become shell text. Partners
# choose the keys of files, which may contain quotes, blanks and dollar signs.
inputs = $(foreach input,$(1),$(eval override export $(input) := $$(value $(input))))
$(call inputs,ACCOUNT AGAINST BENCH CAPABILITY DEFAULTS FROM LOAD LOSS MUTANTS NAME PYTHON REGION TEST UPSTREAM YES)
# ENV itself is not exported: a make that a test starts would treat the default as a choice.
override ENV := $(value ENV)
export SELECTED_ENV := $(ENV)
export CHECKOUT := $(CURDIR)
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(value PATH)
# Asset hashes and snapshots must not depend on who runs this, and nothing here asks questions.
export PYTHONHASHSEED := 0
export PIP_NO_INPUT := 1

# Packages that run on AWS: functions, and apps such as those of optional capabilities.
FUNCTIONS = $(patsubst lambda_src/%/__init__.py,-p %,$(wildcard lambda_src/*/__init__.py))
APPS = $(patsubst %/__init__.py,-p %,$(wildcard *_src/__init__.py))

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^# ---- / { gsub(/^# -+ | -+$$/, ""); heading = "\n" $$0 ":\n" } \
	  /^[a-z-]+:.*## / { printf "%s  make %-14s %s\n", heading, $$1, $$2; heading = "" } \
	  END { print "" }' $(MAKEFILE_LIST)
	@echo "Values: ENV=local|dev|staging|prod ($$SELECTED_ENV), ACCOUNT=, REGION=, TEST='-k name' (make test), BENCH=loading (make bench), AGAINST=deployed, released or any git revision (make plan)"

# ---- on this machine -------------------------------------------------------------------------------------------

.PHONY: up
up: setup ## Bring the whole architecture up on this machine and load the sample files
	@PYTHONPATH=lambda_src python -m scripts.migration --check
	@python -m local_cloud up

.PHONY: down
down: ## Stop all of it; its data stays, and the next `make up` continues with it
	@if [ -x .venv/bin/python ]; then python -m local_cloud down; else echo "Nothing is set up here, so nothing runs."; fi

.PHONY: reset
reset: ## Delete the data of the local cloud, after saying what; YES=1 does not ask
	@if [ -x .venv/bin/python ]; then python -m local_cloud reset $(if $(filter 1,$(YES)),--yes); else echo "Nothing is set up here, so there is no data."; fi

.PHONY: status
status: setup ## Show what runs, and what it contains
	@python -m local_cloud status

# Whole groups of tests run in one process (tests/conftest.py). Three processes on two cores, because tests of the local
# cloud mostly wait.
# TEST is split into arguments as a shell would split it, but without executing anything.
PYTEST = python -c 'import os, shlex, sys; os.execvp("python", ["python", "-m", "pytest", *sys.argv[1:], *shlex.split(os.environ["TEST"])])'
PARALLEL = --dist loadgroup --no-loadscope-reorder

.PHONY: test
test: setup ## Run every test, on a local cloud of its own
	@$(PYTEST) --numprocesses 3 $(PARALLEL)

.PHONY: test-fast
test-fast: setup ## Run the tests that need no server, except random networks, variants and whole builds
	@$(PYTEST) --numprocesses 2 $(PARALLEL) --ignore tests/integration -m "not slow and not thorough"

.PHONY: test-slow
test-slow: setup ## Draw many more networks, changes and datasets than `make test`, and remove each permission once
	@NETWORK_EXAMPLES=200 CHANGE_PAIRS=200 DATASET_EXAMPLES=200 $(PYTEST) --timeout 1800 -m "slow or not slow" \
	  tests/architecture/test_network_space.py tests/architecture/test_changing_page.py tests/integration/privileges \
	  tests/integration/database/test_drawn_datasets.py tests/unit/lambda_src/ingestion/test_slowest_file.py

.PHONY: mutants
mutants: setup ## Make realistic mistakes, one at a time, each of which a test must name; MUTANTS="NAT gateway" for some
	@python -m tests.mutants $(if $(MUTANTS),"$$MUTANTS")

.PHONY: check
check: setup ## Check format, lint and types
	@ruff format --check --quiet . || { echo "Some files are not formatted: make format"; exit 1; }
	@ruff check --quiet .
	@mypy --no-error-summary app.py bench checks components config ops scripts stacks tabular tests
	@mypy --no-error-summary local_cloud
	@cd lambda_src && mypy --no-error-summary $(FUNCTIONS)
	@$(if $(APPS),mypy --no-error-summary $(APPS))
	@echo "Format, lint and types are clean."

.PHONY: format
format: setup ## Format the code and fix what the linter can
	@ruff check --fix --quiet . || true
	@ruff format .

.PHONY: snapshots
snapshots: setup ## Write snapshots and the generated pages of docs/ again; read the diff before you commit it
	@python -m pytest -q -m "slow or not slow" --timeout 1500 --update-snapshots tests/stacks/test_snapshots.py \
	  tests/stacks/test_rules.py tests/architecture/test_reachability_page.py tests/architecture/test_permissions.py \
	  tests/architecture/test_changing_page.py tests/unit/scripts/migration/test_tables.py \
	  tests/unit/lambda_src/ingestion/test_samples.py
	@git --no-pager diff --stat -- tests/snapshots docs datasets

.PHONY: migration
migration: setup ## Write the migration that gives the database the tables that datasets/ declares; NAME="what it does", DEFAULTS="orders.site=unknown", LOSS=accept
	@PYTHONPATH=lambda_src python -m scripts.migration --name="$$NAME" --defaults="$$DEFAULTS" $(if $(filter accept,$(LOSS)),--accept-loss)

.PHONY: plan
plan: setup ## Show what your branch changes in ENV, and what AWS would refuse, without credentials; or AGAINST=deployed
ifeq ($(AGAINST),deployed)
	$(call run_ops,environment) plan --account="$$ACCOUNT"
else
	@python -m scripts.plan --env="$$SELECTED_ENV" --against="$$AGAINST" --account="$$ACCOUNT" --region="$$REGION"
endif

.PHONY: cost
cost: setup ## Estimate what ENV costs in a month, from a price table, without credentials; LOAD="users=40" for another load
	@python -m scripts.cost --env="$$SELECTED_ENV" --region="$$REGION" --load="$$LOAD"

.PHONY: mark-released
mark-released: setup ## Keep the current templates as the released ones, after showing what changes
	@python -m pytest -q -s tests/architecture/test_released.py --mark-released -k "$(if $(ENV_IS_GIVEN),[$$SELECTED_ENV],test_a_deployment_loses)"
	@git --no-pager diff --stat -- tests/released

.PHONY: bench
bench: setup ## Measure speed and memory, as ratios within one run; writes .local/bench.json
	@PYTHONPATH=lambda_src python -m bench $(if $(BENCH),"$$BENCH")

# ---- on AWS ----------------------------------------------------------------------------------------------------

.PHONY: synth
synth: setup ## Synthesize ENV's templates into cdk.out/ENV, without credentials
	@python -m ops.environment.synth --env="$$SELECTED_ENV" --account="$$ACCOUNT" --region="$$REGION"

.PHONY: deploy
deploy: aws-not-local setup ## Deploy ENV (a real account; once before: make bootstrap); YES=1 does not ask before it widens permissions, LOSS=accept deletes content
	@if [ "$$SELECTED_ENV" = local ]; then echo "local is deployed by: make up"; exit 1; fi
	@python -m ops.environment --env="$$SELECTED_ENV" --region="$$REGION" deploy --account="$$ACCOUNT" $(if $(filter 1,$(YES)),--yes) $(if $(filter accept,$(LOSS)),--accept-loss)

.PHONY: aws-not-local
aws-not-local:
	@case "$${AWS_ENDPOINT_URL:-}" in *127.0.0.1*|*localhost*) \
	  echo "This shell uses the local cloud (AWS_ENDPOINT_URL, from .local/env.sh): open a new one for AWS."; exit 1;; esac

# ---- an environment, on AWS or on this machine (docs/runbook/README.md) ------------------------------------------

-include $(wildcard ops/*/targets.mk)

# ---- the repository itself -------------------------------------------------------------------------------------

.PHONY: setup
setup: ## Set up .venv, Node where it is missing, and the CDK command line
# Without PYTHON=, the Python of .venv stays: another one would make all of it again.
	@$(if $(PYTHON_IS_GIVEN),,[ ! -x .venv/bin/python ] || PYTHON=.venv/bin/python;) \
	command -v "$$PYTHON" >/dev/null || { echo "Python 3.11.5 or newer is needed, and '$$PYTHON' is not there. Name yours: make PYTHON=python3.12"; exit 1; }; \
	"$$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3,))' || { echo "Python 3.11.5 or newer is needed, and '$$PYTHON' is Python 2. Name yours: make PYTHON=python3.12"; exit 1; }; \
	PATH="$${PATH#"$$CHECKOUT"/.venv/bin:}" "$$PYTHON" scripts/bootstrap.py

.PHONY: lock
lock: setup ## Resolve all requirements again, with hashes
	@python -m scripts.lock

.PHONY: sbom
sbom: setup ## Write what each asset of ENV contains to .local/sbom (CycloneDX), and check the licences
	@python -m scripts.sbom --env="$$SELECTED_ENV"

.PHONY: audit
audit: setup ## Look up known vulnerabilities of every locked package; needs the network
	@python -m scripts.audit

.PHONY: remove
remove: setup ## Delete an optional capability for good: CAPABILITY=name; without it, list them
	@python -m scripts.remove -- "$$CAPABILITY"

.PHONY: dataset
dataset: setup ## Draft a dataset from a CSV file, with samples and migration: NAME=returns FROM=file.csv
	@[ -n "$$NAME" ] && [ -n "$$FROM" ] || { echo "Say what to draft: make dataset NAME=suppliers FROM=suppliers.csv"; exit 1; }
	@python -m scripts.dataset --name="$$NAME" --from="$$FROM"
	@PYTHONPATH=lambda_src python -m scripts.migration --name="$$NAME" --defaults=""

.PHONY: rename
rename: setup ## Give the project another name: NAME=acme
	@python -m scripts.rename -- "$$NAME"

.PHONY: upstream
upstream: setup ## Merge a newer upstream into a fork; UPSTREAM=upstream/main
	@python -m scripts.upstream $(if $(UPSTREAM),-- "$$UPSTREAM")

.PHONY: test-removal
test-removal: setup ## Remove each optional capability from a copy, and check what remains; CAPABILITY=name for one
	@python -m scripts.try_removal -- "$$CAPABILITY"
