# Everything a person does with this repository. The only needs are Python 3.11 or newer with pip, git and make.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
PYTEST_WORKERS ?= 2

# An environment is made anew whenever its lock changes. `--without-pip` and `pip --python` need no ensurepip, which
# Debian packages apart; the lock is complete, so that pip resolves nothing (`--no-deps`).
define environment
	$(PYTHON) -m venv --clear --without-pip $(1)
	$(PYTHON) -m pip --python $(1)/bin/python install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $(2)
endef

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.venv/installed: requirements/dev.txt pyproject.toml
	$(call environment,.venv,requirements/dev.txt)
	$(PYTHON) -m pip --python .venv/bin/python install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

.venv-lint/installed: requirements/lint.txt
	$(call environment,.venv-lint,requirements/lint.txt)
	@touch $@

.venv-checkov/installed: requirements/checkov.txt
	$(call environment,.venv-checkov,requirements/checkov.txt)
	@touch $@

.venv-audit/installed: requirements/audit.txt
	$(call environment,.venv-audit,requirements/audit.txt)
	@touch $@

.venv-bench/installed: requirements/bench.txt
	$(call environment,.venv-bench,requirements/bench.txt)
	@touch $@

.PHONY: setup
setup: .venv/installed ## Install what Showrunner needs on this machine, into .venv.

.PHONY: episode
episode: .venv/installed ## Make the sample episode on this machine.
	@.venv/bin/episode run events/sample-episode

.PHONY: test
test: .venv/installed ## Run all tests but those of the packages.
	.venv/bin/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup --ignore tests/packages

.PHONY: packages
packages: .venv/installed .venv-lint/installed ## Build what is deployed, look at it, and make an episode with it.
	.venv/bin/python -m pytest tests/packages

.PHONY: unit
unit: .venv/installed ## Run the unit tests: seconds, no AWS.
	.venv/bin/python -m pytest -n $(PYTEST_WORKERS) tests/unit

.PHONY: chaos
chaos: .venv/installed ## Make 500 random episodes while everything goes wrong; compare with the invoices.
	@.venv/bin/python -m tests.chaos --workers $(PYTEST_WORKERS) $(if $(SEED),--seed $(SEED)) \
		$(if $(ROUND),--round $(ROUND)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(EPISODES),--episodes $(EPISODES))

.PHONY: bench
bench: .venv/installed .venv-bench/installed ## Measure orchestrating, many episodes at once, and assembling (see benchmarks/results.md).
	@.venv/bin/python -m benchmarks.orchestration $(if $(LINES),--lines $(LINES))
	@.venv/bin/python -m benchmarks.scale
	@.venv/bin/python -m benchmarks.assemble --rivals .venv-bench/bin/python $(if $(MINUTES),--minutes $(MINUTES))

# The state machine, three times: AWS Labs' StateLint, AWS's schema within cfn-lint, and the rules of our own tests.
# FLOAT: StateLint wants 2.0 where the language, as JSON, has numbers only. Step Functions' own validator
# (ValidateStateMachineDefinition) cannot be had without an account.
.PHONY: lint
lint: .venv/installed .venv-lint/installed .venv-checkov/installed ## Check code, types, template and state machine.
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv-lint/bin/cfn-lint template.yaml
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .venv-lint/bin/sam validate --lint --template template.yaml
	.venv-lint/bin/statelint --ignore=FLOAT statemachine/episode.asl.json
	.venv/bin/python -m tests.unit.template.plot_template | .venv-lint/bin/cfn-lint
	.venv/bin/python -m pytest -q -p no:randomly tests/unit/template
	.venv-checkov/bin/checkov --quiet --compact --framework cloudformation --skip-download --file template.yaml --config-file .checkov.yaml

# Strict: what could not be looked up has not been found harmless.
.PHONY: audit
audit: .venv-audit/installed ## Look for known vulnerabilities in what is deployed and developed with (needs the network).
	.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
		$(foreach lock,$(wildcard shared/requirements/*.txt),--requirement $(lock)) \
		--requirement requirements/dev.txt

.PHONY: format
format: .venv/installed ## Format the code.
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

.PHONY: schema
schema: .venv/installed ## Write the JSON Schemas, and the pages about the ledger and the providers, anew.
	.venv/bin/python -m shared.script.schema > docs/script.schema.json
	.venv/bin/python -m shared.workflow.event_schemas > docs/events.schema.json
	.venv/bin/python -m shared.ledger.documentation > docs/ledger.md
	.venv/bin/python -m shared.providers.documentation > docs/capabilities.md

.PHONY: walkthrough
walkthrough: .venv/installed ## Make an episode step by step, and write docs/walkthrough.md anew.
	@.venv/bin/python -m tests.walkthrough

.PHONY: lock
lock: .venv/installed ## Lock the dependencies anew, with hashes (needs uv).
	@for wanted in shared/requirements/*.in requirements/*.in; do \
		uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
			--no-emit-find-links --custom-compile-command "make lock" $$wanted --output-file $${wanted%.in}.txt; \
	done

.PHONY: clean
clean: ## Remove environments and what local runs have kept.
	rm -rf .venv .venv-lint .venv-checkov .venv-bench .venv-audit .showrunner out .aws-sam build .pytest_cache .mypy_cache .ruff_cache .hypothesis
