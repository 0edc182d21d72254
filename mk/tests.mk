# Tests. A program is a tests/*/test_*.c, or NAME.c beside NAME.aegis in tests/gen. The other .c files of those folders, and
# all that is generated from tests/gen, go into archives from which each program takes what it needs.

TEST_FOLDERS  := unit contract interop golden diag breaking lint http
TEST_SOURCES  := $(sort $(wildcard $(TEST_FOLDERS:%=tests/%/test_*.c)))
TEST_SUPPORT  := $(filter-out $(TEST_SOURCES),$(wildcard $(TEST_FOLDERS:%=tests/%/*.c)))
TEST_IDL      := $(sort $(shell find tests/gen -name '*.aegis'))
TEST_GEN      := $(sort $(wildcard tests/gen/*.c))
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(BUILD)/%) $(TEST_GEN:%.c=$(BUILD)/%)

# The example's IDL is test data too: benchmarks and end-to-end tests use its shapes.
GEN_OUT         := $(BUILD)/gen/tests
GEN_SOURCES     := $(TEST_IDL:tests/gen/%.aegis=$(GEN_OUT)/%.c) $(GEN_OUT)/shop.c $(GEN_OUT)/depot.c
LIBTEST         := $(BUILD)/libtest.a
LIBTEST_OBJECTS := $(TEST_SUPPORT:%.c=$(BUILD)/obj/%.o) $(GEN_SOURCES:$(BUILD)/%.c=$(BUILD)/obj/%.o)

TEST_INCLUDES := -Itests -Itests/contract -I$(GEN_OUT) $(COMPILER_INCLUDES) $(RUNTIME_INCLUDES) $(DEPENDENCY_CFLAGS)
CMOCKA_LIBS   := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null || echo -lcmocka)
TEST_LIBS     := $(LIBTEST) $(LIBAEGISC) $(LIBAEGIS) $(CMOCKA_LIBS) $(RUNTIME_LIBS)

$(GEN_OUT)/%.c: tests/gen/%.aegis $(AEGISC)
	@mkdir -p $(@D)
	$(call GENERATE,$<,$(@D))
$(GEN_OUT)/shop.c: examples/orders/shop.aegis $(AEGISC)
	@mkdir -p $(@D)
	$(call GENERATE,$<,$(@D))
$(GEN_OUT)/depot.c: tests/tool/depot.aegis $(AEGISC)
	@mkdir -p $(@D)
	$(call GENERATE,$<,$(@D))
$(BUILD)/obj/gen/tests/%.o: $(GEN_OUT)/%.c $(FLAGS_STAMP) | $(GEN_SOURCES)
	@mkdir -p $(@D)
	$(COMPILE) -pthread $(TEST_INCLUDES) -c $< -o $@
$(BUILD)/obj/tests/%.o: tests/%.c $(FLAGS_STAMP) | $(GEN_SOURCES) $(WIRE).h $(COMPILER_HEADERS)
	@mkdir -p $(@D)
	$(COMPILE) -pthread $(TEST_INCLUDES) -c $< -o $@
$(LIBTEST): $(LIBTEST_OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^

# The parts of the library that can die on request (application/crash.h), before the library itself, for tests whose
# workers are processes.
CRASH_OBJECTS  := $(patsubst %.c,$(BUILD)/obj/crash/%.o,$(shell grep -l AEGIS_CRASH_AT runtime/application/*.c))
CRASH_PROGRAMS := $(BUILD)/tests/contract/test_commands_crash $(BUILD)/tests/fault/fault_commands
$(BUILD)/obj/crash/%.o: %.c $(FLAGS_STAMP) | $(WIRE).h
	@mkdir -p $(@D)
	$(COMPILE) $(RUNTIME_FLAGS) -DAEGIS_CRASH_HOOK -c $< -o $@
$(CRASH_PROGRAMS): $(CRASH_OBJECTS)
$(CRASH_PROGRAMS): EXTRA_LIBS := $(CRASH_OBJECTS)

# Fault programs are built like tests but run only when asked for. Fuzz programs run their corpora with the tests, so that
# what was found once stays mended; `make fuzz` builds them anew around libFuzzer.
EXTRA_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fault/*.c tests/fuzz/*.c)))
FUZZ_PROGRAMS  := $(filter $(BUILD)/tests/fuzz/%,$(EXTRA_PROGRAMS))
FUZZER         ?=
$(FUZZ_PROGRAMS): private LDFLAGS += $(FUZZER)
$(TEST_PROGRAMS) $(EXTRA_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%.o $(LIBTEST) $(LIBAEGISC) $(LIBAEGIS)
	@mkdir -p $(@D)
	$(LINK) -o $@ $< $(EXTRA_LIBS) $(TEST_LIBS)
$(BUILD)/tests/unit/test_codec_json $(BUILD)/tests/contract/test_describe: EXTRA_LIBS = -ljansson
# Parts of the operator's command under test, without its main.
$(BUILD)/obj/tests/unit/test_arguments.o: private TEST_INCLUDES += -Itools/aegis $(TOOL_CFLAGS)
$(BUILD)/tests/unit/test_arguments: $(TOOL_PARTS)
$(BUILD)/tests/unit/test_arguments: EXTRA_LIBS = $(TOOL_PARTS) $(TOOL_LIBS)
$(filter $(BUILD)/tests/http/%,$(TEST_PROGRAMS)): $(LIBHTTP)
$(filter $(BUILD)/tests/http/%,$(TEST_PROGRAMS)): EXTRA_LIBS = $(LIBHTTP) $(HTTP_LIBS) -ljansson
.SECONDARY: $(TEST_PROGRAMS:$(BUILD)/%=$(BUILD)/obj/%.o) $(EXTRA_PROGRAMS:$(BUILD)/%=$(BUILD)/obj/%.o) $(GEN_SOURCES)

# What the tests of the tool talk to.
TOOL_SERVICE := $(BUILD)/tests/tool/service
$(TOOL_SERVICE): $(BUILD)/obj/tests/tool/service.o $(BUILD)/obj/gen/tests/depot.o $(LIBAEGIS)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(RUNTIME_LIBS)

# Scripts that check something: each counts as one test. The demo is one: real processes, one of them killed.
CHECKS := tools/check-includes.sh tools/check-symbols.sh tools/check-generated.sh tools/check-names.sh tools/check-guide.sh tools/demo.sh \
          $(sort $(wildcard tests/cli/test_*.sh tests/tool/test_*.sh))
T      ?=
JOBS   ?= $(shell nproc)
RUN    := BUILD=$(BUILD) AEGISC=$(AEGISC) tools/run-tests.sh

.PHONY: test test-all test-programs test-run asan tsan fault interop fuzz fuzz-run golden \
        check-includes check-symbols check-generated check-names check-guide
test:
	@tools/setup.sh
	@$(MAKE) --no-print-directory -j$(JOBS) WERROR=-Werror test-run
test-all: test
	@$(MAKE) --no-print-directory asan
	@$(MAKE) --no-print-directory tsan
	@$(MAKE) --no-print-directory WERROR=-Werror fuzz fault interop
test-programs: $(TEST_PROGRAMS) $(FUZZ_PROGRAMS) $(LIBTEST) $(TOOL_SERVICE)
# Everything is in place: build what can be built, run all of it. What did not build is a failure.
test-run: $(ALL)
	@$(MAKE) --no-print-directory -k test-programs || true
	@FUZZ_RUNS=0 $(RUN) $(foreach t,$(CHECKS) $(TEST_PROGRAMS) $(FUZZ_PROGRAMS),$(if $(T),$(if $(findstring $(T),$(t)),$(t)),$(t)))

SANITIZE_ADDRESS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all -fsanitize=address,undefined
SANITIZE_FUZZ    := $(SANITIZE_ADDRESS) -fsanitize=fuzzer-no-link
SANITIZE_THREAD  := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
asan:
	@tools/setup.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan WERROR=-Werror CHECKS= CFLAGS='$(SANITIZE_ADDRESS)' test-run
tsan:
	@tools/setup.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan WERROR=-Werror CHECKS= CFLAGS='$(SANITIZE_THREAD)' test-run

fault: $(filter $(BUILD)/tests/fault/%,$(EXTRA_PROGRAMS)) $(AEGISC)
	@TEST_JOBS=1 TEST_TIMEOUT=900 TEST_TOTAL=7200 SHOW='^F[0-9]+:' $(RUN) $(filter $(BUILD)/tests/fault/%,$(EXTRA_PROGRAMS)) $(sort $(wildcard tests/fault/*.sh))
# With NATS' client for JavaScript, which npm installs into the build folder.
interop: $(ALL) $(TOOL_SERVICE)
	@$(RUN) tests/interop/npm/test_npm.sh
# Five minutes together, or FUZZ_SECONDS; F=frontend: only the program so named.
F ?=
fuzz:
	@tools/setup.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang WERROR=-Werror CFLAGS='$(SANITIZE_FUZZ)' \
	  CPPFLAGS='$(CPPFLAGS) -DAEGIS_LIBFUZZER' FUZZER=-fsanitize=fuzzer fuzz-run
fuzz-run: $(foreach p,$(FUZZ_PROGRAMS),$(if $(F),$(if $(findstring $(F),$(p)),$(p)),$(p)))
	@BUILD=$(BUILD) tools/fuzz.sh $^

check-includes:
	@tools/check-includes.sh
check-symbols: $(ALL)
	@BUILD=$(BUILD) tools/check-symbols.sh
check-generated: $(ALL) $(GEN_SOURCES)
	@BUILD=$(BUILD) tools/check-generated.sh
check-names: $(AEGISC)
	@BUILD=$(BUILD) AEGISC=$(AEGISC) tools/check-names.sh
check-guide: $(ALL)
	@BUILD=$(BUILD) tools/check-guide.sh

# Golden files are rewritten by the tests that compare with them.
golden: $(ALL) test-programs
	@for t in $(filter %golden %diag %fmt %breaking %lint,$(TEST_PROGRAMS)) $(filter tests/cli/%,$(CHECKS)); do BUILD=$(BUILD) AEGISC=$(AEGISC) AEGIS_GOLDEN=update $$t; done
