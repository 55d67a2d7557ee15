# Everything from a bare machine with Python 3.11 and make. Settings come from the
# environment: MQL_RAW_PATH, MQL_WAREHOUSE_PATH, MQL_TARGET (see README.md).

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
INSTALLED := $(VENV)/.installed
RUN := $(VENV)/bin/python
UV := $(VENV)/bin/uv pip
# what is compiled once is not compiled at each start, also where Python may not keep it
QUICK := --quiet --compile-bytecode
POSTGRES := $(VENV)/.installed-postgres
SPARK := .venv-spark/.installed
# what a command needs beside the environment itself, by the engine it is for
ENGINE := $(if $(filter postgres,$(MQL_TARGET)),$(POSTGRES))

DAGSTER_VENV := .venv-dagster
DAGSTER_INSTALLED := $(DAGSTER_VENV)/.installed
DAGSTER := $(DAGSTER_VENV)/bin/dagster
DAGSTER_HOME := $(CURDIR)/warehouse/dagster

.DEFAULT_GOAL := help
.PHONY: help build run status sample summary audit definition review test bench \
	bench-engines test-engines test-postgres test-spark spark dagster test-dagster lint \
	requirements clean

help: ## list what make can do
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | sort

build: $(INSTALLED) $(ENGINE) ## raw files (or the sample) to marts, all tests, a summary
	@$(RUN) -m mql build

run: $(INSTALLED) $(ENGINE) ## what is new to marts: build, audit, publish (for schedules)
	@$(RUN) -m mql run

status: $(INSTALLED) $(ENGINE) ## the last good run, the last attempt, who is at work
	@$(RUN) -m mql status

sample: $(INSTALLED) ## write the sample data anew
	@$(RUN) -m mql sample

summary: $(INSTALLED) $(ENGINE) ## what the last build made
	@$(RUN) -m mql summary

audit: $(INSTALLED) $(ENGINE) ## check the raw tables and the marts of the last build
	@$(RUN) -m mql audit

definition: $(INSTALLED) ## the agreement of marketing and sales, from the seeds
	@$(RUN) -m mql definition

review: $(INSTALLED) $(ENGINE) ## the page of the monthly review, from the marts
	@$(RUN) -m mql review

test: $(INSTALLED) ## all tests on the embedded engine, a file of them on each core
	@$(RUN) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test-engines: test-postgres test-spark ## the same on PostgreSQL and Spark

test-postgres: TESTS := tests/engines --ignore tests/engines/test_spark.py
test-postgres: $(POSTGRES)
	@$(RUN) -m pytest $(TESTS)

test-spark: TESTS := tests/engines/test_spark.py
test-spark: $(POSTGRES) $(SPARK)
	@$(RUN) -m pytest $(TESTS)

dagster: $(DAGSTER_INSTALLED) ## schedules, sensor and runs at http://127.0.0.1:3000
	@mkdir -p $(DAGSTER_HOME) && cp mql/scheduling/dagster.yaml $(DAGSTER_HOME)
	@DAGSTER_HOME=$(DAGSTER_HOME) DAGSTER_DISABLE_TELEMETRY=1 $(DAGSTER) dev \
		--host 127.0.0.1 --working-directory . \
		--module-name mql.scheduling.definitions

test-dagster: $(DAGSTER_INSTALLED) ## the Dagster code location, materialised
	@$(DAGSTER_VENV)/bin/dbt parse --quiet
	@DAGSTER_DISABLE_TELEMETRY=1 $(DAGSTER_VENV)/bin/python -m pytest tests/dagster

bench: $(INSTALLED) ## what it costs, on generated data: make bench WORKLOADS="S L"
	@$(RUN) benchmarks/bench.py $(WORKLOADS)

bench-engines: $(POSTGRES) $(SPARK) ## the same build on each engine: WORKLOADS="S M"
	@$(RUN) benchmarks/bench.py $(WORKLOADS) --engines duckdb postgres spark

lint: $(INSTALLED) ## SQL, Python and YAML style, and the project's conventions
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/yamllint --strict .
	$(VENV)/bin/dbt parse --quiet
	$(VENV)/bin/dbt-bouncer run --config-file dbt-bouncer.yml
	$(VENV)/bin/sqlfluff lint models tests/singular analyses

# Stamped, so that a second run does not install again; a changed lock does.
$(INSTALLED): requirements.txt requirements-bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
		echo "Python 3.11 is needed; set PYTHON to it: make PYTHON=/path/to/python3.11"; \
		exit 1; }
	@echo "Installing the environment into $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --require-hashes \
		-r requirements-bootstrap.txt
	@$(UV) sync $(QUICK) --python $(RUN) --require-hashes requirements.txt \
		requirements-bootstrap.txt
	@touch $@

# Into the same environment: psycopg2 brings its own client library.
$(POSTGRES): $(INSTALLED) requirements-postgres.txt
	@echo "Adding what PostgreSQL needs to $(VENV) (once) ..."
	@$(UV) install $(QUICK) --python $(RUN) --require-hashes \
		-r requirements-postgres.txt
	@touch $@

$(DAGSTER_INSTALLED): requirements-dagster.txt $(INSTALLED)
	@echo "Installing Dagster into $(DAGSTER_VENV) (once) ..."
	@$(PYTHON) -m venv --without-pip $(DAGSTER_VENV)
	@$(UV) sync $(QUICK) --python $(DAGSTER_VENV)/bin/python --require-hashes \
		requirements-dagster.txt
	@touch $@

# An environment of its own, with Spark in it; it needs Java 17 beside it.
spark: $(SPARK) ## the environment that dbt needs on Spark, .venv-spark

$(SPARK): $(INSTALLED) requirements-spark.txt
	@echo "Installing Spark into .venv-spark (once) ..."
	@$(PYTHON) -m venv --without-pip .venv-spark
	@$(UV) sync $(QUICK) --python .venv-spark/bin/python --require-hashes \
		requirements-spark.txt
	@touch $@

# each after the one it keeps to
requirements: $(INSTALLED) ## lock requirements*.in, with hashes
	for list in requirements requirements-postgres requirements-spark \
		requirements-dagster; do \
		$(UV) compile --quiet --python-version 3.11 --generate-hashes \
			--no-annotate --no-header --no-emit-index-url --no-emit-find-links \
			$$list.in --output-file $$list.txt && \
		sed -i "1i # Locked by \`make requirements\` from $$list.in." $$list.txt \
			|| exit 1; \
	done

clean: ## remove what was built (not the environment, nor the logs in operations)
	rm -rf target logs warehouse/mql.duckdb* warehouse/marts.duckdb \
		warehouse/handoffs.duckdb warehouse/published warehouse/sample warehouse/audit \
		warehouse/definition warehouse/review
