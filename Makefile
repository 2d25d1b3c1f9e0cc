# SPDX-License-Identifier: GPL-2.0
#
# Builds, runs and checks the patchset; "make help" lists the targets. The work is done by the
# scripts in tools/build and tests/vm, which can be called by hand as well.

BUILD ?= build
VARIANT ?= std
DESTDIR ?=
PREFIX ?= /usr/local

ifneq ($(words $(CURDIR) x$(BUILD)),2)
$(error No directory here may have a space in its name, make knows no such targets: $(CURDIR), BUILD=$(BUILD))
endif
override BUILD := $(abspath $(BUILD))
export BUILD LINUX_SRC FORCE JOBS ACCEL CONFIG
unexport CDPATH

B := tools/build

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

.PHONY: help deps tree qemu variant kernel refresh install-tree series install deb deb-tools dist clean \
	demo check check-model bench bisect mutants mutants-kernel soak \
	test test-unit test-kunit test-vm test-net test-nested test-kvm test-rt test-debug test-off test-setups

help: ## Show this list
	@$(B)/help $(firstword $(MAKEFILE_LIST))

#: Source and kernel

deps: ## 1 min: install the packages that the rest needs (Debian; instant when they are there)
	@$(B)/deps

tree: deps ## 30 s first, then 1 s: lay build/tree (source, new files, patches); LINUX_SRC=, FORCE=1
	@$(B)/tree

qemu: deps ## 5 min once on two cores: the emulator of machines that have machines inside (tests/vm/run --nested)
	@$(B)/deps qemu
	@$(B)/qemu

variant:
	@$(B)/kernel --known $(VARIANT)

kernel: variant tree ## 10 min cold on two cores, 30 s with changes: build/obj-VARIANT; VARIANT=std rt debug guest guest-rt off
	@$(B)/kernel $(VARIANT)

refresh: ## 5 s: write the commits and edits of build/tree back to patches/ and the new files
	@$(B)/refresh

install-tree: ## 5 s: put the new files into a 6.12.y tree of your own and try the patches; KDIR= APPLY=1 COMMIT=1
	@$(B)/install-tree $(if $(COMMIT),--commit,$(if $(APPLY),--apply)) "$(KDIR)"

series: tree ## 10 s: build/series, what is mailed to review, signed off by you; VERSION=
	@$(B)/series $(if $(VERSION),-v $(VERSION))

install: ## 5 s: install vbsctl, libtimeline, man pages and completion; DESTDIR= PREFIX=
	@$(B)/install "$(DESTDIR)" "$(PREFIX)"

deb: tree ## 1 h or more, 20 GiB: packages of the kernel, with your configuration, and vbsctl; CONFIG=
	@$(B)/deps deb
	@$(B)/deb

deb-tools: deps ## 1 min: Debian's source package of vbsctl, and the package
	@$(B)/deps deb
	@$(B)/deb-tools

dist: ## 10 s: the release tarball of the last commit, build/dist/vbs-VERSION.tar.xz
	@$(B)/dist

clean: ## Remove build/
	@$(B)/clean

#: Running

demo: deps ## 1 min after the kernel: see SCHED_VBS at work in a virtual machine
	@tests/demo/run --ready
	@$(MAKE) kernel
	@tests/demo/run

#: Tests (the last line of each is "N passed, N failed")

test: kernel ## 30 min warm, 80 cold: patches, unit tests, fuzzer, KUnit, selftests, vbsctl, machines in machines
	@$(B)/test patches unit fuzz kunit ordinary tool net nested vm

test-unit: deps ## 1 min: the core, vbsctl and the scripts in user space
	@$(B)/test unit

test-kunit: kernel ## 10 s after the kernel: the core and the glue inside the kernel
	@$(B)/test kunit

test-vm: kernel ## 5 min after the kernel: the selftests and vbsctl, in instruction-counted and real time
	@$(B)/test tool vm

test-net: kernel ## 6 min after the kernel: timelines from servers that lie, over ways that lose and delay
	@$(B)/test net

test-nested: kernel qemu ## 10 min after make qemu: machines of the distribution's QEMU in servers
	@$(B)/test nested

test-kvm: kernel qemu ## 1 h after make qemu: KVM's own selftests have the same results with SCHED_VBS and without
	@$(B)/kernel off
	@$(B)/test-kvm

test-rt: tree qemu ## 40 min cold: the same on PREEMPT_RT
	@$(B)/kernel rt
	@$(B)/test --variant rt kunit ordinary tool vm

test-debug: tree ## 40 min cold: the same with lockdep, KASAN and the other checks
	@$(B)/kernel debug
	@$(B)/test --variant debug kunit ordinary tool vm

test-off: tree ## 15 min cold: SCHED_VBS=n builds and behaves as the plain kernel
	@$(B)/kernel off
	@$(B)/test --variant off ordinary

test-setups: kernel ## 15 min, as root: make deps and demo's needs on bare Debian releases (debootstrap), with and without sudo
	@tests/build/setups

check: tree ## 7 min: checkpatch, also of the mails, sparse, W=1, kernel-doc, shellcheck, clang-format
	@$(B)/check

check-model: ## 10 min or less: search the models of the rules and of the locks exhaustively
	@$(B)/deps check-model
	@mkdir -p $(BUILD)/test/model
	@tests/model/run | tee $(BUILD)/test/model/model.tap | grep '^#' || :
	@$(B)/tap-summary $(BUILD)/test/model/model.tap

bench: deps ## 6 min: what clocks and scheduling cost, beside their peers, goals, profiles; a goal that is lost is a failure
	@$(B)/bench

bisect: tree ## 1 h or more cold, goes on where it was stopped: every mail of the series builds on those before it
	@$(B)/bisect

mutants: kernel ## Hours: faults planted in the code, each of which a test must find
	@tests/mutants/run
	@tests/mutants/timeline
	@tests/mutants/libtimeline
	@tests/mutants/network

mutants-kernel: tree ## 20 min after a kernel: faults planted in the glue, which a selftest must find
	@tests/mutants/kernel

soak: kernel ## 3 h: the long runs of the fuzzers, the stress tests and everything at once; hostile guests on the kernel debug
	@$(B)/test --long unit fuzz vm
	@$(B)/kernel debug
	@$(B)/test --variant debug hostile
