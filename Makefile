# make demo    install what is missing, build, run both tiers on loopback
# make test    install what is missing, run all tests
# make help    the rest

SWIFT ?= swift
# The release build is what people run, what the examples and the benchmark use, and what the end-to-end
# tests drive. It brings the Swift runtime along (the machine needs no toolchain), and leaves out the
# run-time checks of exclusive access, which the unit tests make: a tenth of the CPU (docs/performance.md). All
# addresses of libraries are resolved at the start, and their table is then read-only (-z now).
RELEASE := --configuration release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked \
	-Xlinker -z -Xlinker now
BERTH := .build/release/berth
# What `berth --version` shows beside the version. Of sources without git there is none.
COMMIT = $(shell git describe --always --exclude '*' --abbrev=12 --dirty 2>/dev/null)
FORMATTED := Sources Tests Package.swift Fuzz/Checks Fuzz/Targets Fuzz/Package.swift \
	Benchmarks/decisions Benchmarks/balancing

# Tests of one thread each: the thread sanitizer has nothing to find in them. Whole targets are left out by Package.swift.
ONE_THREAD := SimulationTests|flood
# Tests that compute for long: by themselves. Each takes one of the few threads that all tests have, and others could not even look
# whether what they wait for is there.
COMPUTING := SimulationTests|ScaleTests|flood|DeadEndpointTests|FirstMatchTests|HealthPropertyTests|DefectTests|LintTests|HostileConfigurationTests
# The address sanitizer looks at each step, not at many: it takes several times as long for one.
SANITIZED := BERTH_SEEDS=250 BERTH_PROPERTY_PAIRS=5000 BERTH_REQUESTS=1000
# Swift Testing begins all tests at once. A dozen at a time: or those that wait for a server or a deadline wait for 1,700 others.
AT_ONCE := --experimental-maximum-parallelization-width 12
TEST = $(if $(SANITIZE),ASAN_OPTIONS=detect_leaks=0 $(SANITIZED) $(SWIFT) test --sanitize $(SANITIZE) --scratch-path .build/$(SANITIZE),$(SWIFT) test) $(AT_ONCE)
# Sizes of the long run.
LONG_UNIT := BERTH_SEEDS=10000 BERTH_PROPERTY_PAIRS=5000000 BERTH_REQUESTS=10000 BERTH_FLOOD_NAMES=100000 \
	BERTH_CERTIFICATES=10000 BERTH_METRICS_HOSTS=1000000
LONG_END_TO_END := BERTH_E2E_HOSTS=100000 BERTH_E2E_BYTES=1073741824 BERTH_E2E_ETCD_AWAY=60 \
	BERTH_E2E_REQUESTS=10000 BERTH_E2E_CHAOS=600 BERTH_E2E_SLOW=500 BERTH_E2E_FLOOD=100000 \
	BERTH_E2E_NIS_AWAY=60 BERTH_E2E_KEYS=10000 BERTH_E2E_SWITCHES=100000 BERTH_E2E_SWAP=20 BERTH_E2E_WEBSOCKETS=1000 \
	BERTH_E2E_CONTAINERS=50 BERTH_E2E_CUTS=100000 BERTH_E2E_METRICS_HOSTS=1000000 \
	BERTH_E2E_TAKE_OVER_RATE=3000
PYTEST := /usr/bin/python3 -m pytest Tests/EndToEnd -q --durations 5

.PHONY: demo test build unit end-to-end examples applications sanitize sanitize-thread sanitize-address fuzz simulate long \
	deb tarball image bench bench-abuse bench-balancing bench-certificates bench-changes bench-decisions bench-failures bench-tls \
	bench-profile bench-syscalls docs format lint help clean

demo: build
	@$(BERTH) demo

test:
	@scripts/timed "make build" $(MAKE) build
	@scripts/timed "make unit" $(MAKE) unit
	@scripts/timed "make end-to-end" $(MAKE) end-to-end

build:
	@scripts/install-packages build
	@BERTH_COMMIT=$(COMMIT) $(SWIFT) build $(RELEASE) --product berth

# SANITIZE=address or thread: the same tests, with every memory access or every order of two threads watched, in a
# build folder of their own. Leaks are left out: the test runner itself has some at its end.
unit:
	@scripts/install-packages build test
	$(TEST) --skip '$(COMPUTING)'
	$(TEST) --skip-build --filter '$(COMPUTING)'

# Several files at a time, as they wait more than they compute; then those that measure or fill the machine.
end-to-end: build
	@scripts/install-packages test browser
	BERTH=$(abspath $(BERTH)) $(PYTEST) -m "not example and not application and not serial" -n 4 --dist loadfile
	BERTH=$(abspath $(BERTH)) $(PYTEST) -m "not example and not application and serial"

examples: build
	@scripts/install-packages test examples packages package-tests
	BERTH=$(abspath $(BERTH)) $(PYTEST) -m example

# WordPress, Django, Flask, a Go program, git and a container registry behind both tiers: a gigabyte of packages.
applications: build
	@scripts/install-packages test applications
	BERTH=$(abspath $(BERTH)) $(PYTEST) -m application

sanitize: sanitize-thread sanitize-address

sanitize-thread:
	@scripts/install-packages build test
	TSAN_OPTIONS=suppressions=$(abspath Tests/thread-sanitizer.suppressions) \
		BERTH_TESTS=threads $(SWIFT) test --sanitize thread --scratch-path .build/thread $(AT_ONCE) \
		--skip '$(ONE_THREAD)'

sanitize-address:
	$(MAKE) unit SANITIZE=address

