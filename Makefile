# `make` alone lists the targets. Nothing needs to be activated: every recipe finds .venv first.

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
.PHONY: help venv lock reproduce repro verify test test-cpus lint benchmark readme docs handout extra $(YARDSTICKS)

help: ## list the targets
	@echo 'make TARGET, where TARGET is one of'
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

reproduce: venv ## run every stage again; are the results the committed ones, byte for byte?
	@python -m reprise.site.reproduce

repro: venv ## run what has changed since it last ran: dvc repro
	@dvc repro

extra: venv ## install MuJoCo, Atari and OpenCV, then run what takes long: extra/dvc.yaml
	@set -eu; \
	if ! cmp -s $(EXTRA_LOCK) $(EXTRA_INSTALLED); then \
		echo 'extra: installing MuJoCo, Atari and OpenCV into $(VENV), once'; \
		python -m pip install -qq --disable-pip-version-check --no-input \
			--require-hashes --no-deps -r $(EXTRA_LOCK); \
		cp $(EXTRA_LOCK) $(EXTRA_INSTALLED).new; mv $(EXTRA_INSTALLED).new $(EXTRA_INSTALLED); \
	fi
	@dvc repro extra/dvc.yaml

verify: venv ## are the results, in data/ and in DVC's cache, still those that dvc.lock names?
	@python -m reprise.site.verify

test: lint ## lint, then the whole test suite
	@python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

test-cpus: venv ## do other CPUs, threads and workers give the same bytes? Some minutes; needs qemu-user
	@if [ "$$(uname -m)" != x86_64 ]; then \
		echo "test-cpus: this processor is $$(uname -m); the bytes are promised, and compared, on x86_64 only" >&2; exit 2; \
	fi
	@command -v qemu-x86_64 >/dev/null || { echo 'test-cpus: qemu-x86_64 not found; on Debian or Ubuntu, `apt install qemu-user`' >&2; exit 2; }
	@python -m pytest -q -s tests/cpus

lint: venv ## ruff and pyright
	@ruff check .
	@ruff format --check --quiet . || { echo 'lint: `.venv/bin/ruff format .` puts the layout right'; ruff format --check .; }
	@pyright

benchmark: venv ## measure speed against yardsticks, as ratios in one run
	@$(MAKE) --no-print-directory $(YARDSTICKS) || echo 'benchmark: without JAX and Stable-Baselines3' >&2
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

readme: venv ## fill README.md with the results, and with what its commands print
	@python -m reprise.site.readme

# The lock is compared by its content, and copied beside what it describes last of all: neither an
# interrupted installation nor a mere new date on the file is taken for what it is not.
venv: ## make .venv from requirements.lock, if it is not there already, and a page for DVC's plots
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

lock: ## write all three requirements.lock anew; uv must be on PATH
	@command -v uv >/dev/null || { echo 'lock: uv not found; `pipx install uv` brings it' >&2; exit 2; }
	@uv pip compile --universal --generate-hashes --python-version 3.11 --fork-strategy fewest \
		--group dev pyproject.toml -o requirements.lock --custom-compile-command "make lock" >/dev/null
	@uv pip compile --universal --generate-hashes --python-version 3.11 --fork-strategy fewest \
		--group benchmarks -o $(YARDSTICKS_LOCK) --custom-compile-command "make lock" >/dev/null
	@uv pip compile --universal --generate-hashes --python-version 3.11 --fork-strategy fewest \
		--group extra --constraint requirements.lock -o $(EXTRA_LOCK) --custom-compile-command "make lock" >/dev/null
