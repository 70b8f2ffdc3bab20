# Two commands matter: `make run` and `make test`. Both install what they need into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH :=
export DJANGO_SETTINGS_MODULE := crdmo.settings

.PHONY: run test unit lint bench clean

run: $(VENV)/run-ready  ## install, play the demo, serve it
	@$(BIN)/crdmo migrate
	@$(BIN)/crdmo demo --if-empty
	@$(BIN)/crdmo serve

test: $(VENV)/test-ready  ## install what tests need, and run them all
	@$(BIN)/python -m tests.run

unit: $(VENV)/test-ready  ## the quick part: methods, formats, proof and ground; rooms and doors are for `make test`
	@$(BIN)/python -m pytest -q -m "not browser and not drill" -n 2 --ignore=tests/services --ignore=tests/api tests

lint: $(VENV)/test-ready  ## style, types, floors
	@$(BIN)/ruff check src tests bench
	@$(BIN)/ruff format --check src tests bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/test-ready  ## what is measured, beside its peers
	@$(BIN)/pip install -q -c constraints.txt -e ".[bench]"
	@$(BIN)/python -m bench

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("OpenCRDMO needs Python 3.11 or newer; PYTHON=... names another" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }

$(VENV)/run-ready: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing into $(VENV) ..."
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e ".[postgresql]"
	@touch $@

$(VENV)/test-ready: $(VENV)/run-ready
	@echo "Installing what tests need ..."
	@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e ".[postgresql,test,lint]"
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  echo "Installing Debian's Chromium ..."; \
	  SUDO=; [ "$$(id -u)" = 0 ] || SUDO=sudo; $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium >/dev/null; }
	@touch $@

clean:
	rm -rf $(VENV) var
