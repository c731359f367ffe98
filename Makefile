# Everything a bare machine needs is Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= demo
PORT ?= 8080

.PHONY: demo test test-long test-postgres torture bench bench-full sbom check lock clean

# An environment is rebuilt when a lock changes; a marker file says it is complete: to run, and to test as well.
PIP := -m pip install --quiet --disable-pip-version-check
%/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $*
	$*/bin/python $(PIP) --require-hashes -r requirements.lock
	$*/bin/python $(PIP) --no-deps --no-build-isolation -e .
	touch $@

%/tools: requirements-dev.lock %/ready
	$*/bin/python $(PIP) --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/ready
	$(BIN)/hongyan demo --port $(PORT) --data $(DATA)

# More at once than there are cores, since many wait for a browser or a commit; their files in memory where there is room.
AT_ONCE ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 2)
ROOM := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print "/dev/shm"}')
# What is compiled is kept, whatever the shell says: tests start many processes, and each would compile it all again.
PYTEST := PYTHONDONTWRITEBYTECODE= PYTEST_DEBUG_TEMPROOT=$(ROOM) $(BIN)/python -m pytest -n $(AT_ONCE) --dist worksteal

test: $(VENV)/tools
	scripts/browser || true
	$(PYTEST) $(ARGS)

# Everything that uses a database, on a PostgreSQL of the run's own.
test-postgres: $(VENV)/tools
	HONGYAN_TEST_ENGINE=postgresql $(PYTEST) $(ARGS)

# Every conversation once more through WeChat, and whatever else takes minutes.
test-long: $(VENV)/tools
	$(PYTEST) -m long $(ARGS)

# kill -9 at random moments, a broadcast to ten thousand, and a million inputs through every door and parser: docs/torture.md.
KILLS ?= 120
RECIPIENTS ?= 10000
INPUTS ?= 1000000
GUIDED ?= 300
FIGURES ?= build/torture
torture: $(VENV)/tools
	mkdir -p $(FIGURES)
	$(BIN)/python -m tests.torture kills --kills $(KILLS) --into $(FIGURES)
	$(BIN)/python -m tests.torture broadcast --recipients $(RECIPIENTS) --into $(FIGURES)
	$(BIN)/python -m tests.torture inputs --inputs $(INPUTS) --into $(FIGURES)
	$(BIN)/python -m tests.torture guided --seconds $(GUIDED) --into $(FIGURES)

# Every figure beside its goal: bench in about ten minutes, bench-full in the sizes of benchmarks/RESULTS.md. Start and size
# in an environment as it is installed, for some tools are loaded wherever they are found.
BENCH := $(BIN)/python -m
SERVICE := build/service
bench: $(VENV)/tools $(SERVICE)/ready
	$(SERVICE)/bin/python -m benchmarks.start --messages 4400
	$(BENCH) benchmarks.conversation --people 60
	$(BENCH) benchmarks.echoes --people 60
	$(BENCH) benchmarks.rush
	$(BENCH) benchmarks.broadcast --recipients 50000 --seconds 15
	$(BENCH) benchmarks.reports --rows 100000
	$(BENCH) benchmarks.growth --largest 100000 --times 100

bench-full: $(VENV)/tools $(SERVICE)/ready
	$(SERVICE)/bin/python -m benchmarks.start --keep
	$(BENCH) benchmarks.conversation --keep
	$(BENCH) benchmarks.echoes --keep
	$(BENCH) benchmarks.rush --keep
	$(BENCH) benchmarks.broadcast --keep
	$(BENCH) benchmarks.export --keep
	$(BENCH) benchmarks.reports --keep
	$(BENCH) benchmarks.growth --keep

# What the program is made of, from the lock file: CycloneDX.
sbom: $(VENV)/ready
	mkdir -p build
	$(BIN)/python scripts/sbom > build/hongyan.cdx.json

check: $(VENV)/tools
	scripts/check

lock: $(VENV)/tools
	scripts/lock

clean:
	rm -rf $(VENV)
