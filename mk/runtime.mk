# libaegis and libaegis-http, static and shared. libaegis is the core, the codecs, both adapters; its own messages come from
# idl/aegis/*.aegis by way of aegisc, so the compiler is built first.

LIBAEGIS        := $(BUILD)/libaegis.a
LIBAEGIS_SHARED := $(BUILD)/libaegis.so.$(ABI)

RUNTIME_SOURCES  := $(sort $(shell find runtime -name '*.c' -not -path 'runtime/http/*'))
WIRE             := $(BUILD)/gen/aegis/wire
DUTIES           := $(BUILD)/gen/aegis/duties
RUNTIME_OBJECTS  := $(RUNTIME_SOURCES:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/aegis/wire.o $(BUILD)/obj/gen/aegis/duties.o
RUNTIME_INCLUDES := -Iruntime -Iruntime/include -I$(BUILD)/gen
# A section for each function, so that what nobody calls of the generated envelopes is not in the library.
RUNTIME_FLAGS    := -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -pthread $(RUNTIME_INCLUDES) \
                    $(DEPENDENCY_CFLAGS)
RUNTIME_LIBS     := $(DEPENDENCY_LIBS) -pthread -lm

# What a message passes through is compiled for speed, everything else for size: starting, managing, looking and telling
# happen seldom, and are three quarters of the code. Only where CFLAGS ask for -O2: who debugs gets what they ask for.
HOT_APPLICATION  := async attempt call callers client envelope events exchange intake invoke metrics pool publisher publisher_ring reply rpc
HOT_CODEC        := copy js_read js_write mp_head mp_read mp_write number pattern text value wide
HOT_ADAPTERS     := engine inbox ring seats send source
HOT_DOMAIN       := arena policy subject time uuid
HOT              := $(HOT_CODEC:%=runtime/codec/%.c) $(HOT_APPLICATION:%=runtime/application/%.c) $(HOT_ADAPTERS:%=runtime/adapters/nats/%.c) \
                    $(HOT_DOMAIN:%=runtime/domain/%.c) $(WIRE).c
SMALL             = $(if $(filter $(HOT),$<),,$(patsubst -O2,-Os,$(filter -O2,$(CFLAGS))))

# One .aegis file to its .h and .c: $(call GENERATE,file,folder)
GENERATE = $(AEGISC) -o $(2) $(1)

$(BUILD)/gen/aegis/%.c: idl/aegis/%.aegis $(AEGISC)
	@mkdir -p $(@D)
	$(call GENERATE,--no-schema $<,$(@D))
$(WIRE).h: $(WIRE).c $(DUTIES).c ;

$(BUILD)/obj/gen/aegis/%.o: $(BUILD)/gen/aegis/%.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(COMPILE) $(RUNTIME_FLAGS) $(SMALL) -c $< -o $@
# No user's code runs above these, and what reads them is named by whoever calls: no tables for unwinding. With -g
# debuggers have theirs.
$(DUTIES:$(BUILD)/%=$(BUILD)/obj/%).o: private RUNTIME_FLAGS += -fno-asynchronous-unwind-tables
$(BUILD)/obj/runtime/%.o: runtime/%.c $(FLAGS_STAMP) | $(WIRE).h
	@mkdir -p $(@D)
	$(COMPILE) $(RUNTIME_FLAGS) $(SMALL) -c $< -o $@

$(LIBAEGIS): $(RUNTIME_OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^
# Relocations are packed: what tables of pointers need is a bit for each instead of 24 bytes. An older linker ignores it.
$(LIBAEGIS_SHARED): $(RUNTIME_OBJECTS)
	$(LINK) -shared -Wl,--gc-sections -Wl,-z,pack-relative-relocs -Wl,-soname,libaegis.so.$(ABI) -o $@ $^ $(RUNTIME_LIBS)
	ln -sf libaegis.so.$(ABI) $(BUILD)/libaegis.so

# The archive that is installed holds one object in which everything but the public names is local, so that a static link
# cannot collide with a user's names. Tests link $(LIBAEGIS), where internal functions can be reached.
LIBAEGIS_STATIC := $(BUILD)/static/libaegis.a
LD      ?= ld
OBJCOPY ?= objcopy
$(LIBAEGIS_STATIC): $(RUNTIME_OBJECTS)
	@mkdir -p $(@D)
	$(LD) -r -o $(@D)/libaegis.o $^
	$(OBJCOPY) --localize-hidden $(@D)/libaegis.o
	rm -f $@ && $(AR) rcs $@ $(@D)/libaegis.o

# libaegis-http: what needs an HTTP library. It stands on libaegis as a user's program does, so that programs without it link
# neither it nor its libraries.
LIBHTTP        := $(BUILD)/libaegis-http.a
LIBHTTP_SHARED := $(BUILD)/libaegis-http.so.$(ABI)
LIBHTTP_STATIC := $(BUILD)/static/libaegis-http.a
HTTP_OBJECTS   := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard runtime/http/*.c)))
$(HTTP_OBJECTS): RUNTIME_FLAGS := -fPIC -fvisibility=hidden -pthread -Iruntime -Iruntime/include $(HTTP_CFLAGS)

$(LIBHTTP): $(HTTP_OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^
$(LIBHTTP_SHARED): $(HTTP_OBJECTS) $(LIBAEGIS_SHARED)
	$(LINK) -shared -Wl,--no-undefined -Wl,-soname,libaegis-http.so.$(ABI) -o $@ $(HTTP_OBJECTS) \
	  -L$(BUILD) -laegis $(HTTP_LIBS) -pthread
	ln -sf libaegis-http.so.$(ABI) $(BUILD)/libaegis-http.so
$(LIBHTTP_STATIC): $(HTTP_OBJECTS)
	@mkdir -p $(@D)
	$(LD) -r -o $(@D)/libaegis-http.o $^
	$(OBJCOPY) --localize-hidden $(@D)/libaegis-http.o
	rm -f $@ && $(AR) rcs $@ $(@D)/libaegis-http.o

# What plain `make` builds.
ALL := $(AEGISC) $(LIBAEGIS) $(LIBAEGIS_SHARED) $(LIBAEGIS_STATIC) $(LIBHTTP) $(LIBHTTP_SHARED) $(LIBHTTP_STATIC)
