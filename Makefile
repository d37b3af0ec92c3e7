# imaged: build, test, install. `make help` lists the targets.
#
# Needs a .NET SDK 10; everything else comes from Debian packages, which `make deps` installs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

PREFIX ?= /usr
SYSCONFDIR ?= /etc
DESTDIR ?=

# The tree may belong to a user who calls `sudo make test`: compile as that user, so that no root-owned files stay
# behind and the package cache is the user's.
OWNER := $(shell stat -c %U .)
OWNER_HOME := $(shell getent passwd $(OWNER) | cut -d: -f6)
AS_OWNER := $(if $(filter-out root,$(OWNER)),$(if $(filter 0,$(shell id -u)),\
	runuser -u $(OWNER) -- env HOME=$(OWNER_HOME)))

# sudo cuts PATH down, and the SDK is often outside of it.
DOTNET ?= $(firstword $(shell command -v dotnet) $(wildcard $(addsuffix /dotnet,$(DOTNET_ROOT) /usr/lib/dotnet \
	/usr/share/dotnet /usr/local/share/dotnet /opt/dotnet $(OWNER_HOME)/.dotnet)))
export DOTNET
export DOTNET_ROOT := $(if $(DOTNET),$(patsubst %/,%,$(dir $(realpath $(DOTNET)))))
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
# The SDK starts without ICU, which a small Debian does not have.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT := 1

# The native half of Mono.Unix, which the daemon loads from beside itself.
HELPER := libMonoPosixHelper.so
PROGRAMS := out/bin/imaged out/bin/imagectl out/bin/imaged-worker
SOURCES := $(shell find core fuse daemon cli \( -name obj -o -name bin \) -prune -o -type f -print) \
	Directory.Build.props Directory.Build.targets Directory.Packages.props global.json .editorconfig
PUBLISH = $(AS_OWNER) $(DOTNET) publish $(1) -c Release --nologo -v quiet -clp:NoSummary -o out/publish/$(notdir $@)

.PHONY: build
build: $(PROGRAMS)  ## The three programs, in out/bin/

out/bin/imaged: $(SOURCES) | sdk deps-build
	$(call PUBLISH,daemon/Imaged.Daemon)
	$(AS_OWNER) install -D out/publish/imaged/imaged $@
	$(AS_OWNER) install out/publish/imaged/$(HELPER) out/bin/$(HELPER)

out/bin/imagectl: $(SOURCES) | sdk deps-build
	$(call PUBLISH,cli/Imaged.Cli)
	$(AS_OWNER) install -D out/publish/imagectl/imagectl $@

out/bin/imaged-worker: $(SOURCES) | sdk deps-build
	$(call PUBLISH,fuse/Imaged.Worker)
	$(AS_OWNER) install -D out/publish/imaged-worker/imaged-worker $@

# All three compile the same libraries into the same folders.
.NOTPARALLEL:

.PHONY: demo
demo: deps-demo build  ## sudo make demo [IMAGE=path]: mount an image with a private daemon, look, unmount
	tests/demo/run $(IMAGE)

.PHONY: test
test: deps-test build  ## sudo make test [PROJECTS="unit vm"]: every test but those in virtual machines
	AS_OWNER="$(AS_OWNER)" VM_CASES="$(VM_CASES)" tests/run $(PROJECTS)

.PHONY: formats-table
formats-table:  ## Puts what the last 'make test' checked into docs/formats.md
	tests/formats-table out/test-results out/test-results/formats.json docs/formats.md

.PHONY: formats-page
formats-page: build  ## Puts what 'imagectl formats' says into imaged-formats(7)
	out/bin/imagectl formats --json | packaging/man/make-formats >packaging/man/imaged-formats.7

.PHONY: bench
bench: deps-test build  ## sudo make bench [ROWS="a b"]: the tables of docs/performance.md
	$(AS_OWNER) $(DOTNET) build tests/bench/Imaged.Bench.csproj -c Release --nologo -v quiet -clp:NoSummary
	tests/bench/bin/Release/net10.0/Imaged.Bench $(ROWS)

TARGET ?= all
TIME ?= 60
.PHONY: fuzz
fuzz: sdk  ## make fuzz [TARGET=iso9660] [TIME=60]: damage images for that many seconds per target
	$(AS_OWNER) $(DOTNET) build tests/fuzz/Imaged.Fuzz.csproj -c Release --nologo -v quiet -clp:NoSummary
	tests/fuzz/bin/Release/net10.0/Imaged.Fuzz run $(TARGET) --time $(TIME)

.PHONY: format-check
format-check: sdk  ## Whether the code is formatted as .editorconfig says
	$(AS_OWNER) $(DOTNET) format imaged.sln --verify-no-changes --severity warn

.PHONY: install
install:  ## make install [DESTDIR=] [PREFIX=/usr]
	@test -x out/bin/imaged || { echo "make install: run 'make' first" >&2; exit 1; }
	install -D -m 0755 out/bin/imagectl $(DESTDIR)$(PREFIX)/bin/imagectl
	install -D -m 0755 out/bin/imaged $(DESTDIR)$(PREFIX)/libexec/imaged/imaged
	install -D -m 0644 out/bin/$(HELPER) $(DESTDIR)$(PREFIX)/libexec/imaged/$(HELPER)
	install -D -m 0755 out/bin/imaged-worker $(DESTDIR)$(PREFIX)/libexec/imaged/imaged-worker
	install -d -m 0755 $(DESTDIR)$(PREFIX)/sbin
	for helper in mount.imaged umount.imaged; do ln -sf ../bin/imagectl $(DESTDIR)$(PREFIX)/sbin/$$helper; done
	install -d -m 0755 $(DESTDIR)$(PREFIX)/lib/systemd/system-generators
	ln -sf ../../../bin/imagectl $(DESTDIR)$(PREFIX)/lib/systemd/system-generators/imaged-backup-generator
	install -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/imaged $(DESTDIR)$(SYSCONFDIR)/imaged/backup.d
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" SYSCONFDIR="$(SYSCONFDIR)" packaging/install-data

.PHONY: deb
deb: deps-deb build  ## out/imaged_VERSION_ARCHITECTURE.deb
	@$(AS_OWNER) rm -f out/imaged_*.deb
	@$(AS_OWNER) packaging/deb/build

.PHONY: deb-check
deb-check: deps-deb-check deb  ## Whether the package is made the same twice, and lintian has nothing against it
	packaging/deb/check

.PHONY: test-vm
test-vm: deps-deb build  ## sudo make test-vm [VM_CASES="a b"] [VM_KERNEL=backports]: the package in a virtual machine
	tests/e2e/vm/run $(VM_CASES)

.PHONY: deps deps-build deps-deb deps-deb-check deps-demo deps-test
deps: deps-build deps-deb deps-deb-check deps-demo deps-test  ## Debian packages for building and testing (root)
deps-build deps-deb deps-deb-check deps-demo deps-test:
	@packaging/deps $(@:deps-%=%)

.PHONY: sdk
sdk:
	@test -n "$(DOTNET)" || { echo "make: there is no 'dotnet' in PATH: install the .NET SDK 10," \
		"see https://learn.microsoft.com/dotnet/core/install/linux-debian" >&2; exit 1; }

.PHONY: clean
clean:  ## Remove what was built
	find . \( -name bin -o -name obj \) -type d -not -path './.git/*' -prune -exec rm -rf {} +
	rm -rf out

.PHONY: help
help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16
