# `make` alone lists the targets. No need to activate .venv: every recipe finds it first.

PYTHON ?= python3

VENV := .venv
INSTALLED := $(VENV)/installed.lock
PLOTS := .reprise/plots.html
EXTRA_LOCK := extra/requirements.lock
EXTRA_INSTALLED := $(VENV)/extra.lock
YARDSTICKS := .venv-benchmarks
YARDSTICKS_LOCK := benchmarks/requirements.lock
MODULES := stages $(subst /,.,$(patsubst %.py,%,$(filter-out %__pycache__,$(wildcard reprise/[!_]*))))
SYSTEM_PATH := $(subst $(CURDIR)/$(VENV)/bin:,,$(PATH))

export PATH := $(CURDIR)/$(VENV)/bin:$(SYSTEM_PATH)
export DVC_NO_ANALYTICS := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help venv lock reproduce repro verify test tests test-cpus lint benchmark readme docs handout extra $(YARDSTICKS)

help: ## list the targets
	@echo 'make TARGET, where TARGET is one of'
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

reproduce: venv ## run every stage again and compare every byte with the committed results
	@python -m reprise.site.reproduce

repro: venv ## run the stages with changed inputs: dvc repro
	@dvc repro

extra: venv ## install MuJoCo, Atari and OpenCV, then run the long stages of extra/dvc.yaml
	@set -eu; \
	if ! cmp -s $(EXTRA_LOCK) $(EXTRA_INSTALLED); then \
		echo 'extra: installing MuJoCo, Atari and OpenCV into $(VENV), once'; \
		python -m pip install -qq --disable-pip-version-check --no-input \
			--require-hashes --no-deps -r $(EXTRA_LOCK); \
		cp $(EXTRA_LOCK) $(EXTRA_INSTALLED).new; mv $(EXTRA_INSTALLED).new $(EXTRA_INSTALLED); \
	fi
	@dvc repro extra/dvc.yaml

verify: venv ## compare the results in data/ and in DVC's cache with dvc.lock
	@python -m reprise.site.verify

test: venv ## run all tests, and lint meanwhile
	@$(MAKE) --no-print-directory --jobs=2 lint tests

tests: venv
	@python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

test-cpus: venv ## compare the bytes on other CPUs, threads and workers: some minutes; needs qemu-user
	@if [ "$$(uname -m)" != x86_64 ]; then \
		echo "test-cpus: this processor is $$(uname -m); only x86_64 processors promise the same bytes" >&2; exit 2; \
	fi
	@command -v qemu-x86_64 >/dev/null || { echo 'test-cpus: qemu-x86_64 not found; on Debian or Ubuntu, `apt install qemu-user`' >&2; exit 2; }
	@python -m pytest -q -s tests/cpus

lint: venv ## run ruff and pyright
	@ruff check .
	@ruff format --check --quiet . || { echo 'lint: `.venv/bin/ruff format .` fixes the layout'; ruff format --check .; }
	@pyright

benchmark: venv ## measure speed as ratios to other programs within one run
	@$(MAKE) --no-print-directory $(YARDSTICKS) || echo 'benchmark: continues without JAX and Stable-Baselines3' >&2
	@python -m benchmarks.run

docs: venv ## write the library's pages to .reprise/docs, from its docstrings
	@python -W 'ignore:Error parsing type annotation' -m pdoc --docformat google --output-directory .reprise/docs $(MODULES)

handout: venv ## write a page for a class, with exercises: make handout STAGE=dqn_training
	@python -m reprise.site.handout '$(STAGE)'

$(YARDSTICKS): venv
	@set -eu; \
	if cmp -s $(YARDSTICKS_LOCK) $@/installed.lock; then exit 0; fi; \
	echo "$@: installing $$(grep -c '==' $(YARDSTICKS_LOCK)) packages, some gigabytes, once"; \
	rm -rf $@; \
	python -m venv $@; \
	$@/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
		--require-hashes --no-deps -r $(YARDSTICKS_LOCK); \
	cp $(YARDSTICKS_LOCK) $@/installed.lock.new; mv $@/installed.lock.new $@/installed.lock

readme: venv ## fill README.md with results and the output of its commands
	@python -m reprise.site.readme

# The lock is copied into .venv last and compared by content. So an interrupted installation starts
# again, and a new date on the file alone starts none.
venv: ## install requirements.lock into .venv, unless it is there, and write a page for DVC's plots
	@set -eu; export PATH='$(SYSTEM_PATH)'; \
	if [ -x $(VENV)/bin/python ] && cmp -s requirements.lock $(INSTALLED); then exit 0; fi; \
	if ! command -v '$(PYTHON)' >/dev/null; then \
		echo 'venv: $(PYTHON) not found; needed: Python 3.11, 3.12 or 3.13, as in `make PYTHON=python3.12 venv`' >&2; exit 2; \
	fi; \
	if ! '$(PYTHON)' -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then \
		echo "venv: $(PYTHON) is $$('$(PYTHON)' -V 2>&1); needed: 3.11, 3.12 or 3.13, as in \`make PYTHON=python3.12 venv\`" >&2; exit 2; \
	fi; \
	if ! '$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null; then \
		echo 'venv: $(PYTHON) cannot make virtual environments; on Debian or Ubuntu, `apt install python3-venv`' >&2; exit 2; \
	fi; \
	echo "venv: installing $$(grep -c '==' requirements.lock) packages into $(VENV), once"; \
	rm -rf $(VENV); \
	'$(PYTHON)' -m venv $(VENV); \
	$(VENV)/bin/python -m pip install -qq --disable-pip-version-check --no-input \
		--require-hashes --no-deps -r requirements.lock; \
	cp requirements.lock $(INSTALLED).new; mv $(INSTALLED).new $(INSTALLED)
	@[ $(PLOTS) -nt $(INSTALLED) ] || python -m reprise.site.offline_plots

lock: ## write all three requirements.lock files again; needs uv on PATH
	@command -v uv >/dev/null || { echo 'lock: uv not found; `pipx install uv` installs it' >&2; exit 2; }
	@uv pip compile --universal --generate-hashes --python-version 3.11 --fork-strategy fewest \
		--group dev pyproject.toml -o requirements.lock --custom-compile-command "make lock" >/dev/null
	@uv pip compile --universal --generate-hashes --python-version 3.11 --fork-strategy fewest \
		--group benchmarks -o $(YARDSTICKS_LOCK) --custom-compile-command "make lock" >/dev/null
	@uv pip compile --universal --generate-hashes --python-version 3.11 --fork-strategy fewest \
		--group extra --constraint requirements.lock -o $(EXTRA_LOCK) --custom-compile-command "make lock" >/dev/null