# Ten thousand seeds of the simulated exchange; `make unit` runs one thousand. BERTH_SEED=7 replays one.
simulate:
	@scripts/install-packages build
	BERTH_SEEDS=10000 $(SWIFT) test --filter SimulationTests

# The sizes that are too large for every push, and the example of docs/routing-library.md as a package of its own.
long: build
	@scripts/install-packages build
	$(LONG_UNIT) $(SWIFT) test --configuration release -Xswiftc -enable-testing --scratch-path .build/long \
		--filter 'SimulationTests|ScaleTests|DeadEndpointTests|NameFloodTests|flood'
	scripts/check-doc-example
	@scripts/install-packages nis clients
	$(LONG_END_TO_END) $(MAKE) end-to-end examples applications
	$(MAKE) fuzz SECONDS_EACH=600

# Each fuzzer for some seconds, from the corpus in Fuzz/corpus: `make fuzz SECONDS_EACH=600` is the long run.
SECONDS_EACH := 10
fuzz:
	@scripts/install-packages build
	Fuzz/run --seconds $(SECONDS_EACH)

# What others install (docs/install.md): each prints where it is. REVISION=2 is the package's next revision.
deb: build
	@scripts/install-packages packages
	@BERTH=$(abspath $(BERTH)) packaging/deb

tarball: build
	@scripts/install-packages packages
	@BERTH=$(abspath $(BERTH)) packaging/tarball

image: build
	@scripts/install-packages examples
	@BERTH=$(abspath $(BERTH)) packaging/image/build

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

# TLS and HTTP/2: handshakes, requests and idle connections, beside nginx, HAProxy, Envoy and Caddy.
bench-tls: build
	@scripts/install-packages bench
	Benchmarks/secure --all --write-docs

# What other clients notice of abuse over HTTP/2: the table of docs/http2.md. Half an hour; wants a machine that does nothing else.
bench-abuse: build
	@scripts/install-packages bench test
	Benchmarks/abuse --all --write-docs

# 10,000 certificates at one listener: the table of docs/tls.md.
bench-certificates: build
	@scripts/install-packages bench
	Benchmarks/certificates --write-docs

# One of three endpoints fails under load, with Berth and four other proxies: the tables of docs/failures.md.
bench-failures: build
	@scripts/install-packages bench failures
	Benchmarks/failures --write-docs

# Reloads and take-overs under load, with Berth and four other proxies: the table of docs/benchmarks.md.
bench-changes: build
	@scripts/install-packages bench failures test
	Benchmarks/changes/run

# Decisions among 10 to 100,000 rules: the table of docs/routing-scale.md.
bench-decisions:
	@scripts/install-packages build
	$(SWIFT) run $(RELEASE) decisions
	$(SWIFT) run $(RELEASE) decisions flood

# Balancing methods compared in a simulation: the tables and the plot of docs/balancing.md.
bench-balancing:
	@scripts/install-packages build
	$(SWIFT) run $(RELEASE) balance docs

# API documentation of the library products, in .build/docs.
docs:
	@scripts/install-packages build
	scripts/api-docs

format:
	$(SWIFT) format --in-place --recursive $(FORMATTED)

lint:
	$(SWIFT) format lint --strict --recursive $(FORMATTED)

help:
	@echo 'make demo             build, and run both tiers with demo containers on loopback'
	@echo 'make build            build .build/release/berth'
	@echo 'make test             all tests: build, unit, end-to-end'
	@echo 'make unit             unit tests;  BERTH_SEED=N repeats a seed that they printed'
	@echo 'make end-to-end       tests of the built program with real clients, origins, etcd and dnsmasq'
	@echo 'make examples         tests of examples/ with real containers, and of packages: needs root'
	@echo 'make applications     tests of real applications behind both tiers: WordPress, Django, git, a registry'
	@echo 'make deb              the Debian package, in .build/packages'
	@echo 'make tarball          the same files for other systems'
	@echo 'make image            a container image of nothing but Berth and its libraries'
	@echo 'make sanitize-address unit tests under the address sanitizer'
	@echo 'make sanitize-thread  unit tests with several threads under the thread sanitizer'
	@echo 'make sanitize         both'
	@echo 'make fuzz             each fuzzer for 10 seconds;  SECONDS_EACH=600 for longer (docs/fuzzing.md)'
	@echo 'make simulate         10,000 seeds of the simulated exchange'
	@echo 'make long             the large sizes of all tests: hours'
	@echo 'make bench            CPU, latency, memory compared with nginx, HAProxy and Envoy: ten minutes'
	@echo 'make bench-tls        the same for TLS and HTTP/2, with Caddy'
	@echo 'make bench-abuse      what other clients notice of abuse over HTTP/2'
	@echo 'make bench-certificates  start and memory of a tier with 10,000 certificates'
	@echo 'make bench-profile    whose code the CPU time of Berth goes to'
	@echo 'make bench-syscalls   system calls per request'
	@echo 'make bench-decisions  time and memory of decisions among up to 100,000 rules'
	@echo 'make bench-changes    what clients lose in reloads and take-overs, compared with nginx, HAProxy, Caddy and Traefik'
	@echo 'make bench-failures   what clients see when endpoints fail, compared with nginx, HAProxy, Caddy and Traefik'
	@echo 'make bench-balancing  distribution, disruption and tail latency of the balancing methods'
	@echo 'make docs             API documentation of the libraries, in .build/docs'
	@echo 'make format           format the sources'
	@echo 'make lint             check the format of the sources'
	@echo 'make clean            delete .build'

clean:
	rm -rf .build
