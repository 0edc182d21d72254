# aegis, the operator's command line: tools/aegis, the front end of aegisc as a library, libaegis with what is inside it, and
# jansson.

TOOL         := $(BUILD)/bin/aegis
TOOL_SOURCES := $(sort $(wildcard tools/aegis/*.c))
TOOL_OBJECTS := $(TOOL_SOURCES:%.c=$(BUILD)/obj/%.o) $(addprefix $(BUILD)/obj/compiler/,cli.o cli_main.o cli_man.o cli_say.o)
TOOL_PARTS   := $(filter-out %/main.o %/cli_main.o,$(TOOL_OBJECTS))
TOOL_CFLAGS  := $(shell $(PKG_CONFIG) --cflags jansson 2>/dev/null)
TOOL_LIBS    := $(shell $(PKG_CONFIG) --libs jansson 2>/dev/null || echo -ljansson)

$(BUILD)/obj/tools/aegis/%.o: tools/aegis/%.c $(FLAGS_STAMP) | $(WIRE).h $(COMPILER_HEADERS)
	@mkdir -p $(@D)
	$(COMPILE) -pthread -Itools/aegis -Icompiler $(RUNTIME_INCLUDES) $(TOOL_CFLAGS) -c $< -o $@
$(TOOL): $(TOOL_OBJECTS) $(LIBAEGISC) $(LIBAEGIS)
	@mkdir -p $(@D)
	$(LINK) -o $@ $(TOOL_OBJECTS) $(LIBAEGISC) $(LIBAEGIS) $(TOOL_LIBS) $(RUNTIME_LIBS)
ALL += $(TOOL)
