# Both versions of a change, so that tests exchange messages between programs of the one and of the other: generated from
# tests/breaking with C names that begin with the change's, into an archive of their own. What a test includes is made.

EXCHANGED   := $(sort $(patsubst %.h,$(GEN_OUT)/%.c,$(shell sed -nE \
                 's/^.include "(breaking\/(rules|safe)\/[^"]*)"/\1/p' tests/breaking/test_exchange*.c)))
LIBEXCHANGE := $(BUILD)/libexchange.a
EXCHANGES   := $(filter $(BUILD)/tests/breaking/test_exchange%,$(TEST_PROGRAMS))
# $(call GENERATE_AS,prefix): the package in $<
GENERATE_AS  = mkdir -p $(@D) && sed 's/^package p;/@c_name("$(subst -,_,$(1))") package p;/' $< > $(@:.c=.aegis) && \
               $(call GENERATE,$(@:.c=.aegis),$(@D))

$(GEN_OUT)/breaking/rules/%_old.c: tests/breaking/rules/%/old.aegis $(AEGISC)
	@$(call GENERATE_AS,$*_old)
$(GEN_OUT)/breaking/rules/%_new.c: tests/breaking/rules/%/new.aegis $(AEGISC)
	@$(call GENERATE_AS,$*_new)
$(GEN_OUT)/breaking/safe/%_old.c: tests/breaking/safe/%/old.aegis $(AEGISC)
	@$(call GENERATE_AS,$*_old)
$(GEN_OUT)/breaking/safe/%_new.c: tests/breaking/safe/%/new.aegis $(AEGISC)
	@$(call GENERATE_AS,$*_new)

$(LIBEXCHANGE): $(EXCHANGED:$(BUILD)/%.c=$(BUILD)/obj/%.o)
	rm -f $@ && $(AR) rcs $@ $^
$(EXCHANGES:$(BUILD)/%=$(BUILD)/obj/%.o): | $(EXCHANGED)
$(EXCHANGES): $(LIBEXCHANGE)
$(EXCHANGES): EXTRA_LIBS := $(LIBEXCHANGE)
.SECONDARY: $(EXCHANGED)
