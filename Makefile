# onesdn: everything is built into $(BUILD) and runs in place.
#
#   make            build onesdn, onesdn-lab, onesdn-workload        make demo   install what is missing, build, run
#   make test       install what is missing, build, run every test   make bench  measure, as ratios beside other programs
#   make unit|golden|pty|cast|lab|check|fuzz-replay   one folder of tests make lint   format, layers, sizes, static analysis
#   make fuzz/X     fuzz target X for FUZZ_SECONDS (clang)           make deps   install what is missing (apt)
#   make install    PREFIX=/usr/local DESTDIR= (and uninstall)       make golden-update  rewrite golden pictures
#   make assets     recordings, stills and diagrams of assets/ anew, on a lab of its own; ACTS="overlay" for some
#
# BUILD=build  SAN=address,undefined  WERROR=1  CC=clang  V=1

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
VERSION := $(shell cat VERSION 2>/dev/null || echo 0.1.0)

WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wpointer-arith \
	-Wwrite-strings -fno-common
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Iinclude -Isrc $(WARN) $(if $(WERROR),-Werror) -fstack-protector-strong \
	$(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined) \
	-DONESDN_VERSION='"$(VERSION)"' -DONESDN_PREFIX='"$(PREFIX)"' $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
PKG_CFLAGS := $(shell pkg-config --cflags ncursesw jansson libpq 2>/dev/null)

Q := $(if $(V),,@)

# Modules from the highest floor to the lowest, which is also the order that a linker wants.
MODULES := lab virtctl workload record show connect ui doctor play notes diagram witness policy scenario screen input reel topo kube websocket cni cast theme term canvas loop base
LIBS_base := -lfyaml -ljansson
LIBS_loop := -luv -lcurl
LIBS_term := -lvterm
LIBS_websocket := -lwslay
LIBS_screen := -lncursesw -ltinfo
LIBS_lab := -lmicrohttpd -lz
LIBS_workload := -lmicrohttpd -lpq
LIBS_diagram := -lm

sources = $(filter-out src/$(1)/main.c,$(sort $(wildcard src/$(1)/*.c src/$(1)/*/*.c)))
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
archives = $(patsubst %,$(BUILD)/lib/lib%.a,$(1))
libs = $(foreach m,$(1),$(LIBS_$(m)))

