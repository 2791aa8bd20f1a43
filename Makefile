# SPDX-License-Identifier: GPL-2.0-only
#
# For people; the kernel's build reads `Kbuild`. `make help` prints the lines that begin
# with `##`: headings (`##@`), targets and variables, each above what it describes.

SHELL := /bin/bash
.DEFAULT_GOAL := help

B := tools/build
CACHE := $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/ipe-rs
FIRMWARE := $(CACHE)/firmware$(if $(filter arm64 aarch64,$(or $(ARCH),$(shell uname -m))),-arm64)

TESTS := host ipectl fuzz kunit allow-path kselftest model debian boot-policy
CHECKERS := kasan kcsan cfi
OTHERS := strict 6.12 7.2 gcc arm64 proof uki

.PHONY: help run run-debian test test-full test-debug $(TESTS) $(OTHERS) $(CHECKERS) \
	fuzz-kernel coverage coverage-kernel mutants mutants-kernel bench size lint deb dist kernel shell clean distclean

##@ Try it
## run: build the example firmware, boot it and attack it
# One kernel serves the example and the tests, so that it is built once. Its
# KUnit suites do not run unless the command line asks for them.
run:
	@set -e; \
	kernel=$$($(B)/kernel --config test); \
	tools/firmware/build "$$kernel" "$(FIRMWARE)"; \
	tools/firmware/run "$$kernel" "$(FIRMWARE)"

## run-debian: boot Debian, test IPE with its systemd and auditd, and show the results
run-debian:
	@set -e; \
	kernel=$$($(B)/kernel --config test); \
	tools/debian/run "$$kernel" "$(CACHE)/debian"

##@ Test it
## test: run the tests: all from "host" to "boot-policy"
test:
	@$(B)/test $(TESTS)

## test-full: run these, "strict", "6.12", "7.2", "gcc", "arm64", "proof" and "uki"
test-full:
	@$(B)/test $(TESTS) $(OTHERS)

## host: test the policy language and its evaluation, with cargo
## ipectl: test ipectl and its package
## fuzz: fuzz the policy language and ipectl
## kunit: run the KUnit suites
## allow-path: check the machine code of decisions
## kselftest: run the kselftests
## model: compare a kernel with a model, in random sequences of commands
## debian: test with systemd and auditd of Debian
## boot-policy: check that an invalid boot policy fails the build of the kernel
## strict: run the kselftests on a kernel with a boot policy that refuses warnings
## 6.12: run KUnit, the kselftests and Debian on Linux 6.12
## 7.2: run KUnit, the kselftests and Debian on Linux 7.2
## gcc: run KUnit and the kselftests on kernels that GCC built, Linux 7.3 and 6.12
## arm64: run KUnit, the selftests and the boot of a board on an emulated arm64 machine
## proof: check with Coq that a compiled policy decides as the language says
## uki: boot a signed unified kernel image with Secure Boot, and break each link of the chain
$(TESTS) $(OTHERS):
	@$(B)/test $@

## test-debug: run KUnit and the kselftests on kernels with checkers (hours)
test-debug:
	@$(B)/test $(CHECKERS)

## kasan: run them with KASAN, UBSAN, lockdep and kmemleak only
## kcsan: run them with KCSAN only
## cfi: run them with kCFI only
$(CHECKERS):
	@$(B)/test $@

## fuzz-kernel: run random sequences of the model on a kernel with KASAN, for an hour
fuzz-kernel:
	@$(B)/test $@

##@ Measure and check it
## coverage: show which lines of policy/ and eval/ the tests on the host reach
coverage:
	@tools/policy/coverage

## coverage-kernel: show which lines of the module the kselftests reach
coverage-kernel:
	@$(B)/coverage

## mutants: change policy/ and eval/ in one place at a time, and see whether a test notices (hours)
mutants:
	@tools/policy/mutants

## mutants-kernel: change the module in one place at a time, and see whether a kselftest notices (an hour)
mutants-kernel:
	@tools/mutants/run

## bench: measure the cost of decisions and of loading policies, beside the IPE in C
bench:
	@tools/bench/run

## size: list the bytes of the functions by directory, beside the IPE in C
size:
	@$(B)/size

## lint: run rustfmt, clippy, the kernel's CLIPPY=1 W=e and shellcheck
lint:
	@$(B)/lint

##@ Build it
## kernel: build the kernel of the firmware and the tests, print its directory
kernel:
	@$(B)/kernel --config test

## deb: build a Debian package of ipectl, print its path
deb:
	@$(B)/deb

## dist: make a tarball for a kernel tree, with its checksum, print its path
dist:
	@$(B)/dist

## shell: start a shell in the build root
shell:
	@$(B)/enter

##@ Clean up
## clean: remove kernels, firmware, Debian, programs and logs
clean:
	rm -rf "$(CACHE)/build" "$(CACHE)/firmware" "$(CACHE)/firmware-arm64" "$(CACHE)/sysroot" "$(CACHE)/debian" "$(CACHE)/dist" "$(CACHE)/test" "$(CACHE)/target" "$(CACHE)/log"

## distclean: remove the whole cache, with the build root and the sources
distclean:
	chmod -R u+w "$(CACHE)" 2>/dev/null || true
	rm -rf "$(CACHE)"

## help: list targets and variables
help:
	@awk '/^##@/ { print "\n" substr($$0, 5) } sub(/^## /, "") { n = index($$0, ": "); printf "  %-21s %s\n", substr($$0, 1, n - 1), substr($$0, n + 2) }' $(MAKEFILE_LIST)
	@printf '\nDownloads and builds are kept in %s\n' '$(CACHE)'

##@ Variables, on the command line of make
## KDIR=/path/to/linux: use this kernel tree (7.2 or newer, or 6.12, clean); it stays untouched
## ARCH=arm64: build and boot for this architecture (default: the one of this machine)
## COMPILER=gcc: build kernels with GCC and binutils (default: clang and LLVM)
## KSERIES=6.12: use another linux-source of Debian (default: 7.3)
## MIRROR=http://...: use this mirror of Debian (default: the one of this machine)
## INTERACTIVE=1: run, run-debian: start a shell in the guest instead
## MEMORY=256M: run: memory of the appliance
## ONLY="NAME...": kselftest: run only these programs
## OPTIONS=-h: kselftest: options of these programs
## TIME=60: fuzz: seconds for each target; kselftest, test-debug: of stress; fuzz-kernel: of all
## SEQUENCES=60: model, fuzz-kernel: number of sequences
## LENGTH=40: model, fuzz-kernel: maximum number of commands in a sequence
## SEED=1: model, fuzz, fuzz-kernel: seed of the random numbers
## SMP=2: test-debug: processors of the guest
export ARCH COMPILER KDIR KSERIES MIRROR INTERACTIVE MEMORY ONLY OPTIONS TIME SEQUENCES LENGTH SEED SMP
