# Everything a bare machine needs is Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= demo
PORT ?= 8080

.PHONY: demo test test-long check lock clean

# The environment is rebuilt when the lock changes; the marker file says it is complete.
$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: $(VENV)/ready
	$(BIN)/hongyan demo --port $(PORT) --data $(DATA)

test: $(VENV)/ready
	scripts/browser || true
	$(BIN)/python -m pytest -n auto $(ARGS)

# Every conversation once more through WeChat, and whatever else takes minutes.
test-long: $(VENV)/ready
	$(BIN)/python -m pytest -n auto -m long $(ARGS)

check: $(VENV)/ready
	scripts/check

lock: $(VENV)/ready
	scripts/lock

clean:
	rm -rf $(VENV)
