# Installing: aegisc, aegis, the libraries, the public headers, aegis.pc and aegis-http.pc; manual pages and what shells
# complete, which the programs print themselves.

bindir       = $(PREFIX)/bin
libdir       = $(PREFIX)/lib
includedir   = $(PREFIX)/include
pkgconfigdir = $(libdir)/pkgconfig
datadir      = $(PREFIX)/share
mandir       = $(datadir)/man/man1
# Where each shell looks for what other packages complete.
bashdir      = $(datadir)/bash-completion/completions
zshdir       = $(datadir)/zsh/site-functions
fishdir      = $(datadir)/fish/vendor_completions.d
INSTALL     ?= install

PUBLIC_HEADERS := $(wildcard runtime/include/aegis/*.h)

# In quotes: a folder's name may hold a space.
INTO := "$(DESTDIR)"

.PHONY: install
install: $(ALL)
	@$(INSTALL) -d $(INTO)"$(bindir)" $(INTO)"$(libdir)" $(INTO)"$(includedir)/aegis" $(INTO)"$(pkgconfigdir)"
	@$(INSTALL) -m 755 $(AEGISC) $(TOOL) $(INTO)"$(bindir)/"
	@$(INSTALL) -m 644 $(LIBAEGIS_STATIC) $(LIBHTTP_STATIC) $(INTO)"$(libdir)/"
	@$(INSTALL) -m 755 $(LIBAEGIS_SHARED) $(LIBHTTP_SHARED) $(INTO)"$(libdir)/"
	@ln -sf libaegis.so.$(ABI) $(INTO)"$(libdir)/libaegis.so"
	@ln -sf libaegis-http.so.$(ABI) $(INTO)"$(libdir)/libaegis-http.so"
	@$(INSTALL) -m 644 $(PUBLIC_HEADERS) $(INTO)"$(includedir)/aegis/"
	@case "$(PREFIX)" in /*) prefix="$(PREFIX)" ;; *) prefix="$$PWD/$(PREFIX)" ;; esac; \
	for pc in aegis aegis-http; do \
	    sed -e "s|@PREFIX@|$$prefix|" -e 's|@VERSION@|$(VERSION)|' -e 's|@REQUIRES@|$(DEPENDENCIES)|' \
	        -e 's|@HTTP_REQUIRES@|$(HTTP_DEPENDENCIES)|' mk/$$pc.pc.in > $(INTO)"$(pkgconfigdir)/$$pc.pc" || exit 1; \
	done
	@$(INSTALL) -d $(INTO)"$(mandir)" $(INTO)"$(bashdir)" $(INTO)"$(zshdir)" $(INTO)"$(fishdir)"
	@for tool in $(AEGISC) $(TOOL); do \
	    name=$${tool##*/}; \
	    $$tool help --man > $(INTO)"$(mandir)/$$name.1" || exit 1; \
	    for command in $$($$tool help --names); do \
	        $$tool help --man $$command > $(INTO)"$(mandir)/$$name-$$command.1" || exit 1; \
	    done; \
	done
	@$(TOOL) completion bash > $(INTO)"$(bashdir)/aegis"
	@$(TOOL) completion zsh > $(INTO)"$(zshdir)/_aegis"
	@$(TOOL) completion fish > $(INTO)"$(fishdir)/aegis.fish"
	@echo "installed to $(DESTDIR)$(PREFIX)"
	@if [ -z $(INTO) ] && [ "$$(id -u)" = 0 ] && command -v ldconfig >/dev/null; then ldconfig || true; fi
