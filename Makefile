# gapferry: build, test, install.  `make help` lists the targets.
#
# Variables a user may set (packagers' CFLAGS, CPPFLAGS, LDFLAGS are appended, never replaced):
#   CC=gcc|clang   MODE=release|debug|asan|coverage|analyze|fuzz   V=1 shows every command
#   PREFIX BINDIR MANDIR UNITDIR UDEVDIR USERSDIR DESTDIR   FUZZ_SECONDS (per target)   BENCH_DIR BENCH_ROUNDS BENCH_THREADS
# Everything generated goes under build/; `make clean` removes only that.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

VERSION    := 0.1.0
ifeq ($(origin CC),default)
CC         := gcc
endif
AR         ?= ar
PKG_CONFIG ?= pkg-config
INSTALL    ?= install
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
UNITDIR    ?= $(PREFIX)/lib/systemd/system
UDEVDIR    ?= $(PREFIX)/lib/udev/rules.d
USERSDIR   ?= $(PREFIX)/lib/sysusers.d
DESTDIR    ?=
export SOURCE_DATE_EPOCH_BUILD ?= 0

# ---- What is built, and who may use whom ------------------------------------
# DIRS lists every component, X.needs the components it may include and link:
# this is the architecture of docs/ARCHITECTURE.md, and `make layers` enforces it.

DIRS := lib/base lib/sandbox lib/cli lib/conf lib/crypto lib/log lib/xml lib/cab lib/pack lib/wsus lib/catalog lib/unpack lib/wusp lib/report lib/select lib/store lib/clients \
        media verifier verifier/care verifier/inquiry exporter importer importer/server tests/tools tests/scale tests/clients

lib/base.needs        :=
lib/sandbox.needs     := lib/base
lib/cli.needs         := lib/base
lib/conf.needs        := lib/base
lib/crypto.needs      := lib/base
lib/log.needs         := lib/base lib/crypto
lib/xml.needs         := lib/base
lib/cab.needs         := lib/base
lib/pack.needs        := lib/base lib/crypto
lib/wsus.needs        := lib/base lib/xml
lib/catalog.needs     := lib/base lib/xml
lib/wusp.needs        := lib/base lib/catalog lib/xml
lib/clients.needs     := lib/base lib/store
lib/unpack.needs      := lib/base lib/sandbox lib/crypto lib/xml lib/pack lib/catalog
lib/report.needs      := lib/base lib/catalog lib/xml
lib/select.needs      := lib/base lib/conf
lib/store.needs       := lib/base lib/conf lib/sandbox lib/crypto lib/log lib/catalog lib/pack lib/select lib/xml lib/unpack
media.needs           := lib/base lib/crypto lib/log
verifier.needs        := lib/base lib/sandbox lib/cli lib/crypto lib/log media
verifier/care.needs   := lib/base lib/sandbox lib/cli lib/conf lib/crypto lib/select lib/log lib/xml lib/pack lib/catalog lib/unpack lib/store media verifier
verifier/inquiry.needs := lib/base lib/sandbox lib/cli lib/conf lib/crypto lib/log lib/xml lib/pack lib/catalog lib/select lib/unpack lib/store media verifier verifier/care
exporter.needs        := lib/base lib/sandbox lib/cli lib/conf lib/crypto lib/log lib/xml lib/cab lib/pack lib/wsus lib/catalog lib/report lib/select lib/unpack lib/store media verifier verifier/care verifier/inquiry
importer.needs        := lib/base lib/sandbox lib/cli lib/conf lib/crypto lib/log lib/xml lib/pack lib/wsus lib/catalog lib/report lib/select lib/unpack lib/store media verifier verifier/care verifier/inquiry
importer/server.needs := lib/base lib/sandbox lib/cli lib/conf lib/crypto lib/log lib/pack lib/catalog lib/select lib/wusp lib/unpack lib/store lib/xml lib/clients
tests/tools.needs     := lib/base lib/crypto
tests/scale.needs     := $(exporter.needs) exporter
tests/clients.needs   := lib/base lib/crypto

