# make demo    install what is missing, build, run both tiers on loopback
# make test    install what is missing, run all tests
# make help    the rest

SWIFT ?= swift
# The release build is what people run, what the examples and the benchmark use, and what the end-to-end
# tests drive. It brings the Swift runtime along (the machine needs no toolchain), and leaves out the
# run-time checks of exclusive access, which the unit tests make: a tenth of the CPU (docs/performance.md).
RELEASE := --configuration release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
BERTH := .build/release/berth
FORMATTED := Sources Tests Package.swift Fuzz/Checks Fuzz/Targets Fuzz/Package.swift \
	Benchmarks/decisions

# Tests that count on a registry's leases have the machine for themselves: others keep both cores busy for minutes.
tests = $(1) --skip '^(EtcdNames|Registration)Tests' && $(1) --filter '^(EtcdNames|Registration)Tests'

# Sanitizers look at each step, not at many: fewer seeds, and no flood of a million hosts.
SANITIZED := BERTH_SEEDS=100 BERTH_PROPERTY_PAIRS=2000 $(SWIFT) test --skip flood

.PHONY: demo test build unit doc-example end-to-end examples sanitize sanitize-thread sanitize-address fuzz simulate \
	bench bench-decisions bench-profile bench-syscalls format lint help clean

demo: build
	@$(BERTH) demo

test: build unit doc-example end-to-end

build:
	@scripts/install-packages build
	@$(SWIFT) build $(RELEASE) --product berth

# SANITIZE=address or thread: the same tests, in a build folder of their own, with every memory access or every
# order of two threads watched. Leaks are left out: the test runner itself has some at its end.
unit:
	@scripts/install-packages build test
	$(call tests,$(if $(SANITIZE),ASAN_OPTIONS=detect_leaks=0 $(SANITIZED) --sanitize $(SANITIZE) --scratch-path .build/$(SANITIZE),$(SWIFT) test))

doc-example:
	@scripts/install-packages build
	scripts/check-doc-example

end-to-end: build
	@scripts/install-packages test
	BERTH=$(abspath $(BERTH)) /usr/bin/python3 -m pytest Tests/EndToEnd -q -m "not example"

examples: build
	@scripts/install-packages test examples
	BERTH=$(abspath $(BERTH)) /usr/bin/python3 -m pytest Tests/EndToEnd -q -m example

# The unit tests under the thread and the address sanitizer, each in a build folder of its own.
sanitize: sanitize-thread sanitize-address

sanitize-thread:
	@scripts/install-packages build test
	$(call tests,$(SANITIZED) --sanitize thread --scratch-path .build/thread)

# Leaks are left out: the test runner itself has some at its end.
sanitize-address:
	@scripts/install-packages build test
	$(call tests,ASAN_OPTIONS=detect_leaks=0 $(SANITIZED) --sanitize address --scratch-path .build/address)

# Ten thousand seeds of the simulated exchange; `make unit` runs one thousand. BERTH_SEED=7 replays one.
simulate:
	@scripts/install-packages build
	BERTH_SEEDS=10000 $(SWIFT) test --filter SimulationTests

# Each fuzzer for some seconds, from the corpus in Fuzz/corpus: `make fuzz SECONDS_EACH=600` is the long run.
SECONDS_EACH := 10
fuzz:
	@scripts/install-packages build
	Fuzz/run --seconds $(SECONDS_EACH)

# Tables and plot land in docs/benchmarks.md and docs/routing-scale.md. Wants a machine that does nothing else.
bench: build
	@scripts/install-packages bench
	Benchmarks/run --all --write-docs

# Where the time goes: the tables of docs/performance.md, with perf and with strace.
bench-profile: build
	@scripts/install-packages bench profile
	Benchmarks/profile --write-docs

bench-syscalls: build
	@scripts/install-packages bench profile
	Benchmarks/syscalls --write-docs

# Decisions among 10 to 100,000 rules: the table of docs/routing-scale.md.
bench-decisions:
	@scripts/install-packages build
	$(SWIFT) run $(RELEASE) decisions
	$(SWIFT) run $(RELEASE) decisions flood

format:
	$(SWIFT) format --in-place --recursive $(FORMATTED)

lint:
	$(SWIFT) format lint --strict --recursive $(FORMATTED)

help:
	@echo 'make demo        run both tiers with demo containers on loopback'
	@echo 'make test        all tests: unit, end to end'
	@echo 'make sanitize    unit tests under the thread and the address sanitizer'
	@echo 'make simulate    10,000 seeds of the simulated exchange'
	@echo 'make fuzz        each fuzzer for 10 seconds (docs/fuzzing.md)'
	@echo 'make bench       CPU, latency, memory beside nginx, HAProxy and Envoy: ten minutes'
	@echo 'make bench-profile    whose code Berth'"'"'s CPU goes to;  make bench-syscalls: system calls per request'
	@echo 'make bench-decisions  time and memory of decisions among up to 100,000 rules'
	@echo 'make format      format the sources;  make lint: only look'

clean:
	rm -rf .build
