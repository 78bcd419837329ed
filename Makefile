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
.PHONY: help install uninstall neovim vscode run test test-slow test-reference test-editors bench peers lint docs wheel corpus clean FORCE

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed-run ## install, then watch the server complete this project's own code
	$(VENV)/$(BIN)/python benchmarks/first_look.py

install: ## glm-lsp for this user: an environment of its own below PREFIX, the program in PREFIX/bin
	@$(check_python)
	@test ! -e "$(PROGRAM)" || $(is_own) || \
	  { echo "$(PROGRAM) is there already and was not put there by make install; remove it first" >&2; exit 1; }
	@echo "installing glm-lsp[$(EXTRA)] into $(OWN) ..."
	@test -x "$(OWN)/$(BIN)/python" || $(PYTHON) -m venv "$(OWN)"
	@! "$(OWN)/$(BIN)/python" -m pip show --quiet $(OTHER_RUNTIME) 2>/dev/null || \
	  "$(OWN)/$(BIN)/python" -m pip uninstall --quiet --yes onnxruntime onnxruntime-gpu
	@"$(OWN)/$(BIN)/python" $(PIP) --upgrade '.[$(EXTRA)]'
	@mkdir -p "$(PREFIX)/bin" && ln -sf "$(OWN)/$(BIN)/glm-lsp" "$(PROGRAM)"
	@"$(PROGRAM)" --version
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) \
	  echo "$(PREFIX)/bin is not on the PATH; in your shell's profile: export PATH=\"$(PREFIX)/bin:\$$PATH\"" ;; esac

uninstall: ## take that away again, and the link to the plugin; models and settings stay
	@if $(is_own); then rm "$(PROGRAM)"; fi
	@if test "$$(readlink "$(NEOVIM_PLUGIN)")" = "$(CURDIR)/editors/neovim"; then rm "$(NEOVIM_PLUGIN)"; fi
	rm -rf "$(OWN)"

# `make install EXTRA=gpu` takes the ONNX Runtime for CUDA.
PREFIX ?= $(HOME)/.local
OWN = $(PREFIX)/lib/glm-lsp
PROGRAM = $(PREFIX)/bin/glm-lsp
is_own = test "$$(readlink "$(PROGRAM)")" = "$(OWN)/$(BIN)/glm-lsp"
EXTRA ?= cpu
# Both wheels write the same files, so neither may be there when the other comes.
OTHER_RUNTIME = $(if $(findstring gpu,$(EXTRA)),onnxruntime,onnxruntime-gpu)

DEFAULT_TESTS = not slow and not reference and not gpu and not editors
# These run side by side. The others start processes, and what they measure needs the machine to itself.
PURE_TESTS = tests/unit tests/golden tests/parity

test: lint ## lint, types and the default tests: no network, no GPU, no torch
	@status=0; $(VENV)/$(BIN)/python -m pytest -m "$(DEFAULT_TESTS)" $(PURE_TESTS) \
	  --numprocesses auto --maxprocesses 4 --dist loadfile || status=1; \
	$(VENV)/$(BIN)/python -m pytest -m "$(DEFAULT_TESTS)" $(PURE_TESTS:%=--ignore %) || status=1; exit $$status

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

# Neovim loads what lies there; `git pull` brings a new one.
NEOVIM_PLUGIN = $(or $(XDG_DATA_HOME),$(HOME)/.local/share)/nvim/site/pack/glm/start/glm

neovim: ## put the plugin where Neovim finds it: a link to editors/neovim
	@mkdir -p "$$(dirname "$(NEOVIM_PLUGIN)")" && ln -sfn "$(CURDIR)/editors/neovim" "$(NEOVIM_PLUGIN)"
	@if command -v nvim > /dev/null; then nvim --headless --clean -c "helptags $(CURDIR)/editors/neovim/doc" -c quit; \
	  else echo "nvim is not on the PATH; for :help glm, type in it: :helptags ALL"; fi
	@echo "$(NEOVIM_PLUGIN) is this checkout's plugin. Add to init.lua: require('glm').setup()"

vscode: $(VENV)/.installed-run ## pack the extension for VS Code: editors/vscode/dist/*.vsix
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

check_python = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "glm-lsp needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }

define install
	@$(check_python)
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
