# Benchmarks: `make bench`, `make bench B=rpc`. Each compares with a peer in the same run and adds lines to
# $(BUILD)/bench.jsonl. They are never part of a test.

BENCH_SOURCES  := $(sort $(wildcard tests/bench/bench_*.c))
BENCH_PROGRAMS := $(BENCH_SOURCES:%.c=$(BUILD)/%)
BENCH_HARNESS  := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(BENCH_SOURCES),$(wildcard tests/bench/*.c)))
B ?=

# The codec's peers: msgpack-c, protobuf-c, jansson, cJSON. Their shapes are generated here, by aegisc and protoc-c; what
# protoc-c writes is not ours, so its folder is a system folder to the compiler.
CODEC_OUT   := $(BUILD)/gen/bench
CODEC_PEERS := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard tests/bench/codec/*.c))) \
               $(BUILD)/obj/gen/bench/shapes.o $(BUILD)/obj/gen/bench/shapes.pb-c.o
PEER_CFLAGS  = $(shell $(PKG_CONFIG) --cflags libprotobuf-c jansson libcjson)
PEER_LIBS    = $(shell $(PKG_CONFIG) --libs libprotobuf-c jansson libcjson)

$(CODEC_OUT)/shapes.c: tests/bench/codec/shapes.aegis $(AEGISC)
	@mkdir -p $(@D)
	$(call GENERATE,$<,$(@D))
$(CODEC_OUT)/shapes.pb-c.c: tests/bench/codec/shapes.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=$(<D) --c_out=$(@D) $<
$(BUILD)/obj/gen/bench/shapes.o: $(CODEC_OUT)/shapes.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(COMPILE) $(RUNTIME_INCLUDES) -c $< -o $@
$(BUILD)/obj/gen/bench/shapes.pb-c.o: $(CODEC_OUT)/shapes.pb-c.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(COMPILE_FOREIGN) $(PEER_CFLAGS) -c $< -o $@
$(BUILD)/obj/tests/bench/codec/%.o: tests/bench/codec/%.c $(FLAGS_STAMP) | $(CODEC_OUT)/shapes.c $(CODEC_OUT)/shapes.pb-c.c
	@mkdir -p $(@D)
	$(COMPILE) $(TEST_INCLUDES) -isystem $(CODEC_OUT) $(PEER_CFLAGS) -c $< -o $@
$(BUILD)/obj/tests/bench/bench_codec.o: TEST_INCLUDES += -I$(CODEC_OUT)
$(BUILD)/obj/tests/bench/bench_codec.o: | $(CODEC_OUT)/shapes.c
$(BUILD)/tests/bench/bench_codec: $(CODEC_PEERS)
$(BUILD)/tests/bench/bench_codec: BENCH_EXTRA = $(CODEC_PEERS) $(PEER_LIBS)

RPC_SIDES := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard tests/bench/rpc/*.c)))
$(BUILD)/tests/bench/bench_rpc: $(RPC_SIDES)
$(BUILD)/tests/bench/bench_rpc: BENCH_EXTRA = $(RPC_SIDES)

DURABLE_SIDES := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard tests/bench/durable/*.c)))
$(BUILD)/tests/bench/bench_durable: $(DURABLE_SIDES)
$(BUILD)/tests/bench/bench_durable: BENCH_EXTRA = $(DURABLE_SIDES)

$(BUILD)/tests/bench/bench_operate: $(RPC_SIDES) $(LIBHTTP)
$(BUILD)/tests/bench/bench_operate: BENCH_EXTRA = $(RPC_SIDES) $(LIBTEST) $(LIBHTTP) $(HTTP_LIBS)

$(BENCH_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%.o $(BENCH_HARNESS) $(LIBTEST) $(LIBAEGIS)
	@mkdir -p $(@D)
	$(LINK) -o $@ $< $(BENCH_HARNESS) $(BENCH_EXTRA) $(LIBTEST) $(LIBAEGIS) $(RUNTIME_LIBS)

.PHONY: bench bench-run
bench:
	@tools/setup.sh tools/packages.txt tools/packages-bench.txt
	@$(MAKE) --no-print-directory bench-run
bench-run: $(AEGISC) $(filter $(BUILD)/tests/bench/bench_$(B)%,$(BENCH_PROGRAMS))
	@rm -f $(BUILD)/bench.jsonl
	@for b in $(filter $(BUILD)/tests/bench/%,$^); do AEGISC=$(AEGISC) BENCH_OUTPUT=$(BUILD)/bench.jsonl $$b || exit 1; done