lib/base.pkgs        := threads
lib/sandbox.pkgs     := libseccomp
lib/cli.pkgs         := jansson
lib/conf.pkgs        := inih
lib/crypto.pkgs      := libcrypto p11-kit-1
lib/xml.pkgs         := libxml-2.0
lib/cab.pkgs         := libarchive
lib/pack.pkgs        := libzstd
lib/wsus.pkgs        := zlib
lib/report.pkgs      := jansson
lib/store.pkgs       := sqlite3
media.pkgs           := libisal
importer.pkgs        := libqrencode
importer/server.pkgs := libmicrohttpd

# Third-party headers appear in one component each ("jansson.h" is the text of every program).
SEALED := ini.h=lib/conf openssl/=lib/crypto p11-kit/=lib/crypto libxml/=lib/xml sqlite3.h=lib/store archive=lib/cab zstd=lib/pack zlib=lib/wsus \
          microhttpd=importer/server seccomp.h=lib/sandbox isa-l=media qrencode=importer

exporter.program        := gapferry-export
verifier.program        := gapferry-verify
importer.program        := gapferry-import
importer/server.program := gapferry-server
tests/tools.program     := mkcatalog
tests/scale.program     := scale
tests/clients.program   := wuclient
# A component is built as a program once it has a main.c.
PROGRAMS := $(patsubst %/main.c,%,$(wildcard $(addsuffix /main.c,exporter verifier importer importer/server)))

# ---- Modes --------------------------------------------------------------------

MODE ?= release
B    := build/$(MODE)

mode.release  := -O2 -g
mode.debug    := -Og -g3
mode.asan     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
mode.coverage := -O0 -g --coverage -DSANDBOX_COVERAGE
mode.analyze  := -O0 -g -fanalyzer
mode.fuzz     := $(mode.asan) -fsanitize=fuzzer-no-link
ifeq ($(origin mode.$(MODE)),undefined)
$(error MODE=$(MODE): use release, debug, asan, coverage, analyze or fuzz)
endif
ifeq ($(MODE),fuzz)
override CC := clang
endif
FORTIFY.release := -D_FORTIFY_SOURCE=2

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
        -Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wcast-qual -Wformat=2 -Wswitch-enum \
        -Wimplicit-fallthrough -Wdate-time -Wconversion
HARD := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE -fno-common \
        $(if $(findstring clang,$(CC)),,-ftrivial-auto-var-init=zero)
REPRO := -ffile-prefix-map=$(CURDIR)=.

CPPFLAGS_ALL = -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DVERSION='"$(VERSION)"' $(FORTIFY.$(MODE)) $(CPPFLAGS)
CFLAGS_ALL   = -std=c17 $(WARN) $(HARD) $(REPRO) $(mode.$(MODE)) $(CFLAGS)
LDFLAGS_ALL  = $(mode.$(MODE)) -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)

ifneq ($(V),1)
say = @printf '  %-5s %s\n' $(1) $@;
endif

# ---- Rules --------------------------------------------------------------------
# In every component main.c and cmd_*.c are the program; the rest is a library
# named after the directory, so that tests can link all of it.

