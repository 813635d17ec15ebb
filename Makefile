# Two commands: `make demo` shows the bank, `make test` proves it. Both start from a bare machine.
.PHONY: demo test soak matrix dist check bench lock messages
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PIP := .venv/bin/pip install --quiet --disable-pip-version-check

demo: .venv/run
	.venv/bin/planbank up --demo

test: .venv/dev .venv/s3-peer/ready debian
	.venv/bin/ruff check src tests bench
	.venv/bin/ruff format --check src tests bench
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m pytest -n 3 --dist worksteal -q

# Five hundred kills; one seed, one sequence: make soak SEED=1 KILLS=50
soak: .venv/dev debian ; .venv/bin/python -m pytest -m soak -q -s $(if $(SEED),--kill-seed $(SEED)) $(if $(KILLS),--kills $(KILLS)) tests/journeys/test_soak.py

# Every door as every kind of person: `make test` tries the eight that differ most.
matrix: .venv/dev debian ; .venv/bin/python -m pytest -n auto --dist worksteal -q -m "soak or not soak" tests/access/surface

# Wheel and source into dist/, tried in a clean environment of every Python from 3.11 on that is here.
dist: .venv/dev
	.venv/bin/python -m hatchling build -d dist
	.venv/bin/python -m pytest -m soak -q -s tests/journeys/test_dist.py

check: .venv/run ; .venv/bin/planbank check --deep
bench: .venv/dev debian ; .venv/bin/python -m bench.receive && .venv/bin/python -m bench.dose

.venv/bin/python:
	python3 -m venv .venv || ($(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv && python3 -m venv --clear .venv)

.venv/run: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev: requirements-dev.lock .venv/run
	$(PIP) --require-hashes -r requirements-dev.lock
	touch $@

# An S3-compatible server; what it needs does not go together with what planbank needs.
.venv/s3-peer/ready: requirements-s3-peer.lock | .venv/bin/python
	python3 -m venv --clear .venv/s3-peer
	.venv/s3-peer/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-s3-peer.lock
	touch $@

# Foreign DICOM peers, a PostgreSQL server, a browser, Node, gettext, strace and a compiler (tests/fault.c), for the tests.
debian:
	@for tool in chromium dcmsend Orthanc openssl msgfmt strace gcc node pg_ctlcluster; do command -v $$tool >/dev/null || missing=1; done; \
	if [ -n "$$missing" ]; then $(SUDO) apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends chromium dcmtk orthanc openssl gettext strace gcc libc6-dev nodejs postgresql; fi

lock: .venv/bin/python
	$(PIP) uv
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --extra build pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	echo 'moto[server]>=5.1' | .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links - -o requirements-s3-peer.lock

# Every string of pages and of what pages show, into web/locale: translate what is new, then run it again.
DA := web/locale/da/LC_MESSAGES/django
messages: .venv/dev debian
	cd src/planbank && ../../.venv/bin/python -P -c "from django.conf import settings; \
	from django.core.management import call_command; from django.core.management.commands.makemessages import Command; \
	settings.configure(LOCALE_PATHS=['web/locale']); Command.msgmerge_options.append('--no-fuzzy-matching'); \
	call_command(Command(), locale=['da'], add_location='file', no_wrap=True, no_obsolete=True)"
	cd src/planbank && msgfmt --check --statistics -o $(DA).mo $(DA).po
