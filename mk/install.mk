# Installing: aegisc, both libraries, the public headers, aegis.pc.

bindir       = $(PREFIX)/bin
libdir       = $(PREFIX)/lib
includedir   = $(PREFIX)/include
pkgconfigdir = $(libdir)/pkgconfig
INSTALL     ?= install

PUBLIC_HEADERS := $(wildcard runtime/include/aegis/*.h)

.PHONY: install
install: $(ALL)
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir) $(DESTDIR)$(includedir)/aegis $(DESTDIR)$(pkgconfigdir)
	$(INSTALL) -m 755 $(AEGISC) $(DESTDIR)$(bindir)/
	$(INSTALL) -m 644 $(LIBAEGIS_STATIC) $(DESTDIR)$(libdir)/
	$(INSTALL) -m 755 $(LIBAEGIS_SHARED) $(DESTDIR)$(libdir)/
	ln -sf libaegis.so.$(ABI) $(DESTDIR)$(libdir)/libaegis.so
	$(INSTALL) -m 644 $(PUBLIC_HEADERS) $(DESTDIR)$(includedir)/aegis/
	sed -e 's|@PREFIX@|$(abspath $(PREFIX))|' -e 's|@VERSION@|$(VERSION)|' -e 's|@REQUIRES@|$(DEPENDENCIES)|' \
	    mk/aegis.pc.in > $(DESTDIR)$(pkgconfigdir)/aegis.pc
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ] && command -v ldconfig >/dev/null; then ldconfig || true; fi
