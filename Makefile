# The repository's tasks. `make test` is what CI runs, and all that it runs.
#
# Everything works on a fresh machine that has Go and make: what else is needed
# is built into bin/ from the modules under tools/, or installed from Debian's
# packages by tools/need.sh.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
export PATH := $(PATH):/usr/sbin:/sbin
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Commands that the tests start; tools/need.sh knows their packages.
TEST_NEEDS := cc nginx haproxy dnsmasq named curl h2load
# Two packages are tested at a time: the tests start servers of their own and
# share two cores in CI. TIMEOUT is for one package.
PARALLEL ?= 2
TIMEOUT  ?= 10m
# What `pingap version` says the sources are; empty outside of a git checkout.
REVISION = $(shell git rev-parse --short=12 HEAD 2>/dev/null)
# How long `make fuzz` spends on each target.
FUZZTIME ?= 1m

.PHONY: help
help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

.PHONY: build
build: ## bin/pingap, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-X main.revision=$(REVISION)' -o bin/pingap ./cmd/pingap

.PHONY: dev
dev: ## run the proxy with a registry and three instances, all on loopback
	go run ./cmd/pingap dev

# -count=1: tests start programs that Go's test cache knows nothing of. The proxy is
# tested a second time without the detector, which allocates itself: allocations
# are pinned there.
.PHONY: test
test: needs lint ## everything CI runs: lint, then all tests with -race on real servers
	PINGAP_TEST_REQUIRE=1 go test -race -count=1 -p $(PARALLEL) -timeout $(TIMEOUT) ./...
	go test -count=1 -timeout $(TIMEOUT) ./proxy

.PHONY: quick
quick: ## the tests that need no other program; those that do are skipped
	go test -timeout $(TIMEOUT) ./...

.PHONY: lint
lint: bin/staticcheck ## gofmt, go vet, staticcheck (staticcheck.conf says what and why)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || echo .)); \
	  if [[ -n "$$unformatted" ]]; then echo "not gofmt'd: $$unformatted" >&2; exit 1; fi
	go vet ./...
	bin/staticcheck ./...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (1m); the seeds alone run in `make test`
	@for pkg in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; \
	done

.PHONY: bench
bench: ## pingap beside nginx, HAProxy, Caddy and net/http; writes docs/benchmarks.md
	bench/run.sh

.PHONY: needs
needs: bin/consul bin/nomad bin/h2spec ## install and build what the tests start
	@tools/need.sh $(TEST_NEEDS)

.PHONY: clean
clean: ## remove what was built here; Go's build cache stays
	rm -rf bin bench/out

# The tools are rebuilt when their versions change. One after the other: each
# link takes gigabytes, and Go keeps both cores busy by itself.
bin/consul: tools/consul/go.mod tools/consul/go.sum
	@echo "building Consul (some minutes the first time)"
	cd tools/consul && go build -o ../../bin/consul github.com/hashicorp/consul
	@touch $@

bin/nomad: tools/nomad/go.mod tools/nomad/go.sum | bin/consul
	@echo "building Nomad (some minutes the first time)"
	cd tools/nomad && go build -o ../../bin/nomad github.com/hashicorp/nomad
	@touch $@

bin/h2spec: tools/h2spec/go.mod tools/h2spec/go.sum
	cd tools/h2spec && go build -o ../../bin/h2spec github.com/summerwind/h2spec/cmd/h2spec
	@touch $@

bin/staticcheck: tools/lint/go.mod tools/lint/go.sum
	cd tools/lint && go build -o ../../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	@touch $@
