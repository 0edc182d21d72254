# Installing: aegisc, aegis, both libraries, the public headers, aegis.pc.

bindir       = $(PREFIX)/bin
libdir       = $(PREFIX)/lib
includedir   = $(PREFIX)/include
pkgconfigdir = $(libdir)/pkgconfig
INSTALL     ?= install

PUBLIC_HEADERS := $(wildcard runtime/include/aegis/*.h)

# In quotes: a folder's name may hold a space.
INTO := "$(DESTDIR)"

.PHONY: install
install: $(ALL)
	@$(INSTALL) -d $(INTO)"$(bindir)" $(INTO)"$(libdir)" $(INTO)"$(includedir)/aegis" $(INTO)"$(pkgconfigdir)"
	@$(INSTALL) -m 755 $(AEGISC) $(TOOL) $(INTO)"$(bindir)/"
	@$(INSTALL) -m 644 $(LIBAEGIS_STATIC) $(INTO)"$(libdir)/"
	@$(INSTALL) -m 755 $(LIBAEGIS_SHARED) $(INTO)"$(libdir)/"
	@ln -sf libaegis.so.$(ABI) $(INTO)"$(libdir)/libaegis.so"
	@$(INSTALL) -m 644 $(PUBLIC_HEADERS) $(INTO)"$(includedir)/aegis/"
	@case "$(PREFIX)" in /*) prefix="$(PREFIX)" ;; *) prefix="$$PWD/$(PREFIX)" ;; esac; \
	sed -e "s|@PREFIX@|$$prefix|" -e 's|@VERSION@|$(VERSION)|' -e 's|@REQUIRES@|$(DEPENDENCIES)|' \
	    mk/aegis.pc.in > $(INTO)"$(pkgconfigdir)/aegis.pc"
	@echo "installed to $(DESTDIR)$(PREFIX)"
	@if [ -z $(INTO) ] && [ "$$(id -u)" = 0 ] && command -v ldconfig >/dev/null; then ldconfig || true; fi