PROGRAMS := $(BUILD)/onesdn $(BUILD)/onesdn-lab $(BUILD)/onesdn-workload $(BUILD)/onesdn-guest
# Stands in for a real one where there is none: installed off the PATH, so that it never shadows it.
STAND_INS := $(if $(wildcard src/virtctl/main.c),$(BUILD)/virtctl)
PRESENT := $(foreach m,$(MODULES),$(if $(wildcard src/$(m)/*.c),$(m)))
ONESDN_MODULES := $(filter-out lab virtctl workload,$(PRESENT))
LAB_MODULES := $(filter lab topo policy websocket cni loop base,$(PRESENT))
WORKLOAD_MODULES := $(filter workload loop base,$(PRESENT))
VIRTCTL_MODULES := $(filter virtctl kube websocket loop base,$(PRESENT))

.PHONY: all
all: $(PROGRAMS) $(STAND_INS) $(BUILD)/terminfo/.done $(BUILD)/man/.done $(BUILD)/completions/.done

-include $(BUILD)/needs.mk
$(BUILD)/needs.mk: tests/check/needs.sh $(wildcard tests/unit/*.c tests/fuzz/fuzz_*.c tests/pty/*.c tests/bench/*.c tests/lab/*.c tests/cast/*.c) $(wildcard include/onesdn/*.h)
	@mkdir -p $(@D)
	$(Q)sh tests/check/needs.sh $(MODULES) >$@.new && mv $@.new $@

# ---- compile ----
$(BUILD)/obj/%.o: %.c | have-deps
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC   $<")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
-include $(shell find $(BUILD)/obj $(BUILD)/fuzzobj -name '*.d' 2>/dev/null)

define module_archive
$(BUILD)/lib/lib$(1).a: $(call objects,$(call sources,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)ar rcsD $$@ $$^
endef
$(foreach m,$(PRESENT),$(eval $(call module_archive,$(m))))

$(BUILD)/onesdn: $(call objects,$(sort $(wildcard src/*.c))) $(call archives,$(ONESDN_MODULES))
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(ONESDN_MODULES))
$(BUILD)/onesdn-lab: $(call objects,src/lab/main.c) $(call archives,$(LAB_MODULES))
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(LAB_MODULES))
$(BUILD)/onesdn-workload: $(call objects,src/workload/main.c) $(call archives,$(WORKLOAD_MODULES))
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(WORKLOAD_MODULES))
# The init of the lab's virtual machines: alone in its initramfs, so static and without sanitizers.
GUEST_OBJECTS := $(patsubst %.c,$(BUILD)/guestobj/%.o,$(sort $(wildcard src/guest/*.c)))
$(BUILD)/guestobj/%.o: %.c | have-deps
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fsanitize=% -fno-sanitize-recover=%,$(ALL_CFLAGS)) -MMD -MP -c -o $@ $<
-include $(GUEST_OBJECTS:.o=.d)
$(BUILD)/onesdn-guest: $(GUEST_OBJECTS)
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $^ -lcrypt
$(BUILD)/virtctl: $(call objects,src/virtctl/main.c) $(call archives,$(VIRTCTL_MODULES))
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(VIRTCTL_MODULES))

# Terminal descriptions that let ncurses pass 24-bit colour on (see assets/terminfo.src).
$(BUILD)/terminfo/.done: $(wildcard assets/terminfo.src)
	@mkdir -p $(@D)
	$(Q)if [ -n "$<" ]; then tic -x -o $(@D) $< ; fi && touch $@

# The manual and the shells' completion are told by the programs themselves, from their tables of options, and by docs/.
$(BUILD)/man/.done: $(wildcard docs/man/*) docs/SCENARIO.md docs/CONFIG.md $(BUILD)/onesdn $(BUILD)/onesdn-lab
	$(Q)sh docs/man/make.sh $(BUILD)/onesdn $(BUILD)/onesdn-lab $(VERSION) $(@D) && touch $@
$(BUILD)/completions/.done: $(BUILD)/onesdn
	@mkdir -p $(@D)
	$(Q)$< help --completion bash >$(@D)/onesdn.bash && $< help --completion zsh >$(@D)/_onesdn && \
		$< help --completion fish >$(@D)/onesdn.fish && touch $@

# ---- tests: each program and script prints TAP; tests/run.sh adds up ----
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
PTY := $(patsubst tests/pty/%.c,$(BUILD)/pty/%,$(wildcard tests/pty/test_*.c))
LABT := $(patsubst tests/lab/%.c,$(BUILD)/labtest/%,$(wildcard tests/lab/*.c))
CASTT := $(patsubst tests/cast/%.c,$(BUILD)/casttest/%,$(wildcard tests/cast/*.c))
BENCH := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAY := $(patsubst %,$(BUILD)/replay/%,$(FUZZ))
LDTEST = $(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(call libs,$(NEEDS_$(basename $(notdir $(firstword $(filter %.o,$^))))))

.SECONDARY:
.SECONDEXPANSION:
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $$(call archives,$$(NEEDS_$$*))
	@mkdir -p $(@D)
	$(LDTEST) -lcmocka
$(BUILD)/pty/%: $(BUILD)/obj/tests/pty/%.o $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out tests/pty/test_%.c,$(wildcard tests/pty/*.c))) $$(call archives,$$(NEEDS_$$*))
	@mkdir -p $(@D)
	$(LDTEST) -lcmocka
$(BUILD)/labtest/%: $(BUILD)/obj/tests/lab/%.o $$(call archives,$$(NEEDS_$$*))
	@mkdir -p $(@D)
	$(LDTEST)
$(BUILD)/casttest/%: $(BUILD)/obj/tests/cast/%.o $$(call archives,$$(NEEDS_$$*))
	@mkdir -p $(@D)
	$(LDTEST)
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $$(call archives,$$(NEEDS_$$*))
	@mkdir -p $(@D)
	$(LDTEST) -lm -lutil
$(BUILD)/replay/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $$(call archives,$$(NEEDS_fuzz_$$*))
	@mkdir -p $(@D)
	$(LDTEST)

.PHONY: assets
assets: all
	BUILD=$(BUILD) assets/make.sh $(ACTS)

.PHONY: unit golden golden-update pty cast lab check fuzz-replay test test-programs bench lint
test-programs: all $(UNIT) $(REPLAY) $(PTY) $(CASTT) $(LABT)
unit: $(UNIT)
	BUILD=$(BUILD) tests/run.sh unit
golden: all
	BUILD=$(BUILD) tests/run.sh golden
golden-update: all
	BUILD=$(BUILD) GOLDEN_UPDATE=1 tests/run.sh golden
pty: all $(PTY)
	BUILD=$(BUILD) tests/run.sh pty
cast: all $(CASTT)
	BUILD=$(BUILD) tests/run.sh cast
lab: all $(LABT)
	BUILD=$(BUILD) tests/run.sh lab
check:
	BUILD=$(BUILD) CC="$(CC)" tests/run.sh check
fuzz-replay: $(REPLAY)
	BUILD=$(BUILD) tests/run.sh fuzz
test: deps-test
	$(MAKE) test-programs
	BUILD=$(BUILD) CC="$(CC)" tests/run.sh check unit fuzz golden pty cast lab
bench: all $(BENCH)
	BUILD=$(BUILD) tests/bench/run.sh
lint:
	BUILD=$(BUILD) CC="$(CC)" tests/check/lint.sh

fuzz/%: $(BUILD)/fuzz/%
	@mkdir -p $(BUILD)/fuzz/corpus/$* tests/fuzz/corpus/$*
	$(BUILD)/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus/$* tests/fuzz/corpus/$*
$(BUILD)/fuzzobj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(ALL_CFLAGS) -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -MMD -MP -c -o $@ $<
fuzz_objects = $(patsubst %.c,$(BUILD)/fuzzobj/%.o,$(foreach m,$(1),$(call sources,$(m))))
$(BUILD)/fuzz/%: $(BUILD)/fuzzobj/tests/fuzz/fuzz_%.o $$(call fuzz_objects,$$(NEEDS_fuzz_$$*))
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(call libs,$(NEEDS_fuzz_$*))

# ---- set-up ----
.PHONY: deps deps-test have-deps demo install uninstall clean
deps:
	@.ci/deps.sh run
deps-test:
	@.ci/deps.sh test
have-deps:
	@.ci/deps.sh --check-build
demo: deps
	$(MAKE) all
	$(BUILD)/onesdn
# Where everything goes; uninstall takes away exactly that.
SHARE = $(DESTDIR)$(PREFIX)/share
MANUAL = man1/onesdn.1 man5/onesdn-scenario.5
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/onesdn/bin
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	$(if $(STAND_INS),install -m 755 $(STAND_INS) $(SHARE)/onesdn/bin)
	cp -R themes manifests assets $(BUILD)/terminfo $(SHARE)/onesdn/
	for page in $(MANUAL); do install -D -m 644 $(BUILD)/man/$${page#*/} $(SHARE)/man/$$page || exit 1; done
	install -D -m 644 $(BUILD)/completions/onesdn.bash $(SHARE)/bash-completion/completions/onesdn
	install -D -m 644 $(BUILD)/completions/_onesdn $(SHARE)/zsh/site-functions/_onesdn
	install -D -m 644 $(BUILD)/completions/onesdn.fish $(SHARE)/fish/vendor_completions.d/onesdn.fish
uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS))) $(addprefix $(SHARE)/man/,$(MANUAL))
	rm -f $(SHARE)/bash-completion/completions/onesdn $(SHARE)/zsh/site-functions/_onesdn
	rm -f $(SHARE)/fish/vendor_completions.d/onesdn.fish
	rm -rf $(SHARE)/onesdn
clean:
	rm -rf $(BUILD)
