# The library: the core, the codecs, both adapters, and the runtime's own messages compiled by aegisc.

RUNTIME_C := $(wildcard runtime/*.c runtime/domain/*.c runtime/codec/*.c runtime/application/*.c \
                        runtime/adapters/memory/*.c runtime/adapters/nats/*.c)
WIRE_C    := $(BUILD)/gen/aegis/wire.c
RUNTIME_O := $(RUNTIME_C:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/wire.o
RUNTIME_INC  = -Iruntime -Iruntime/include -I$(BUILD)/gen $(shell $(PKG_CONFIG) --cflags libnats $(MSGPACK))
RUNTIME_LIBS = $(shell $(PKG_CONFIG) --libs libnats $(MSGPACK)) -lpthread -lm
LIBAEGIS        := $(BUILD)/libaegis.a
LIBAEGIS_SHARED := $(BUILD)/libaegis.so.$(ABI)

$(WIRE_C): idl/aegis/wire.aegis $(AEGISC)
	@mkdir -p $(@D)
	$(AEGISC) -o $(@D) $<

$(BUILD)/obj/gen/wire.o: $(WIRE_C)
	@mkdir -p $(@D)
	$(compile) -fPIC -fvisibility=hidden -pthread $(RUNTIME_INC)

$(BUILD)/obj/runtime/%.o: runtime/%.c $(WIRE_C)
	@mkdir -p $(@D)
	$(compile) -fPIC -fvisibility=hidden -pthread $(RUNTIME_INC)

$(LIBAEGIS): $(RUNTIME_O)
	rm -f $@ && ar rcs $@ $^

$(LIBAEGIS_SHARED): $(RUNTIME_O)
	$(LINK) -shared -Wl,-soname,libaegis.so.$(ABI) -Wl,-z,defs $^ $(RUNTIME_LIBS) -o $@

-include $(wildcard $(BUILD)/obj/runtime/*.d $(BUILD)/obj/runtime/*/*.d $(BUILD)/obj/runtime/*/*/*.d)

# What plain `make` builds.
ALL := $(AEGISC) $(LIBAEGIS) $(LIBAEGIS_SHARED)
