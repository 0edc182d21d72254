# Tests: one cmocka program a file. tests/gen holds pairs NAME.aegis and NAME.c: generated, compiled, run.

UNIT_T     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
INTEROP_T  := $(patsubst tests/interop/%.c,$(BUILD)/tests/interop/%,$(wildcard tests/interop/test_*.c))
CONTRACT_T := $(patsubst tests/contract/%.c,$(BUILD)/tests/contract/%,$(wildcard tests/contract/test_*.c))
GEN_T      := $(patsubst tests/gen/%.aegis,$(BUILD)/tests/gen/%,$(wildcard tests/gen/*.aegis))
CONTRACT_H := $(filter-out tests/contract/test_%,$(wildcard tests/contract/*.c))
TESTS      := $(UNIT_T) $(GEN_T) $(INTEROP_T) $(CONTRACT_T)
TEST_INC    = $(COMPILER_INC) $(RUNTIME_INC) -Itests $(shell $(PKG_CONFIG) --cflags cmocka)
TEST_LIBS   = $(BUILD)/libaegisc.a $(BUILD)/libaegis.a $(RUNTIME_LIBS) $(shell $(PKG_CONFIG) --libs cmocka)
test_build  = $(COMPILE) -pthread $(filter %.c,$^) $(TEST_INC) $(TEST_FLAGS) $(LDFLAGS) $(TEST_LIBS) -o $@

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libaegisc.a $(BUILD)/libaegis.a
	@mkdir -p $(@D)
	$(test_build)

$(BUILD)/tests/interop/%: tests/interop/%.c $(BUILD)/libaegis.a
	@mkdir -p $(@D)
	$(test_build)

$(BUILD)/tests/contract/%: tests/contract/%.c $(CONTRACT_H) $(BUILD)/libaegis.a
	@mkdir -p $(@D)
	$(test_build)

$(BUILD)/gen/tests/%.c: tests/gen/%.aegis $(AEGISC)
	@mkdir -p $(@D)
	$(AEGISC) -o $(@D) $<

$(BUILD)/tests/gen/%: tests/gen/%.c $(BUILD)/gen/tests/%.c $(BUILD)/libaegis.a
	@mkdir -p $(@D)
	$(test_build) -I$(BUILD)/gen/tests

.PHONY: test check asan tsan golden
test:
	@tools/setup.sh
	@$(MAKE) --no-print-directory check WERROR=-Werror

check: all $(TESTS)
	@tools/run-tests.sh $(TESTS)

golden: $(UNIT_T)
	AEGIS_GOLDEN=write tools/run-tests.sh $(UNIT_T)

SAN := CFLAGS="-O1 -g -fno-omit-frame-pointer
asan:
	$(MAKE) check CC=clang BUILD=build/asan $(SAN) -fsanitize=address,undefined -fno-sanitize-recover=undefined"
tsan:
	$(MAKE) check CC=clang BUILD=build/tsan $(SAN) -fsanitize=thread"

-include $(wildcard $(BUILD)/tests/*/*.d)
