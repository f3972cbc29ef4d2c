# One place for every command. `make demo` and `make test` do all set-up on a fresh machine with Python >= 3.11.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := web,models,hf,postgres,pdf,dev
WORKERS ?= 2
PEERS := .venv-peers
# TransformerLens 2 needs NumPy 1, and newer pyarrow NumPy 2, so neither fits in the first environment.
PEER_PACKAGES := torch==2.13.0 transformer-lens==2.17.0 transformers==4.57.6 pyarrow==21.0.0 pytest==9.2.0 pydantic==2.14.3 \
	rfc8785==0.1.4 matplotlib==3.11.2

DASHBOARD := .venv-peers-dashboard
# SAEDashboard wants NumPy 1 like TransformerLens, and through it come a torchvision and a torchaudio that fit no torch it allows.
DASHBOARD_PACKAGES := sae-dashboard==0.8.0 torch==2.13.0 pyarrow==21.0.0 pandas==2.3.3

# Tests write thousands of small databases and archives: in memory, where there is room, they wait for no disk.
MEMORY_MIB := $(shell df --output=avail --block-size=1M /dev/shm 2>/dev/null | tail -1)
TESTS_TMP := $(shell test "$(MEMORY_MIB)" -gt 4096 2>/dev/null && echo TMPDIR=/dev/shm)

# Tests start the program a hundred times: where byte code is not kept, every start compiles all of it again.
export PYTHONDONTWRITEBYTECODE :=

SAELENS := .venv-peers-saelens
# SAELens needs a newer TransformerLens, which needs NumPy 2, so it has an environment of its own.
SAELENS_PACKAGES := torch==2.13.0 sae-lens==6.54.12 pytest==9.2.0 rfc8785==0.1.4 matplotlib==3.11.2

.PHONY: install demo serve check test prove test-peers clean
.DEFAULT_GOAL := help

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

install: $(VENV)/.installed ## a virtual environment with every extra

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "First Glance needs Python 3.11 or newer; name one with make PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

demo: install ## harvest the demo models, open a round, print the links, serve
	$(BIN)/firstglance demo

check: install ## lint, types, import contracts, templates, migrations
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint --check --lint --quiet templates
	$(BIN)/pytest -q tests/store/test_schema.py -k migrations

test: install ## every test that is not a long proof, in under 6 minutes on 2 cores
	$(TESTS_TMP) OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not slow"

prove: install ## the long proofs at full count, up to an hour
	$(TESTS_TMP) OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal -m slow

test-peers: $(PEERS)/.installed $(SAELENS)/.installed ## our loaders against the libraries they read from, in environments of their own
	OMP_NUM_THREADS=1 $(PEERS)/bin/pytest -q --confcutdir=tests/peers -p no:cacheprovider -W default tests/peers
	OMP_NUM_THREADS=1 $(SAELENS)/bin/pytest -q --confcutdir=tests/peers -p no:cacheprovider -W default tests/peers/test_saelens.py

$(PEERS)/.installed: Makefile
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check $(PEER_PACKAGES)
	touch $@

$(SAELENS)/.installed: Makefile
	test -x $(SAELENS)/bin/python || $(PYTHON) -m venv $(SAELENS)
	$(SAELENS)/bin/python -m pip install --quiet --disable-pip-version-check $(SAELENS_PACKAGES)
	touch $@

$(DASHBOARD)/.installed: Makefile
	test -x $(DASHBOARD)/bin/python || $(PYTHON) -m venv $(DASHBOARD)
	$(DASHBOARD)/bin/python -m pip install --quiet --disable-pip-version-check $(DASHBOARD_PACKAGES)
	$(DASHBOARD)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio
	touch $@

clean: ## remove the environment and every cache; data stays
	rm -rf $(VENV) $(PEERS) $(SAELENS) $(DASHBOARD) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
