# Aegis. `make help` lists what can be asked for. Everything that is built goes to $(BUILD).

BUILD  ?= build
PREFIX ?= /usr/local

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:

include mk/flags.mk
include mk/compiler.mk
include mk/runtime.mk
include mk/tool.mk
include mk/tests.mk
include mk/exchange.mk
include mk/bench.mk
include mk/install.mk

.PHONY: all demo demo-run help clean format check-format
all: $(ALL)

demo:
	@tools/setup.sh
	@$(MAKE) --no-print-directory demo-run
demo-run:
	@MAKE='$(MAKE)' BUILD='$(BUILD)' tools/demo.sh

help:
	@echo 'make                 build aegisc and libaegis'
	@echo 'make demo            install what is missing, build, and watch an order service work'
	@echo 'make test            install what is missing, build, run every test      (T=codec: only those so named)'
	@echo 'make test-all        the same, then under sanitizers, with faults, fuzzing and npm'
	@echo 'make interop         with NATS'\'' own client for JavaScript, from npm'
	@echo 'make bench           measure against peers, side by side                 (B=rpc: only that group)'
	@echo 'make install         to PREFIX (now $(PREFIX)), below DESTDIR'
	@echo 'make asan | tsan     the tests under AddressSanitizer and UBSan, or ThreadSanitizer'
	@echo 'make fuzz | fault    what tests/fuzz and tests/fault hold'
	@echo 'make golden          rewrite the golden files from what comes out today'
	@echo 'make check-includes | check-symbols | check-generated | check-names | check-guide | check-format'
	@echo 'make format          clang-format on every C file'
	@echo 'make clean           remove $(BUILD)/'
	@echo 'Variables: CC CFLAGS CPPFLAGS LDFLAGS BUILD PREFIX DESTDIR WERROR=-Werror'

C_FILES = $(shell git ls-files '*.c' '*.h')
format:
	clang-format -i $(C_FILES)
check-format:
	clang-format --dry-run -Werror $(C_FILES)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)
