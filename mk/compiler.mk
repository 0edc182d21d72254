# aegisc: the front end and the emitters as libaegisc.a, the command line around them, the templates as bytes.

LIBAEGISC := $(BUILD)/libaegisc.a
AEGISC    := $(BUILD)/bin/aegisc
EMBED     := $(BUILD)/bin/embed

COMPILER_OUT       := $(BUILD)/gen/compiler
COMMAND_SOURCES    := compiler/main.c $(wildcard compiler/cli*.c compiler/cmd_*.c)
COMPILER_SOURCES   := $(filter-out $(COMMAND_SOURCES),$(wildcard compiler/*.c))
COMPILER_HEADERS   := $(COMPILER_OUT)/grammar.h
COMPILER_INCLUDES  := -Icompiler -I$(COMPILER_OUT)
COMPILER_OBJECTS   := $(COMPILER_SOURCES:%.c=$(BUILD)/obj/%.o) \
                      $(addprefix $(BUILD)/obj/gen/compiler/,lexer.o grammar.o templates.o)
TEMPLATES          := $(sort $(shell find templates -name '*.tmpl')) templates/README.md

$(COMPILER_OUT)/grammar.c: compiler/grammar.y
	@mkdir -p $(@D)
	$(BISON) -Wall -Wno-deprecated --defines=$(COMPILER_OUT)/grammar.h -o $@ $<
$(COMPILER_OUT)/grammar.h: $(COMPILER_OUT)/grammar.c ;
$(COMPILER_OUT)/lexer.c: compiler/lexer.l
	@mkdir -p $(@D)
	$(FLEX) -Cfe -o $@ $<

$(EMBED): tools/embed.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $<
$(COMPILER_OUT)/templates.c: $(EMBED) $(TEMPLATES)
	@mkdir -p $(@D)
	$(EMBED) templates $(TEMPLATES:templates/%=%) > $@

$(BUILD)/obj/gen/compiler/%.o: $(COMPILER_OUT)/%.c $(FLAGS_STAMP) | $(COMPILER_HEADERS)
	@mkdir -p $(@D)
	$(COMPILE_FOREIGN) $(COMPILER_INCLUDES) -c $< -o $@
$(BUILD)/obj/compiler/%.o: compiler/%.c $(FLAGS_STAMP) | $(COMPILER_HEADERS)
	@mkdir -p $(@D)
	$(COMPILE) $(COMPILER_INCLUDES) -c $< -o $@

$(LIBAEGISC): $(COMPILER_OBJECTS)
	@mkdir -p $(@D)
	rm -f $@ && $(AR) rcs $@ $^
# Needs nothing but the C library, and is started once a file: without the dynamic linker, where that can be (not with
# sanitizers), a compile takes 3 ms less.
$(BUILD)/link-static: $(FLAGS_STAMP)
	@echo 'int main(void) { return 0; }' > $@.c
	@if $(LINK) -static -o $@.probe $@.c 2>/dev/null; then echo -static; fi > $@
	@rm -f $@.c $@.probe
$(AEGISC): $(COMMAND_SOURCES:%.c=$(BUILD)/obj/%.o) $(LIBAEGISC) $(BUILD)/link-static
	@mkdir -p $(@D)
	$(LINK) $$(cat $(BUILD)/link-static) -o $@ $(filter-out %/link-static,$^)
