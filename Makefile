# Parlor: `make run` is all a new machine needs. Every target makes what it depends on.

# The first interpreter that is new enough, else python3, which platform/bootstrap.py then turns away with a sentence.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; done; echo python3)
SOURCES = manage.py platform rooms chat api tests
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate
BENCHMARKS = fan_out ingest idle resume_storm history inbox search page scale_out ceiling
.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done

.PHONY: run
run: ## Install what is missing, migrate, and serve on 127.0.0.1:$PORT (8000)
	@$(PYTHON) platform/bootstrap.py base
	@exec .venv/bin/python manage.py serve

.PHONY: dev
dev: ## Install the environment that tests and checks need
	@$(PYTHON) platform/bootstrap.py dev

.PHONY: test
test: dev ## Run the tests; ARGS="tests/test_x.py -x" narrows them
	@exec .venv/bin/python -m pytest -q $(ARGS)

.PHONY: promise
promise: dev ## Torture the promise with 100,000 messages; ARGS="-k power_cuts" narrows it
	@PROMISE_MESSAGES=100000 exec .venv/bin/python -m pytest -q -s tests/test_promise.py $(ARGS)

.PHONY: check
check: dev ## House, format, types, layers, migrations: what .ci/run asks before the tests
	.venv/bin/ruff check $(SOURCES)
	.venv/bin/ruff format --check $(SOURCES)
	.venv/bin/mypy
	PYTHONPATH=platform .venv/bin/lint-imports
	.venv/bin/python manage.py makemigrations --check --dry-run
	.venv/bin/python -m pytest -q tests/test_house.py

.PHONY: format
format: dev ## Format the code and mend what the linter can
	.venv/bin/ruff check --fix $(SOURCES)
	.venv/bin/ruff format $(SOURCES)

.PHONY: contracts
contracts: dev ## Write openapi.yaml and asyncapi.yaml anew (a test fails while they are stale)
	.venv/bin/python manage.py contracts

.PHONY: bench
bench: dev ## Measure everything (ten minutes, nothing else running), and write it into platform/bench/README.md
	@for name in $(BENCHMARKS); do \
		echo "== $$name"; .venv/bin/python platform/bench/$$name.py --json platform/bench/results/$$name.json || exit 1; done
	.venv/bin/python platform/bench/report.py

.PHONY: pictures
pictures: dev ## Draw the pictures of platform/docs anew; ARGS="--all FOLDER" draws every page there
	@exec .venv/bin/python platform/docs/pictures.py $(ARGS)

.PHONY: lock
lock: dev ## Compile requirements/*.txt anew; ARGS=--upgrade takes newer versions
	$(COMPILE) $(ARGS) pyproject.toml --extra postgres --extra redis -o requirements/base.txt
	$(COMPILE) $(ARGS) pyproject.toml --all-extras -c requirements/base.txt -o requirements/dev.txt
	echo pip | $(COMPILE) $(ARGS) - -o requirements/pip.txt

.PHONY: clean
clean: ## Remove what tests and checks leave behind (never .venv, never the data in var/)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
