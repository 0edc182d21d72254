# Flags shared by everything that is built here, and the one rule that makes a changed flag rebuild.
#
# CC, CFLAGS, CPPFLAGS and LDFLAGS are the user's; what the code needs to be right is added beside them.

VERSION := 0.1.0
# The soname follows the number that generated code checks.
ABI     := $(shell sed -n 's/^.define AEGIS_ABI *//p' runtime/include/aegis/base.h)

CC         ?= cc
AR         ?= ar
CFLAGS     ?= -O2 -g
FLEX       ?= flex
BISON      ?= bison
PKG_CONFIG ?= pkg-config
PYTHON     ?= python3

STRICT := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wcast-align \
          -Wundef -Wredundant-decls -Wwrite-strings
STRICT_C := $(STRICT) -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wc++-compat
# `make test` and CI set -Werror; a newer compiler's new warning shall not stop a user's build.
WERROR ?=

# Debian 12 calls it msgpack, Debian 13 msgpack-c.
MSGPACK := $(shell $(PKG_CONFIG) --exists msgpack-c 2>/dev/null && echo msgpack-c || echo msgpack)
DEPENDENCIES := libnats $(MSGPACK)
DEPENDENCY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(DEPENDENCIES) 2>/dev/null)
DEPENDENCY_LIBS   := $(shell $(PKG_CONFIG) --libs $(DEPENDENCIES) 2>/dev/null)

# What libaegis-http needs beside libaegis.
HTTP_DEPENDENCIES := libmicrohttpd libcurl
HTTP_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(HTTP_DEPENDENCIES) 2>/dev/null)
HTTP_LIBS   := $(shell $(PKG_CONFIG) --libs $(HTTP_DEPENDENCIES) 2>/dev/null)

ALL_CFLAGS = -std=c11 $(CFLAGS) $(STRICT_C) $(WERROR) -MMD -MP
COMPILE    = $(CC) $(ALL_CFLAGS) $(CPPFLAGS)
# What flex and bison write is not ours: the strict flags stop at -Wall -Wextra there.
COMPILE_FOREIGN = $(CC) -std=c11 $(CFLAGS) -Wall -Wextra -MMD -MP $(CPPFLAGS)
LINK       = $(CC) $(CFLAGS) $(LDFLAGS)

# Objects depend on this file, which changes only when the compiler or its flags do.
FLAGS_STAMP := $(BUILD)/flags
$(FLAGS_STAMP): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS)' | cmp -s - $@ || \
	 printf '%s\n' '$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS)' > $@
.PHONY: FORCE
FORCE:
