# The front door. Each target does all its own set-up on a fresh machine, and says what it installs.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests check test demo bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: ## Install node_modules, where they are missing or old
	@build/setup.sh

setup-tests: setup ## Install what the tests need besides: PgBouncer, OpenSSL, Prometheus, Alertmanager, Chromium
	@build/setup-tests.sh

check: setup ## Types, lint, format and import rules
	@npm run --silent check

test: setup-tests check ## All tests; the last line sums them up
	@node test/run.ts

demo: setup ## See it work; DEMO_ONCE=1 ends by itself
	@node test/demo/main.ts

bench: setup ## Measure the runner beside other tools
	@npm run --silent bench:runner

clean: ## Remove what was built and installed here
	rm -rf dist test-results node_modules test/postgres/matrix/node_modules
