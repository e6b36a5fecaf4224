# `make` prints the targets. It needs Go, git and GNU make; everything else is a Go module of a pinned version.

GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT_GO      := 1.26
GOVULNCHECK_VERSION   := v1.8.0

# Settings for `make run`: CONFIG is a config of your own, read with your AWS credentials; RUN_FOR, such as 30s, ends the run.
CONFIG ?=
RUN_FOR ?=

# Settings for `make fuzz`: FUZZTIME is for each target, FUZZ a regular expression of their names.
FUZZTIME ?= 1m
FUZZ ?= .

# No toolchain is downloaded unless the environment says so. Set GOTOOLCHAIN=auto to allow it.
GOTOOLCHAIN ?= local
export GOTOOLCHAIN CONFIG RUN_FOR

# Settings for `make faults`: how many seeds, how many at a time, and the first; without that one, seeds that no run had before.
SEEDS ?= 50
PARALLEL ?= 8
SEED ?=

TESTING := -p 3 -parallel 4 -timeout 40m -ldflags="-s -w"

COLLECTOR     := _build/otelcol-apigateway
GOLANGCI_LINT := .bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
GOVULNCHECK   := .bin/govulncheck-$(GOVULNCHECK_VERSION)
TOOLS         := go tool -modfile internal/tools/go.mod
SCRIPTS       := .ci/run $(wildcard scripts/*)
# Modules of their own, so that what they need is in no other build.
MODULES       := deploy/lint exporterconfig/kafkatest monitoring/ruletest

# What the collector is made of: the manifest, the modules, and the receiver's sources and folders.
COLLECTOR_SOURCES := builder-config.yaml go.mod go.sum scripts/build $(shell find receiver -type d ! -name testdata) \
	$(shell find receiver -name '*.go' ! -name '*_test.go')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help build preflight run test test-long faults soak bench bench-e2e fuzz lint vuln generate format tidy check clean go git

help: ## print this
	@echo "Targets of awsapigateway:"
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

build: $(COLLECTOR) ## build the collector, _build/otelcol-apigateway, with ocb
	@scripts/build size $(COLLECTOR)

$(COLLECTOR): $(COLLECTOR_SOURCES) | go
	@scripts/build collector $(COLLECTOR) $(TOOLS) builder --config builder-config.yaml

preflight: | go ## build .bin/apigateway-preflight, which tries a config before it runs
	@mkdir -p .bin && go build -buildvcs=false -trimpath -o .bin/ ./cmd/apigateway-preflight

run: $(COLLECTOR) ## run it against the embedded AWS; CONFIG=my.yaml: against AWS; RUN_FOR=30s: so long
	@mkdir -p .bin && go build -buildvcs=false -o .bin/ ./cmd/awssim ./cmd/demo
	@exec .bin/demo -collector $(COLLECTOR) -awssim .bin/awssim -config "$$CONFIG" -for "$$RUN_FOR"

# Some tests wait for processes on a real clock, hence -parallel; the longest packages begin first. What takes long, above all under the race detector, is
# left to test-long; with RACE=all nothing is. A program under the race detector waits a second before it ends, unless told not to.
test: $(COLLECTOR) ## run the tests, with the race detector where there is a C compiler
	@race=-race; [ "$$(go env CGO_ENABLED)" = 1 ] || { race=; echo "test: without the race detector, which needs a C compiler"; }; \
	set -x; export OTELCOL_APIGATEWAY="$(CURDIR)/$(COLLECTOR)" GORACE="atexit_sleep_ms=10 $$GORACE"; \
	go test $$race $(TESTING) ./test/faults ./receiver/awsapigatewayreceiver ./...

test-long: $(COLLECTOR) ## run the tests that make test leaves out, without the race detector
	OTELCOL_APIGATEWAY="$(CURDIR)/$(COLLECTOR)" go test $(TESTING) -run "$$(scripts/unraced tests)" $$(scripts/unraced folders)

# Its runs wait for clocks, too.
faults: $(COLLECTOR) ## run the fault suite, with SEEDS=50 seeds, PARALLEL=8 at a time; SEED=7 SEEDS=1 replays one
	FAULTS_SEEDS="$(SEEDS)" FAULTS_SEED="$(SEED)" OTELCOL_APIGATEWAY="$(CURDIR)/$(COLLECTOR)" \
		go test -v -count 1 -run TestLongSchedules -parallel $(PARALLEL) -timeout 0 ./test/faults

soak: ## run the receiver for a day on a clock that does not wait; SOAK=6h: so long
	SOAK="$${SOAK:-24h}" go test -count=1 -run "^TestSoak$$" -v -timeout 60m ./receiver/awsapigatewayreceiver

bench-e2e: $(COLLECTOR) ## run the benchmarks of the built collector against the embedded AWS: speed, memory, calls, bytes (half an hour)
	OTELCOL_APIGATEWAY="$(CURDIR)/$(COLLECTOR)" go test -run '^$$' -bench '^Benchmark(Startup|Memory|Backlog.*|InventoryMemory|Traces.*Limit)$$' -benchtime 1x -timeout 90m \
		./receiver/awsapigatewayreceiver

bench: $(COLLECTOR) ## run the benchmarks
	@packages=$$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u); \
	[ -n "$$packages" ] || { echo "bench: there are no benchmarks"; exit 1; }; \
	set -x; OTELCOL_APIGATEWAY="$(CURDIR)/$(COLLECTOR)" go test -run '^$$' -bench . -benchmem -timeout 60m $$packages

fuzz: | go ## run each fuzz target for FUZZTIME, a minute; FUZZ=name: those alone
	@scripts/fuzz "$(FUZZTIME)" "$(FUZZ)"

lint: $(GOLANGCI_LINT) $(GOVULNCHECK) $(COLLECTOR) ## run golangci-lint with gosec, go vet, govulncheck, and the shell's own check of the scripts
	$(GOLANGCI_LINT) run --allow-parallel-runners
	go vet ./...
	@for m in $(MODULES); do (set -x; cd $$m && $(CURDIR)/$(GOLANGCI_LINT) run --allow-parallel-runners -c $(CURDIR)/.golangci.yml) || exit 1; done
	@for s in $(SCRIPTS); do case $$(head -n 1 $$s) in *bash) bash -n $$s ;; *) sh -n $$s ;; esac && echo "syntax of $$s: ok" || exit 1; done
	@scripts/vuln $(GOVULNCHECK) $(COLLECTOR)

vuln: $(GOVULNCHECK) $(COLLECTOR) ## look for known vulnerabilities, where their database can be reached
	@scripts/vuln $(GOVULNCHECK) $(COLLECTOR)

generate: | go ## write the generated files
	go generate ./...

format: $(GOLANGCI_LINT) ## format the code
	$(GOLANGCI_LINT) fmt

tidy: | go ## tidy go.mod
	go mod tidy
	@for m in $(MODULES); do (set -x; go -C $$m mod tidy) || exit 1; done

check: $(GOLANGCI_LINT) | go git ## fail where generate, tidy or format would change something
	scripts/unchanged $(MAKE) --no-print-directory generate
	@for m in . $(MODULES); do echo go -C $$m mod tidy -diff; diff=$$(go -C $$m mod tidy -diff) || { echo "$$diff" | head -n 40; echo "check: go.mod or go.sum is not tidy; run make tidy" >&2; exit 1; }; done
	$(GOLANGCI_LINT) fmt --diff

clean: ## remove what the other targets made
	rm -rf _build .bin .run

$(GOLANGCI_LINT): | go
	@scripts/need go $(GOLANGCI_LINT_GO) golangci-lint
	@echo "Building golangci-lint $(GOLANGCI_LINT_VERSION)"
	@GOBIN="$(CURDIR)/.bin/tmp" go install -buildvcs=false github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv .bin/tmp/golangci-lint $@ && rmdir .bin/tmp

$(GOVULNCHECK): | go
	@echo "Building govulncheck $(GOVULNCHECK_VERSION)"
	@GOBIN="$(CURDIR)/.bin/tmp" go install -buildvcs=false golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	@mv .bin/tmp/govulncheck $@ && rmdir .bin/tmp

# What has to be there, said in one line each.
go:
	@scripts/need go
git:
	@scripts/need git
