# One command per chore; `make` lists them. PYTHON names the interpreter new environments are made with.

PYTHON ?= python3
VENV := .venv
REFERENCE_VENV := .venv-reference
PIP := -m pip install --quiet --disable-pip-version-check

# On Windows an environment keeps its programs elsewhere.
ifeq ($(OS),Windows_NT)
BIN := Scripts
else
BIN := bin
endif

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-reference test-editors vscode bench peers lint docs wheel corpus clean FORCE

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed-run ## install, then watch the server complete this project's own code
	$(VENV)/$(BIN)/python benchmarks/first_look.py

test: lint ## lint, types and the default tests: no network, no GPU, no torch
	$(VENV)/$(BIN)/python -m pytest -m "not slow and not reference and not gpu and not editors"

test-slow: $(VENV)/.installed-dev ## the long suites
	$(VENV)/$(BIN)/python -m pytest -m "slow and not reference and not gpu" --timeout 1800

test-reference: $(REFERENCE_VENV)/.installed-reference ## parity with torch, transformers and optimum, in its own environment
	$(REFERENCE_VENV)/$(BIN)/python -m pytest -m reference --timeout 600

EDITORS ?= neovim vscode

# VS Code wants packages of Debian; what is missing is named, and installed only as root with GLM_LSP_EDITORS_APT=1.
test-editors: $(VENV)/.installed-dev ## real Neovim and VS Code, fetched into a cache (EDITORS="neovim" leaves VS Code out)
	@status=0; for editor in $(EDITORS); do \
	  $(VENV)/$(BIN)/python -m tests.editors.setup $$editor && \
	  $(VENV)/$(BIN)/python -m pytest tests/editors/test_$${editor}_*.py --timeout 600 || status=1; \
	done; exit $$status

vscode: $(VENV)/.installed-dev ## pack the extension for VS Code: editors/vscode/dist/*.vsix
	$(VENV)/$(BIN)/python -m tests.editors.setup extension

bench: $(VENV)/.installed-dev ## measure typing, the engine and its peers (OUTPUT=DIR stores and draws, PEERS="NAME..." chooses)
	$(VENV)/$(BIN)/glm-lsp bench typing $(STORED)
	$(VENV)/$(BIN)/glm-lsp bench engine $(STORED)
	$(VENV)/$(BIN)/glm-lsp bench compare $(PEERS) $(STORED)

STORED = $(if $(OUTPUT),--output "$(OUTPUT)" --plots)

peers: ## the programs `make bench` can compare with; `make peer-NAME` installs one
	@$(PYTHON) benchmarks/peers/setup.py

peer-%: FORCE
	$(PYTHON) benchmarks/peers/setup.py $*

lint: $(VENV)/.installed-dev ## ruff and mypy
	$(VENV)/$(BIN)/ruff check .
	$(VENV)/$(BIN)/mypy

docs: $(VENV)/.installed-dev ## write the generated parts of README.md anew
	$(VENV)/$(BIN)/python -m tests.unit.test_cli_readme

corpus: $(VENV)/.installed-dev ## fetch and build the training corpus (CACHE=DIR OUT=DIR WITHOUT="cpython debian npm")
	$(VENV)/$(BIN)/python -m glm_lsp.train.corpus build $(if $(CACHE),--cache "$(CACHE)") $(if $(OUT),--out "$(OUT)") \
	  $(foreach part,$(WITHOUT),--without $(part))

wheel: $(VENV)/.installed-dev ## build dist/*.whl
	$(VENV)/$(BIN)/python $(PIP) 'build>=1.3'
	$(VENV)/$(BIN)/python -m build --wheel

clean: ## remove environments, caches and builds
	rm -rf $(VENV) $(REFERENCE_VENV) .venv-peer-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment is installed anew when pyproject.toml's content changed: its stamp holds that content's checksum.
# Nothing is fetched as long as they agree. What `make test` installs is enough for `make run`, too.
EXTRAS_run := cpu
EXTRAS_dev := cpu,test,lint,editors
EXTRAS_reference := cpu,test,reference

.PRECIOUS: $(VENV)/.installed-% $(REFERENCE_VENV)/.installed-%

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "glm-lsp needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@sum=$$(cksum < pyproject.toml); \
	if ! grep -qsxF "$$sum" $@ $(@D)/.installed-dev; then \
	  echo "installing glm-lsp[$(EXTRAS_$*)] into $(@D) ..."; \
	  test -x $(@D)/$(BIN)/python || $(PYTHON) -m venv $(@D); \
	  $(@D)/$(BIN)/python $(PIP) --editable '.[$(EXTRAS_$*)]' && echo "$$sum" > $@; \
	fi
endef

$(VENV)/.installed-%: FORCE
	$(install)

$(REFERENCE_VENV)/.installed-%: FORCE
	$(install)

FORCE:
