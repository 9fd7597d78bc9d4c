# `make` alone lists the targets. Each target that needs the environment sets it up first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Stamps of an environment that has what the demo needs, and of one that has everything.
DEMO := $(VENV)/.ready-demo
READY := $(VENV)/.ready
SITE = $(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))'
# cmake and ninja are those of the environment, whatever else there is.
CMAKE := PATH="$(CURDIR)/$(BIN):$$PATH" cmake
CTEST := PATH="$(CURDIR)/$(BIN):$$PATH" ctest --output-on-failure --test-dir

.DEFAULT_GOAL := help
.PHONY: help setup demo fresh fresh-quick check format format-native test browser physics results bench peers clean wheel wheels wheel-arm sdist native programs native-test contracted golden sanitize sanitize-clang test-arm docs

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY)  ## create .venv, build the native engine, install gaq and everything it can use
	@echo "ready: $(BIN)/gaq"

demo: $(DEMO)  ## set up if needed, then the main job on the embedded data
	$(BIN)/gaq demo $(DEMO_OPTIONS)

check: $(READY)  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/clang-format --dry-run --Werror $(SOURCES_OF_NATIVE)

format: $(READY) format-native  ## write Python and C++ in the style that `make check` asks for
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

SOURCES_OF_NATIVE = $(shell find native -name '*.[hc]pp' -o -name '*.h' -o -name '*.inl')
format-native: $(READY)
	@$(BIN)/clang-format -i $(SOURCES_OF_NATIVE)

house: $(READY)  ## print facts of the tree: lines by area, long files and functions, import circles, words of prose
	@$(BIN)/python tools/tree_facts.py

# One thread per process: two processes of two threads each are slower on two cores than two of one.
test: $(READY) programs contracted  ## set up if needed, then the tests that are quick: minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2
	@$(CTEST) build/native

test-all: $(READY) test  ## these, then those that take ten seconds or more each
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m long

physics: $(READY)  ## the tests that take minutes each
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m physics --timeout 7200

browser: $(READY)  ## the report page in headless Chromium; installs it, and what drives it, where it can
	@sh tests/browser/tools.sh
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 0 -m browser --timeout 1200 tests/browser

native: $(DEMO)  ## build the native engine anew and put it where .venv finds it
	@$(CMAKE) -S native -B build/native -G Ninja --log-level=WARNING -DGAQ_TESTS=ON -DGAQ_LIBRARY_DIR=engine >/dev/null
	@$(CMAKE) --build build/native --target gaq -- --quiet
	@$(CMAKE) --install build/native --strip --prefix build/native/installed >/dev/null
	@sh native/put.sh build/native/installed "$$($(SITE))/gaq"

programs: native
	@$(CMAKE) --build build/native -- --quiet

native-test: programs  ## the tests of the native engine that need no Python
	@$(CTEST) build/native

# A library that fuses multiply and add, which the scheme forbids: the parity tests must notice it.
contracted: $(DEMO)
	@$(CMAKE) -S native -B build/contract -G Ninja --log-level=WARNING -DGAQ_CONTRACT=ON >/dev/null
	@$(CMAKE) --build build/contract --target gaq -- --quiet

golden: $(READY)  ## write the golden vectors of native/tests/golden anew, from the Python scheme
	$(BIN)/python native/tests/make_golden.py
	$(BIN)/python native/tests/golden_models.py

sanitize: $(DEMO)  ## the native tests, and the fuzzers, under address and undefined-behaviour sanitizers
	@$(CMAKE) -S native -B build/sanitize -G Ninja --log-level=WARNING -DGAQ_TESTS=ON -DGAQ_FUZZ=ON \
	  -DGAQ_SANITIZE="address;undefined" >/dev/null
	@$(CMAKE) --build build/sanitize -- --quiet
	@$(CTEST) build/sanitize

# Clang looks for what gcc does not: offsets from null pointers, casts of floats that no integer holds.
sanitize-clang: $(READY)  ## the same under clang's sanitizers, and its fuzzers; needs clang (Debian: apt-get install clang)
	@command -v clang++ >/dev/null || { echo "clang++ is not here. Install it (Debian: apt-get install clang)." >&2; exit 1; }
	@$(CMAKE) -S native -B build/sanitize-clang -G Ninja --log-level=WARNING -DGAQ_TESTS=ON -DGAQ_FUZZ=ON \
	  -DCMAKE_CXX_COMPILER=clang++ -DGAQ_SANITIZE="address;undefined;float-cast-overflow" >/dev/null
	@$(CMAKE) --build build/sanitize-clang -- --quiet
	@$(CTEST) build/sanitize-clang

test-arm: programs  ## cross-compile for 64-bit ARM and run the native tests under emulation
	@sh native/arm_tools.sh
	@$(CMAKE) -S native -B build/arm -G Ninja --log-level=WARNING -DGAQ_TESTS=ON \
	  -DCMAKE_TOOLCHAIN_FILE=aarch64.cmake >/dev/null
	@$(CMAKE) --build build/arm -- --quiet
	@$(CTEST) build/arm --parallel 2
	@qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu build/arm/print_golden $(GOLDEN_MODELS) >build/arm/golden.txt
	@build/native/print_golden $(GOLDEN_MODELS) | cmp - build/arm/golden.txt
	@echo "every bit of the golden frames is the same as on this machine"

# Material reminds of a later mkdocs, which is not what constraints.txt pins.
docs: $(READY)  ## build the site into build/site, every link and anchor checked
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "build/site/index.html"

wheel: $(DEMO)  ## build dist/gaq-*.whl, the native engine inside
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps -w dist .
	@ls dist/*.whl

wheel-arm: $(DEMO)  ## the same for 64-bit ARM, by Debian's cross compiler
	@sh native/arm_tools.sh
	@_PYTHON_HOST_PLATFORM=linux-aarch64 $(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation \
	  --no-deps -w dist --config-settings=cmake.args=-DCMAKE_TOOLCHAIN_FILE=aarch64.cmake \
	  --config-settings=build-dir=build/wheel-arm .
	@ls dist/*aarch64.whl

# cibuildwheel's words for machines: x86_64, aarch64, native. The other one than this is emulated, which takes hours.
ARCHS ?= native
wheels:  ## build dist/gaq-*-manylinux*.whl, which any Linux of 2018 or later takes; needs Docker
	@command -v docker >/dev/null || { echo "make wheels needs Docker. make wheel builds for this machine." >&2; exit 1; }
	@$(PYTHON) -m venv build/cibuildwheel
	@build/cibuildwheel/bin/pip install --quiet -c constraints.txt cibuildwheel
	@build/cibuildwheel/bin/cibuildwheel --platform linux --archs $(ARCHS) --output-dir dist

sdist: $(READY)  ## build dist/gaq-*.tar.gz, the sources of a wheel
	@$(BIN)/python -m build --sdist --no-isolation --outdir dist . >/dev/null
	@ls dist/*.tar.gz

GOLDEN_MODELS = native/tests/golden/models/*.gaq

# The folder of the official rMD17 files, which `gaq data fetch rmd17 --molecule NAME` downloads.
DATA ?= rmd17
# The folder of water_192.xyz, 64 molecules of liquid water in a box, as DeePMD-kit gives it.
WATER ?= water
PRETRAINED ?= pretrained

results: $(READY)  ## measure all that docs/results states, and write it: hours; DATA=folder of the rMD17 files, WATER=that of the water box, PRETRAINED=that of published weights
	$(BIN)/python -m benchmarks.models.teach azobenzene --data $(DATA)
	$(BIN)/python -m benchmarks.models.teach ethanol --data $(DATA)
	cp runs/taught/azobenzene/real/model.ckpt models/rmd17-azobenzene-fp32.ckpt
	cp runs/taught/ethanol/real/model.ckpt models/rmd17-ethanol-fp32.ckpt
	$(BIN)/python -m benchmarks.models.train azobenzene --data $(DATA) --epochs 24 --lr 1e-3 --no-freeze
	$(BIN)/python -m benchmarks.models.train ethanol --data $(DATA) --no-freeze
	$(BIN)/python -m benchmarks.models.train azobenzene --data $(DATA) --epochs 24 --lr 1e-3 --only mixed-w4a8+gptq mixed-w4a16
	$(BIN)/python -m benchmarks.models.train ethanol --data $(DATA) --only mixed-w4a8+gptq mixed-w4a16
	$(BIN)/python -m benchmarks.models.measure --data $(DATA)
	$(BIN)/gaq import $(PRETRAINED)/painn_rmd17_ethanol/painn_1.safetensors -o runs/networks/painn.ckpt
	$(BIN)/python -m benchmarks.networks.quantize painn runs/networks/painn.ckpt --data $(DATA)/rmd17_ethanol_train_01.npz
	$(BIN)/python -m benchmarks.networks.measure painn runs/networks/painn.ckpt --data $(DATA)/rmd17_ethanol_test_01.npz \
		--arrays $(PRETRAINED)/painn_rmd17_ethanol/painn_1.safetensors --peers $(PEERS)
	$(BIN)/python -m studies.few_bits.slots --parent models/rmd17-azobenzene-fp32.ckpt --data $(DATA)
	$(BIN)/python -m studies.ablations.run --parent models/rmd17-ethanol-fp32.ckpt --data $(DATA)
	$(BIN)/python -m studies.settings.untouched --data $(DATA)
	$(BIN)/python -m benchmarks.dynamics.exactness --data $(DATA)
	$(BIN)/python -m benchmarks.dynamics.nanosecond --data $(DATA)
	$(BIN)/python -m benchmarks.dynamics.overhead --data $(DATA)
	$(BIN)/python -m benchmarks.dynamics.large_box --data $(DATA)
	$(BIN)/python -m studies.staircase.run --data $(DATA)
	$(BIN)/python -m studies.checked_peers.run --data $(DATA) --peers $(PEERS)
	$(BIN)/python -W ignore -m benchmarks.programs.hosts --data $(DATA)
	$(BIN)/gaq lammps --build
	$(BIN)/python -m benchmarks.programs.water_box --data $(WATER) -o runs/water-box.xyz
	$(BIN)/python -m benchmarks.programs.lammps_ranks --box runs/water-box.xyz --model models/water-w4a16.gaq
	$(BIN)/python -m benchmarks.programs.farm
	$(BIN)/python -m benchmarks.render --collect runs

# Where the environments of other force fields are made.
PEERS ?= build/peers

bench: $(READY)  ## time the native engine beside PyTorch, and beside peers where there are some: an hour; DATA as above
	$(BIN)/python -m benchmarks.speed.engine --data $(DATA) --out runs/engine
	$(BIN)/python -m benchmarks.speed.peers.run --data $(DATA) --peers $(PEERS) --out runs/engine

peers: $(READY)  ## make environments for SchNetPack, MACE, JAX and xTB, to be timed beside us: 4 GB
	$(BIN)/python -m benchmarks.speed.peers.install --into $(PEERS)

# FRESH holds options, such as FRESH="--suite trixie --keep" or FRESH="--command 'make demo'".
fresh:  ## prove `make demo` and `make test` in a bare Debian root, as an ordinary user; run by root, an hour
	@PYTHONPATH=tools $(PYTHON) -m fresh root $(FRESH)

fresh-quick:  ## prove set-up from nothing, caches off: gaq without PyTorch, the demo in a short form, one energy each
	@PYTHONPATH=tools $(PYTHON) -m fresh quick

clean:  ## remove the environment and everything that tools left behind; runs/ stays
	rm -rf $(VENV) build dist examples/c/energy .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is younger than what it was made from, or the environment is brought up to date.
SOURCES_OF_SETUP := pyproject.toml constraints.txt tools/install.py
$(DEMO): $(SOURCES_OF_SETUP)
	@$(PYTHON) tools/install.py demo --into $(VENV)
	@touch $(DEMO)

$(READY): $(SOURCES_OF_SETUP)
	@$(PYTHON) tools/install.py dev --into $(VENV)
	@touch $(DEMO) $(READY)
