# The compiler: flex and bison sources, the embedded templates, libaegisc.a and aegisc.

COMPILER_C   := $(filter-out compiler/main.c,$(wildcard compiler/*.c))
COMPILER_GEN := $(patsubst compiler/%.y,$(BUILD)/gen/compiler/%.c,$(wildcard compiler/*.y)) \
                $(patsubst compiler/%.l,$(BUILD)/gen/compiler/%.c,$(wildcard compiler/*.l))
TEMPLATES    := $(sort $(wildcard templates/*/*.tmpl))
COMPILER_O   := $(COMPILER_C:compiler/%.c=$(BUILD)/obj/compiler/%.o) \
                $(COMPILER_GEN:$(BUILD)/gen/compiler/%.c=$(BUILD)/obj/compiler/%.o) \
                $(BUILD)/obj/compiler/embedded.o
AEGISC       := $(BUILD)/bin/aegisc
compile       = $(COMPILE) -c $< -o $@
COMPILER_INC := -Icompiler -I$(BUILD)/gen/compiler

$(BUILD)/gen/compiler/%.c: compiler/%.y
	@mkdir -p $(@D)
	bison --defines=$(@:.c=.h) -o $@ $<

$(BUILD)/gen/compiler/%.c: compiler/%.l
	@mkdir -p $(@D)
	flex --header-file=$(@:.c=.h) -o $@ $<

$(BUILD)/bin/embed: tools/embed.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -O1 $(STRICT_C) $(WERROR) $< -o $@

$(BUILD)/gen/compiler/embedded.c: $(BUILD)/bin/embed $(TEMPLATES)
	@mkdir -p $(@D)
	$(BUILD)/bin/embed templates $(TEMPLATES:templates/%.tmpl=%) > $@

$(BUILD)/obj/compiler/%.o: $(BUILD)/gen/compiler/%.c $(COMPILER_GEN)
	@mkdir -p $(@D)
	$(COMPILE_FOREIGN) $(COMPILER_INC) -c $< -o $@

$(BUILD)/obj/compiler/%.o: compiler/%.c $(COMPILER_GEN)
	@mkdir -p $(@D)
	$(compile) $(COMPILER_INC)

$(BUILD)/libaegisc.a: $(COMPILER_O)
	rm -f $@ && ar rcs $@ $^

$(AEGISC): $(BUILD)/obj/compiler/main.o $(BUILD)/libaegisc.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $^ $(LDFLAGS) -o $@

-include $(wildcard $(BUILD)/obj/compiler/*.d)