srcs    = $(sort $(wildcard $(1)/*.c))
progsrc = $(filter %/main.c $(1)/cmd_%.c,$(call srcs,$(1)))
libsrc  = $(filter-out $(call progsrc,$(1)),$(call srcs,$(1)))
lib     = $(if $(call libsrc,$(1)),$(B)/$(subst /,-,$(1)).a)
libs    = $(foreach d,$(1) $($(1).needs),$(call lib,$(d)))
pkgs    = $(sort $(foreach d,$(1) $($(1).needs),$($(d).pkgs)))
objs    = $(patsubst %.c,$(B)/%.o,$(1))
ldlibs  = -Wl,--start-group $(call libs,$(1)) -Wl,--end-group $(foreach p,$(call pkgs,$(1)),$(LIBS.$(p)))

ALL_SRCS := $(foreach d,$(DIRS),$(call srcs,$(d)))
HDRS     := $(sort $(foreach d,$(DIRS),$(wildcard $(d)/*.h)))
TESTS    := $(sort $(shell find tests/unit -name 'test_*.c' 2>/dev/null))
FUZZERS  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
E2E      := $(sort $(wildcard tests/e2e/[0-9]*.sh))
BINS     := $(foreach p,$(PROGRAMS),$(B)/bin/$($(p).program))
TOOLS    := $(B)/bin/mkcatalog $(B)/bin/mkwsusutil $(B)/bin/scale $(B)/bin/wuclient $(B)/bin/hostile $(B)/bin/measure $(B)/bin/sweep $(B)/bin/model $(B)/bin/mutants $(B)/bin/view-bench $(B)/bin/rules $(B)/bin/shim.so $(B)/bin/liar.so $(B)/bin/faults $(B)/bin/crash
TESTBINS := $(TESTS:%.c=$(B)/%)
PKGS     := $(sort $(foreach d,$(DIRS),$($(d).pkgs)))

LIBS.threads := -pthread
CFLAGS.threads := -pthread
# Asked once.  These goals need none of it, or install the packages first and call make again.
ifneq ($(filter-out deps clean help quickstart test fuzz,$(or $(MAKECMDGOALS),all)),)
$(foreach p,$(filter-out threads,$(PKGS)),$(eval LIBS.$(p) := $$(shell $(PKG_CONFIG) --libs $(p))))
PKG_CFLAGS := -pthread $(shell $(PKG_CONFIG) --cflags $(filter-out threads,$(PKGS)))
endif

.PHONY: all
all: $(BINS)                                ## the four programs (default)

# Changing any flag rebuilds everything that depends on it.
FLAGS_TEXT = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL)
$(B)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' '$(FLAGS_TEXT)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_TEXT)' > $@
FORCE:

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS_ALL) $(PKG_CFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

define component
$(call lib,$(1)): $(call objs,$(call libsrc,$(1)))
	$$(call say,AR)rm -f $$@ && $(AR) rcsD $$@ $$^
endef
$(foreach d,$(DIRS),$(if $(call libsrc,$(d)),$(eval $(call component,$(d)))))

define program
$(B)/bin/$($(1).program): $(call objs,$(call progsrc,$(1))) $(call libs,$(1))
	@mkdir -p $$(@D)
	$$(call say,LD)$(CC) -o $$@ $(call objs,$(call progsrc,$(1))) $$(LDFLAGS_ALL) $$(call ldlibs,$(1))
endef
$(foreach p,$(PROGRAMS) tests/tools tests/scale tests/clients,$(eval $(call program,$(p))))

# tests/unit/C/test_x.c links component C and what C needs, nothing more: an
# undeclared dependency does not link.  X.c.tools names what the test alone needs.
tests/unit/lib/catalog/test_catalog_parts.c.tools := tests/tools
define unittest
$(B)/$(2:.c=): $(call objs,$(2)) $(call libs,$(1)) $(foreach d,$($(2).tools),$(call libs,$(d)))
	$$(call say,LD)$(CC) -o $$@ $(call objs,$(2)) $$(LDFLAGS_ALL) $$(foreach d,$($(2).tools) $(1),$$(call ldlibs,$$(d))) -lcmocka
endef
$(foreach t,$(TESTS),$(eval $(call unittest,$(patsubst tests/unit/%/,%,$(dir $(t))),$(t))))

LONE := $(wildcard $(addprefix tests/,$(addsuffix /*.c,bench sweep model mutation rules wsusutil clients attack fault hostile))) tests/fuzz/replay.c
everything := $(call objs,$(ALL_SRCS) $(TESTS) $(FUZZERS) $(LONE))
-include $(everything:.o=.d)

# ---- The two commands, and what they stand on -----------------------------------

.PHONY: deps quickstart test
deps:                                       ## install the Debian packages that are missing
	@tests/deps.sh test

quickstart:                                 ## the main job, end to end, step by step
	@tests/deps.sh build
	@$(MAKE) --no-print-directory all tools
	@tests/quickstart.sh $(B)/bin

test: deps                                  ## every test; last line is "N passed, N failed"
	@MODE=$(MODE) tests/run.sh

# ---- Checks ---------------------------------------------------------------------

.PHONY: tools unit-bins replay-bins check layers headers symbols banned size docs-check limits-check docs-tables format-check format asan analyze coverage fuzz fuzz-run repro bench bench-catalog bench-server bench-content hostile scale sequences bench-parity bench-scan sweep model model-broken mutants rules faults crash-states
tools: $(TOOLS)
unit-bins: $(TESTBINS)
check: layers headers symbols banned size docs-check limits-check ## the checks of the code itself

FUZZBINS := $(patsubst tests/fuzz/fuzz_%.c,$(B)/fuzz/%,$(FUZZERS))
FUZZ_DIRS := $(filter-out tests/tools tests/scale tests/clients,$(DIRS))
ifeq ($(MODE),fuzz)
FUZZ_MAIN := -fsanitize=fuzzer
else
FUZZ_MAIN  = $(call objs,tests/fuzz/replay.c)
endif
$(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(call objs,tests/fuzz/replay.c) $(foreach d,$(FUZZ_DIRS),$(call lib,$(d)))
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $< $(FUZZ_MAIN) $(LDFLAGS_ALL) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(foreach p,$(PKGS),$(LIBS.$(p)))
replay-bins: $(FUZZBINS)

fuzz:                                       ## FUZZ_SECONDS=60 of every fuzz target
	@tests/deps.sh fuzz
	@$(MAKE) --no-print-directory MODE=fuzz fuzz-run
fuzz-run: $(FUZZBINS)
	@tests/fuzz/run.sh $(B) $(or $(FUZZ_SECONDS),60) $(FUZZBINS)

layers:                                     ## no component includes what it does not declare
	@mkdir -p $(B); { $(foreach d,$(DIRS),echo '$(d): $(d) $($(d).needs)';) $(foreach x,$(SEALED),echo '<$(subst =,: ,$(x))';) } > $(B)/layers
	@tests/check/layers.sh $(B)/layers $(ALL_SRCS) $(HDRS)

headers: $(HDRS:%=$(B)/%.ok)                ## every header compiles alone
$(B)/%.h.ok: %.h $(B)/flags
	@mkdir -p $(@D)
	@echo '#include "$<"' | $(CC) $(CPPFLAGS_ALL) $(PKG_CFLAGS) $(filter-out --coverage,$(CFLAGS_ALL)) -fsyntax-only -x c - && touch $@

symbols: $(foreach d,$(DIRS),$(call lib,$(d))) ## exported names start with their file's name
	@tests/check/symbols.sh $(call objs,$(foreach d,$(DIRS),$(call libsrc,$(d))))

BANNED := sprintf|vsprintf|strcpy|strcat|strncpy|strncat|gets|atoi|atol|atoll|strtol|strtoul|strtoull|sscanf|strtok|system|popen|alloca|mktemp|tmpnam|rand|goto
banned:                                     ## functions with a safer local replacement
	@tests/check/banned.sh '$(BANNED)' $(ALL_SRCS) $(HDRS)

size:                                       ## no function over 80 lines, no file over 600
	@tests/check/size.sh 80 600 $(ALL_SRCS)

docs-check: $(BINS)                         ## docs name every error id, verb, exit code and limit
	@tests/check/docs.sh $(B)
limits-check:                               ## every limit is tried, or it is said why not
	@tests/check/limits.sh lib/base/limits.h tests/check/limits.exceptions
docs-tables:                                ## rewrite the generated tables of the docs
	@mkdir -p $(B); for d in docs/OPERATIONS.md docs/CATALOG-RULES.md docs/SECURITY.md; do tests/check/docs-tables.sh $$d > $(B)/document && cp $(B)/document $$d; done

FORMATTED = $(ALL_SRCS) $(HDRS) $(TESTS) $(FUZZERS) $(LONE) $(wildcard tests/*/*.h)
format-check:                               ## clang-format has nothing to change
	@clang-format --dry-run --Werror $(FORMATTED)
format:                                     ## let clang-format change the sources
	@clang-format -i $(FORMATTED)

asan:                                       ## every test under AddressSanitizer and UBSan
	@MODE=asan tests/run.sh
analyze:                                    ## gcc and clang analyzers
	$(MAKE) MODE=analyze CC=gcc all
	scan-build --status-bugs -disable-checker unix.Malloc $(MAKE) MODE=debug B=build/scan CC=clang all
coverage:                                   ## line coverage per source file
	@MODE=coverage tests/run.sh; tests/check/coverage.sh build/coverage $(ALL_SRCS)
bench: all tools                            ## speed and memory beside the standard tools
	@tests/bench/bench.sh $(B)/bin
bench-server: all tools                     ## 2,000 computers scan at once
	@tests/bench/server.sh $(B)/bin
hostile: all tools                          ## HOSTILE_COUNT=100000 requests that no client should send
	@HOSTILE_COUNT=$(or $(HOSTILE_COUNT),100000) BIN=$(CURDIR)/$(B)/bin sh tests/e2e/66-hostile.sh
bench-content: all $(B)/bin/mkcatalog $(B)/bin/ranges ## content beside nginx
	@tests/bench/content.sh $(B)/bin
sequences: all tools                        ## SEQUENCES=200 random sequences of increments
	@SEQUENCES=$(or $(SEQUENCES),200) BIN=$(CURDIR)/$(B)/bin tests/e2e/25-any-order.sh
scale: all tools                            ## a bundle of 5 TiB: plan, tables, their verification
	@tests/scale/scale.sh $(B)/bin 3999900
$(B)/bin/measure: $(call objs,tests/bench/measure.c)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $< $(LDFLAGS_ALL)

$(B)/bin/ranges: $(call objs,tests/bench/ranges.c)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $< $(LDFLAGS_ALL)
$(B)/bin/hostile: $(call objs,tests/hostile/hostile.c)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $< $(LDFLAGS_ALL)
$(B)/bin/mkwsusutil: $(call objs,tests/wsusutil/mkwsusutil.c) $(call libs,tests/tools)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $< $(LDFLAGS_ALL) $(call ldlibs,tests/tools)

sweep: all tools                            ## 10,000 random damages: repaired or named
	@BIN=$(CURDIR)/$(B)/bin sh tests/sweep/sweep.sh
SWEEP_LIBS := $(foreach d,verifier media lib/log lib/crypto lib/base,$(call lib,$(d)))
bench-catalog: all tools                    ## taking in catalogs of true profile beside 7zz and xmllint
	@tests/bench/catalog.sh $(B)/bin
bench-parity: all tools $(B)/bin/measure $(B)/bin/parity-bench $(B)/bin/repair ## parity and repair beside cp and par2
	@tests/bench/parity.sh $(B)/bin
bench-scan: $(B)/bin/scan $(B)/bin/view-bench                 ## what a scan of a client costs the server
	@$(B)/bin/scan
$(B)/bin/scan: $(call objs,tests/bench/scan.c) $(foreach d,lib/wusp lib/base,$(call lib,$(d)))
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $(filter %.o,$^) $(LDFLAGS_ALL) $(filter %.a,$^) $(LIBS.threads)
$(B)/bin/view-bench: $(call objs,tests/bench/view.c) $(call libs,importer/server)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $(filter %.o,$^) $(LDFLAGS_ALL) $(call ldlibs,importer/server)
$(B)/bin/sweep: $(call objs,tests/sweep/sweep.c)
$(B)/bin/parity-bench: $(call objs,tests/bench/parity.c)
$(B)/bin/repair: $(call objs,tests/bench/repair.c)
mutants: all tools                          ## every mutant of a small bundle's signed files: refused
	@BIN=$(CURDIR)/$(B)/bin sh tests/mutation/mutants.sh
$(B)/bin/mutants: $(call objs,tests/mutation/mutants.c)
$(B)/bin/sweep $(B)/bin/mutants $(B)/bin/parity-bench $(B)/bin/repair: $(SWEEP_LIBS) $(call lib,lib/cli)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $(filter %.o,$^) $(LDFLAGS_ALL) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(foreach p,libcrypto p11-kit-1 libisal jansson threads,$(LIBS.$(p)))

faults: all tools                           ## FAULT_MEMORY=100 each call of 14 commands fails once, each 100th allocation
	@FAULT_EVERY=$(or $(FAULT_EVERY),1) FAULT_MEMORY=$(or $(FAULT_MEMORY),100) BIN=$(CURDIR)/$(B)/bin sh tests/e2e/63-faults.sh
crash-states: all tools                     ## COUNT=10000000 states of the disk after a crash
	@CRASH_COUNT=$(or $(COUNT),10000000) CRASH_RESTARTS=400 BIN=$(CURDIR)/$(B)/bin sh tests/e2e/64-crash-states.sh
# Never linked into a program: loaded into it, or run beside it.
FAULT_LIBS := $(foreach d,lib/crypto lib/base,$(call lib,$(d)))
$(B)/bin/%.so: tests/fault/%.c tests/fault/fault.h tests/fault/names.h $(B)/flags
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -std=c17 $(WARN) -O2 -g -fPIC -fno-builtin -shared -Wl,-z,now -o $@ $<
$(B)/bin/faults: $(call objs,$(addprefix tests/fault/,faults.c run.c state.c))
$(B)/bin/crash: $(call objs,$(addprefix tests/fault/,crash.c disk.c memvfs.c run.c state.c))
$(B)/bin/faults $(B)/bin/crash: $(FAULT_LIBS)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $(filter %.o,$^) $(LDFLAGS_ALL) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(foreach p,libcrypto p11-kit-1 sqlite3 threads,$(LIBS.$(p)))

rules: $(B)/bin/rules                       ## RULES_COUNT=2000 catalogs with one fault each: found, nothing else
	@$(B)/bin/rules --count $(or $(RULES_COUNT),2000)
RULES_OBJS := $(call objs,$(wildcard tests/rules/*.c))
$(B)/bin/rules: $(RULES_OBJS) $(foreach d,tests/tools lib/catalog lib/xml lib/crypto lib/base,$(call lib,$(d)))
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $(RULES_OBJS) $(LDFLAGS_ALL) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(foreach p,libxml-2.0 libcrypto p11-kit-1 threads,$(LIBS.$(p)))

# The model is linked with the very functions that decide; broken/SOURCE-WHAT.sed spoils one of them.
MODEL_OBJS := $(call objs,tests/model/model.c tests/model/world.c)
MODEL_BROKEN := $(patsubst tests/model/broken/%.sed,$(B)/model/%,$(sort $(wildcard tests/model/broken/*.sed)))
model: $(B)/bin/model                       ## every state of the sequence rules, some 10^7
	@$(B)/bin/model --clocks 16
model-broken: $(MODEL_BROKEN)
$(B)/bin/model: $(MODEL_OBJS) $(SWEEP_LIBS) $(call lib,lib/cli)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -o $@ $(MODEL_OBJS) $(LDFLAGS_ALL) $(MODEL_LIBS)
MODEL_LIBS = -Wl,--start-group $(SWEEP_LIBS) $(call lib,lib/cli) -Wl,--end-group $(foreach p,libcrypto p11-kit-1 libisal jansson threads,$(LIBS.$(p)))
define broken
$(B)/model/$(1)-%: tests/model/broken/$(1)-%.sed $(2) $(B)/bin/model
	@mkdir -p $$(@D); sed -f $$< $(2) > $$@.c; ! cmp -s $(2) $$@.c || { echo '$$<: changes nothing'; exit 1; }
	$$(call say,CC)$$(CC) $$(CPPFLAGS_ALL) $$(PKG_CFLAGS) $$(CFLAGS_ALL) -o $$@ $$@.c $$(MODEL_OBJS) $$(LDFLAGS_ALL) $$(MODEL_LIBS)
endef
$(eval $(call broken,accept,verifier/accept.c))
$(eval $(call broken,override,verifier/override.c))
$(eval $(call broken,trust_check,lib/crypto/trust_check.c))

repro:                                      ## two clean builds in two places must be identical
	@rm -rf build/r1 build/r2; for r in r1 r2; do mkdir -p build/$$r/src; tar -c --exclude=./build --exclude=./.git . | tar -x -C build/$$r/src; \
	$(MAKE) -s -C build/$$r/src all >/dev/null || exit 1; (cd build/$$r/src/build/release/bin && sha256sum *) > build/$$r/sums; done; \
	diff build/r1/sums build/r2/sums && echo reproducible

build/compile_commands.json: Makefile       ## for clangd
	@mkdir -p $(@D)
	@{ echo '['; sep=''; for f in $(ALL_SRCS) $(TESTS); do printf '%s{"directory":"%s","file":"%s","command":"%s"}' "$$sep" '$(CURDIR)' $$f \
	"$(CC) $(subst ",\\\",$(CPPFLAGS_ALL)) $(PKG_CFLAGS) $(CFLAGS_ALL) -c $$f"; sep=','; done; echo ']'; } > $@

# ---- Install ----------------------------------------------------------------------

MANPAGES = $(sort $(wildcard $(PROGRAMS:%=%/*.[1-8])))
UNITS    = $(sort $(wildcard $(PROGRAMS:%=%/systemd/*.service) $(PROGRAMS:%=%/systemd/*.timer)))
RULES    = $(sort $(wildcard $(PROGRAMS:%=%/systemd/*.rules)))
man_place = $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))
.PHONY: install uninstall clean help
install: all                                ## programs, manual pages, units
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(UDEVDIR) $(DESTDIR)$(USERSDIR)
	$(INSTALL) -m 755 $(BINS) $(DESTDIR)$(BINDIR)
	$(foreach m,$(MANPAGES),$(INSTALL) -m 644 $(m) $(call man_place,$(m)) &&) true
	$(foreach u,$(UNITS),sed 's|@BINDIR@|$(BINDIR)|' $(u) | $(INSTALL) -m 644 /dev/stdin $(DESTDIR)$(UNITDIR)/$(notdir $(u)) &&) true
	$(INSTALL) -m 644 $(RULES) $(DESTDIR)$(UDEVDIR)
	$(INSTALL) -m 644 exporter/systemd/gapferry.sysusers $(DESTDIR)$(USERSDIR)/gapferry.conf
uninstall:
	rm -f $(foreach p,$(PROGRAMS),$(DESTDIR)$(BINDIR)/$($(p).program)) $(foreach m,$(MANPAGES),$(call man_place,$(m)))
	rm -f $(foreach u,$(UNITS),$(DESTDIR)$(UNITDIR)/$(notdir $(u))) $(foreach r,$(RULES),$(DESTDIR)$(UDEVDIR)/$(notdir $(r))) $(DESTDIR)$(USERSDIR)/gapferry.conf
clean: ; rm -rf build
help: ; @sed -n 's/^\([a-z_-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST))
