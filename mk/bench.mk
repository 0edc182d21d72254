# Benchmarks: `make bench`, `make bench B=rpc`. Each compares with a peer in the same run and adds lines to
# $(BUILD)/bench.jsonl. They are never part of a test.

BENCH_SOURCES  := $(sort $(wildcard tests/bench/bench_*.c))
BENCH_PROGRAMS := $(BENCH_SOURCES:%.c=$(BUILD)/%)
BENCH_HARNESS  := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(BENCH_SOURCES),$(wildcard tests/bench/*.c)))
B ?=

$(BENCH_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%.o $(BENCH_HARNESS) $(LIBTEST) $(LIBAEGIS)
	@mkdir -p $(@D)
	$(LINK) -o $@ $< $(BENCH_HARNESS) $(LIBTEST) $(LIBAEGIS) $(RUNTIME_LIBS)

.PHONY: bench bench-run
bench:
	@tools/setup.sh
	@$(MAKE) --no-print-directory bench-run
bench-run: $(filter $(BUILD)/tests/bench/bench_$(B)%,$(BENCH_PROGRAMS))
	@rm -f $(BUILD)/bench.jsonl
	@for b in $^; do BENCH_OUTPUT=$(BUILD)/bench.jsonl $$b || exit 1; done
