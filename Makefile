# The commands of the project; `make` alone lists them.
#
# Settings, all optional:
#   PYTHON=/path/python3        a Python 3.10 or newer for the backend (default: the first that is found)
#   QGIS_PYTHON=/path/python3   the Python that QGIS uses (default: /usr/bin/python3)
#   TORCH_INDEX=URL             where torch comes from; without a GPU, https://download.pytorch.org/whl/cpu: 0.4 GB, not 3
#   WHEELHOUSE=FOLDER           install without a network, from what `make wheelhouse` has gathered

QGIS_PYTHON ?= /usr/bin/python3
export PYTHON QGIS_PYTHON TORCH_INDEX WHEELHOUSE

BIN := .venv/bin/python
TYPED := $(foreach folder,protocol geo models tasks backend trainer cli,-p rsvlm.$(folder))

.DEFAULT_GOAL := help
.PHONY: help setup setup-backend setup-qgis run test lint lint-only lint-style lint-types lint-security package bench wheelhouse i18n demo-data

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*  ## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-14s %s\n", $$1, $$2}'

setup:  ## make .venv (backend, tests) and .venv-qgis (QGIS's Python with pytest-qgis); installs QGIS by apt if it may
	@make/setup.sh

setup-backend:  ## only .venv: the backend, the trainer and the rsvlm command, without QGIS
	@make/setup.sh backend

setup-qgis:  ## only .venv-qgis
	@make/setup.sh qgis

run: setup  ## open the demo in QGIS with the dock ready (without a screen: on a virtual one, results in build/demo)
	@$(QGIS_PYTHON) rsvlm_plugin/demo/launch.py --out build/demo

test: setup  ## lint, the backend's tests and the tests in a real QGIS
	@make/test.sh

lint: setup-backend  ## style, types, and the plugin site's security scan over the packed files
	@$(MAKE) --no-print-directory --keep-going lint-only

lint-only: lint-style lint-types lint-security

lint-style:
	$(BIN) -m ruff check --quiet .
	$(BIN) -m ruff format --quiet --check .

lint-types:
	@mkdir -p build/types && ln -sfn ../.. build/types/rsvlm
	MYPYPATH=build/types $(BIN) -m mypy $(TYPED)

# Every rule of bandit: more than the site asks for, and no list of rules to keep up.
lint-security:
	@rm -rf build/scan && mkdir -p build/scan && git archive --prefix=rsvlm/ HEAD | tar -x -C build/scan
	$(BIN) -m bandit --quiet --recursive build/scan

package:  ## dist/rsvlm.zip, what QGIS installs, from the committed tree
	@$(QGIS_PYTHON) make/package.py dist/rsvlm.zip

bench: setup  ## run the benchmarks
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN) "$$script"; done

wheelhouse: setup-backend  ## gather every wheel for an installation without a network in build/wheelhouse
	@make/wheelhouse.sh build/wheelhouse

i18n:  ## gather the strings to translate into i18n/*.ts
	@$(QGIS_PYTHON) i18n/update.py

demo-data: setup  ## make resources/demo again: the scene, then the project by QGIS
	@$(BIN) -m rsvlm.trainer.scenes.demo resources/demo
	@QT_QPA_PLATFORM=offscreen $(QGIS_PYTHON) rsvlm_plugin/demo/project.py
