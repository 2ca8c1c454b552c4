# One verb per line. PYTHON chooses the interpreter that makes .venv.
PYTHON ?= python3

.PHONY: install check test quick lint types docs docs-check clean

install: ; $(PYTHON) -m venv .venv && .venv/bin/pip install -c constraints.txt -e '.[dev]'
check:   ; .ci/run
test:    ; .venv/bin/pytest
quick:   ; .venv/bin/pytest -m "not slow and not film"
lint:    ; .venv/bin/ruff check . && .venv/bin/ruff format --check .
types:   ; rm -rf build && .venv/bin/pip install -q --no-deps --target build/wheel . && cd build/wheel && ../../.venv/bin/mypy --config-file ../../pyproject.toml -p evoloco
docs:    ; .venv/bin/python docs/make_run_file.py
docs-check: ; .venv/bin/python benchmarks/documented.py
clean:   ; rm -rf build .venv .mypy_cache .pytest_cache .ruff_cache
