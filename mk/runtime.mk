# libaegis, static and shared: the core, the codecs, both adapters. Its own messages come from idl/aegis/wire.aegis by way
# of aegisc, so the compiler is built first.

LIBAEGIS        := $(BUILD)/libaegis.a
LIBAEGIS_SHARED := $(BUILD)/libaegis.so.$(ABI)

RUNTIME_SOURCES  := $(sort $(shell find runtime -name '*.c'))
WIRE             := $(BUILD)/gen/aegis/wire
RUNTIME_OBJECTS  := $(RUNTIME_SOURCES:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/aegis/wire.o
RUNTIME_INCLUDES := -Iruntime -Iruntime/include -I$(BUILD)/gen
# A section for each function, so that what nobody calls of the generated envelopes is not in the library.
RUNTIME_FLAGS    := -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -pthread $(RUNTIME_INCLUDES) \
                    $(DEPENDENCY_CFLAGS)
RUNTIME_LIBS     := $(DEPENDENCY_LIBS) -pthread -lm

# One .aegis file to its .h and .c: $(call GENERATE,file,folder)
GENERATE = $(AEGISC) -o $(2) $(1)

$(WIRE).c: idl/aegis/wire.aegis $(AEGISC)
	@mkdir -p $(@D)
	$(call GENERATE,$<,$(@D))
$(WIRE).h: $(WIRE).c ;

$(BUILD)/obj/gen/aegis/%.o: $(BUILD)/gen/aegis/%.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(COMPILE) $(RUNTIME_FLAGS) -c $< -o $@
$(BUILD)/obj/runtime/%.o: runtime/%.c $(FLAGS_STAMP) | $(WIRE).h
	@mkdir -p $(@D)
	$(COMPILE) $(RUNTIME_FLAGS) -c $< -o $@

$(LIBAEGIS): $(RUNTIME_OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^
$(LIBAEGIS_SHARED): $(RUNTIME_OBJECTS)
	$(LINK) -shared -Wl,--gc-sections -Wl,-soname,libaegis.so.$(ABI) -o $@ $^ $(RUNTIME_LIBS)
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

# What plain `make` builds.
ALL := $(AEGISC) $(LIBAEGIS) $(LIBAEGIS_SHARED) $(LIBAEGIS_STATIC)
