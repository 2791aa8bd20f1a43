# SPDX-License-Identifier: GPL-2.0-only
#
# For people; the kernel's build reads `Kbuild`. `make help` tells what there is.

SHELL := /bin/bash
.DEFAULT_GOAL := help

B := tools/build
CACHE := $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/ipe-rs
FIRMWARE := $(CACHE)/firmware

# What the scripts understand, given on make's command line.
export KDIR KSERIES MIRROR INTERACTIVE MEMORY ONLY OPTIONS TIME SEQUENCES LENGTH SEED SMP

.PHONY: help run run-debian test test-debug test-full bench lint kernel shell deb ipectl kunit allow-path \
	kselftest debian host fuzz model coverage coverage-kernel boot-policy strict 7.2 kasan kcsan cfi clean distclean

help:
	@echo 'Integrity Policy Enforcement in Rust'
	@echo
	@echo '  make run                  build and boot the example firmware, tell the attack story'
	@echo '  make run INTERACTIVE=1    the same, and leave a shell in the appliance'
	@echo '  make run-debian           boot Debian: systemd and auditd tell what they see of IPE'
	@echo '                            (INTERACTIVE=1: a shell in it)'
	@echo '  make test                 run the tests: on the host, and under QEMU KUnit, kselftest, ipectl, Debian'
	@echo '                            (all from "make host" to "make boot-policy" below)'
	@echo '  make test-full            the same, and those on other kernels: strict, 7.2'
	@echo '  make host                 only the tests on the host'
	@echo '  make ipectl               only the tests of ipectl'
	@echo '  make kunit                only the KUnit suites'
	@echo '  make allow-path           only the test of the machine code that decides'
	@echo '  make kselftest            only the kselftests (ONLY="NAME...": only those programs, OPTIONS=-h: theirs)'
	@echo '  make debian               only the tests in Debian'
	@echo '  make fuzz TIME=60         fuzz the policy language and ipectl, so many seconds a target'
	@echo '  make model SEQUENCES=60   compare a kernel with the model, in so many sequences of commands'
	@echo '  make boot-policy          only that a bad boot policy stops the kernel'"'"'s build'
	@echo '  make strict               the kselftests on a kernel that has a boot policy, refuses policies'
	@echo '                            with warnings, and trusts the keys of the firmware'
	@echo '  make 7.2                  KUnit, kselftest and Debian on Linux 7.2'
	@echo '  make test-debug           KUnit and kselftest on kernels that check themselves: hours'
	@echo '                            (TIME=120: seconds of stress, SMP=2: processors;'
	@echo '                            one of them alone: make kasan, make kcsan, make cfi)'
	@echo '  make coverage             what the host tests reach of policy/ and eval/'
	@echo '  make coverage-kernel      what the selftests reach of the whole module'
	@echo '  make bench                measure what decisions and policies cost, beside the IPE in C'
	@echo '  make lint                 rustfmt, clippy, the kernel'"'"'s CLIPPY=1 W=e, shellcheck'
	@echo '  make deb                  make a package of ipectl for Debian, print where it is'
	@echo '  make kernel               build the kernel of the firmware and the tests, print where it is'
	@echo '  make shell                a shell in the build root'
	@echo '  make clean                remove kernels, firmware, Debian, programs and logs'
	@echo '  make distclean            remove the whole cache: also the build root and the sources'
	@echo
	@echo '  KDIR=/path/to/linux       use this kernel tree (7.2 or newer, clean); it stays untouched'
	@echo '  KSERIES=7.2               use another linux-source of Debian (default 7.3)'
	@echo '  MIRROR=http://...         use this Debian mirror (default: the one of this machine)'
	@echo '  MEMORY=256M               the memory of the appliance'
	@echo
	@echo 'Downloads and builds are kept in $(CACHE)'

# One kernel serves the example and the tests, so that it is built once. Its
# KUnit suites do not run unless the command line asks for them.
run:
	@set -e; \
	kernel=$$($(B)/kernel --config test); \
	tools/firmware/build "$$kernel" "$(FIRMWARE)"; \
	tools/firmware/run "$$kernel" "$(FIRMWARE)"

run-debian:
	@set -e; \
	kernel=$$($(B)/kernel --config test); \
	tools/debian/run "$$kernel" "$(CACHE)/debian"

CHECKERS := kasan kcsan cfi
TESTS := host ipectl fuzz kunit allow-path kselftest model debian boot-policy

test:
	@$(B)/test $(TESTS)

test-full:
	@$(B)/test $(TESTS) strict 7.2

$(TESTS) strict 7.2:
	@$(B)/test $@

fuzz: export TIME ?= 60

coverage:
	@tools/host/coverage

coverage-kernel:
	@$(B)/coverage

# Not part of `test`: other kernels to build, and slow ones.
test-debug:
	@$(B)/test $(CHECKERS)

$(CHECKERS):
	@$(B)/test $@

bench:
	@tools/bench/run

lint:
	@$(B)/lint

deb:
	@$(B)/deb

kernel:
	@$(B)/kernel --config test

shell:
	@$(B)/enter

clean:
	rm -rf "$(CACHE)/build" "$(CACHE)/firmware" "$(CACHE)/debian" "$(CACHE)/test" "$(CACHE)/target" "$(CACHE)/log"

distclean:
	chmod -R u+w "$(CACHE)" 2>/dev/null || true
	rm -rf "$(CACHE)"
