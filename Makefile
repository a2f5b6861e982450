# Everything a person does with Bespin. `make help` lists the targets.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Node 24 comes with the packages and goes first, also for programs that start with "env node".
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

DATA_DIR := $(or $(BESPIN_DATA_DIR),.data)
IMAGE ?= bespin
COMPOSE ?= docker compose
LAUNCH := exec node scripts/launch.ts

.PHONY: help install dev watch start run build build-api build-web test typecheck lint smoke bench shim chaos attack clean clean-data \
	docker docker-build docker-run docker-down docker-clean migrate-up migrate-status run-api run-worker run-code-worker run-scheduler run-grpc

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: ## Install what is missing (packages, Node 24, generated code)
	@exec node scripts/bootstrap.mjs

dev: install ## Run the whole product from the sources, with reload
	@$(LAUNCH) dev

watch: dev ## The same as dev

start: install ## Run the whole product with built code (builds first when needed)
	@$(LAUNCH) start

run: start ## The same as start

build: install ## Build the web process (pages and API); the worker runs as it is written
	@exec nuxt build

build-api: build ## The same as build: pages and API are one program

build-web: build ## The same as build: pages and API are one program

test: install ## Run every check; the last line counts them
	@exec node scripts/check.ts

typecheck: install ## Check the types only
	@exec node scripts/check.ts types

lint: install ## Check the style only
	@exec eslint .

smoke: install ## Run one real job and one signed webhook against the server on PORT
	@exec node scripts/smoke.ts

bench: install ## Measure throughput and latency, print the figures
	@exec node bench/index.ts

shim: install ## Build the sandbox's first process again (needs gcc and aarch64-linux-gnu-gcc)
	@exec node scripts/build-shim.ts

chaos: install ## Kill parts of a running product and check that nothing accepted is lost
	@exec node bench/chaos.ts

attack: install ## Run hostile programs against the sandbox, in every mode this machine offers (ATTACK="--url=...": a running one)
	@exec node tests/attack/attack.ts $(ATTACK)

clean: ## Remove what was built (never the data folder, never the packages)
	rm -rf .output .nuxt server/generated coverage test-results playwright-report node_modules/.cache node_modules/.vite

clean-data: ## Remove the data folder, after asking
	@printf 'Remove %s with every job, receipt and secret in it? Type yes: ' '$(DATA_DIR)'; \
	read -r answer && [ "$$answer" = yes ] && rm -rf -- '$(DATA_DIR)' && echo removed || { echo 'nothing was removed'; exit 1; }

docker: ## Build and run the development stack in containers, in the foreground
	$(COMPOSE) up --build

docker-build: ## Build the container image
	docker build -t $(IMAGE) .

docker-run: ## Run the image with PostgreSQL and Redis beside it, in the background
	$(COMPOSE) up --build --detach --wait

docker-down: ## Stop the containers, keep their data
	$(COMPOSE) down

docker-clean: ## Remove the containers, their data and the image
	$(COMPOSE) down --volumes --rmi local

migrate-up: install ## Apply the migrations, roles and rights
	@$(LAUNCH) migrate

migrate-status: install ## List the migrations and whether each is applied
	@$(LAUNCH) migrate status

run-api: install ## Run the web process alone (built code)
	@$(LAUNCH) api

run-worker: install ## Run a worker alone
	@$(LAUNCH) worker

run-code-worker: install ## Run a worker alone that runs code and nothing else, with the least rights
	@$(LAUNCH) code

run-scheduler: install ## Run a worker that does the control loops only (recovery, due jobs, counters)
	@BESPIN_WORKER_QUEUES=control $(LAUNCH) worker

run-grpc: ## (not in this version)
	@echo 'This version of Bespin has no gRPC server; use the HTTP API, which "make run-api" starts.' >&2; exit 1
