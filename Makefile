# Two words do everything on a fresh machine with Python 3.11 or newer: `make demo`, `make test`.

ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
# The first Python that runs and is new enough.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: demo test soak bench lint format lock sbom licences audit release clean

demo: $(VENV)/run
	@exec $(BIN)/headcount demo $(ARGS)

test: $(VENV)/dev
	$(BIN)/pytest --numprocesses=2 --database=sqlite $(ARGS)
	$(BIN)/pytest --numprocesses=2 --database=postgresql $(ARGS)

# The long form of what the tests hold: measures each bar of the README's table and renews it.
soak: $(VENV)/dev
	$(BIN)/python -m tests.soak $(ARGS)

# Takes a quarter of an hour, and a machine that does nothing else. With Node it measures peers too.
bench: $(VENV)/dev
	$(BIN)/python -m benchmarks --results benchmarks/RESULTS.md $(ARGS)

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --strict examples/python
	$(BIN)/headcount schema --check

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pins every package with its hashes, for all platforms and Python versions.
lock: $(VENV)/dev
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
		--python-version 3.11 --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
		--python-version 3.11 --group build --group dev --group bench pyproject.toml \
		-c requirements.lock -o requirements-dev.lock
	for client in ariadne gql; do \
		$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
			--python-version 3.11 tests/clients/python/$$client.in \
			-o tests/clients/python/$$client.txt; done

# The packages of requirements.lock as a CycloneDX bill of materials, with their hashes.
SBOM ?= dist/sbom.cdx.json
sbom: $(VENV)/dev
	@mkdir -p $(dir $(SBOM))
	@$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements requirements.lock \
		--pyproject pyproject.toml --mc-type application --output-reproducible --of JSON -o $(SBOM)
	@echo $(SBOM)

# Under which terms they may be used; fails for terms that pyproject.toml does not list.
licences: $(VENV)/dev
	@$(BIN)/pip-licenses --packages $$(sed -n 's/==.*//p' requirements.lock) $(ARGS)

# Strict, because otherwise pip-audit calls what it could not look up free of vulnerabilities.
audit: $(VENV)/dev
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements.lock $(ARGS) \
		|| { echo "NOT CLEAR: something is vulnerable, or could not be looked up; see above."; exit 1; }

# Once the changelog has a section for pyproject.toml's version: keeps the schema that the next
# changes are compared with.
release: VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
release: $(VENV)/dev
	@grep -q '^## \[$(VERSION)\]' CHANGELOG.md || { echo "CHANGELOG.md has no section [$(VERSION)]"; exit 1; }
	$(BIN)/headcount schema --check
	cp schema.graphql tests/governance/released.graphql

clean:
	rm -rf $(VENV) .headcount .mypy_cache .ruff_cache .pytest_cache .hypothesis

# What it takes to run: pinned packages, then this one, built without looking anything up.
$(VENV)/run: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing (once) ..." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.lock
	@echo "Installing what tests need (once) ..." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock >&2
	@touch $@
