# Sluice: `make help` lists the targets.
#
# Everything that is built goes under $(BUILD): libraries and programs right in it, objects under
# obj/, the extension under pg<MAJOR>/, test programs under tests/.  A change of compiler or flags
# rebuilds what they concern.

PG     ?= 15
BUILD  ?= build$(if $(SAN),/san)
PREFIX ?= /usr/local
VERSION = 1.0.0

ifeq ($(origin CC),default)
CC = gcc
endif
PKG_CONFIG ?= pkg-config
PYTHON     ?= /usr/bin/python3
ROOT       := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
OUT        := $(abspath $(BUILD))

# ---- compiler ----

WARNINGS = -Wall -Wextra -Wmissing-prototypes -Wvla $(WERROR)
# Sanitizers make gcc see problems that are not there.
WERROR   = $(if $(SAN),,-Werror)
SANITIZE = $(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
OPTIMIZE = $(if $(SAN),-O1,-O2)
# -fwrapv and -fno-strict-aliasing are what PostgreSQL's headers ask of the extension.
BASE_CFLAGS = -std=gnu11 -g $(OPTIMIZE) $(WARNINGS) $(SANITIZE) -fPIC -MMD -MP $(EXTRA_CFLAGS)
CFLAGS      = $(BASE_CFLAGS) -fvisibility=hidden -fstack-protector-strong
PG_CFLAGS   = $(BASE_CFLAGS) -fno-strict-aliasing -fwrapv -fstack-protector-strong
CPPFLAGS    = -D_GNU_SOURCE $(if $(SAN),,-D_FORTIFY_SOURCE=2) -I$(ROOT) -DSLUICE_VERSION='"$(VERSION)"'
LDFLAGS     = $(SANITIZE) -Wl,-z,relro,-z,now,--as-needed $(EXTRA_LDFLAGS)
PG_LDFLAGS  = $(SANITIZE) -Wl,-z,relro,-z,now $(EXTRA_LDFLAGS)
,          := ,

# A line for each file made; V=1 shows the commands.
Q   := $(if $(V),,@)
say  = $(if $(V),,@echo '  $(1)	$(2)')

# ---- what is built of what ----

# sources FOLDERS
sources = $(patsubst $(ROOT)/%,%,$(wildcard $(1:%=$(ROOT)/%/*.c)))
WRITER  = writer writer/pg writer/mysql
READER  = mysql_reader mysql_reader/binlog
CONTROL = control control/http control/store control/database control/resource control/live control/meter
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(call sources,$(1)))

LIBS       = $(BUILD)/libsluice_core.a $(BUILD)/libsluice_nats.a $(BUILD)/libsluice_daemon.a $(BUILD)/libsluice_mysql.a $(BUILD)/libsluice_control.a
PROGRAMS   = $(if $(call sources,$(WRITER)),$(BUILD)/sluice-writer) $(if $(call sources,$(READER)),$(BUILD)/sluice-mysql-reader) \
	$(if $(wildcard $(ROOT)/control/main.c),$(BUILD)/sluice-control) $(if $(wildcard $(ROOT)/worker/main.c),$(BUILD)/sluice-worker) \
	$(if $(wildcard $(ROOT)/cli/main.c),$(BUILD)/sluice)
EXTENSION  = $(if $(call sources,pg_ext),extension)
UNIT_TESTS = $(patsubst %.c,$(BUILD)/%,$(filter %_test.c,$(call sources,tests/unit)))
# A target file fuzz_x.c gives replay_x, which feeds it the files it is given.
FUZZERS    = $(patsubst tests/fuzz/fuzz_%.c,%,$(filter tests/fuzz/fuzz_%.c,$(call sources,tests/fuzz)))
REPLAYS    = $(FUZZERS:%=$(BUILD)/tests/fuzz/replay_%)

pkg = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null)
CORE_LIBS   := $(call pkg,liblz4 libzstd jansson)
NATS_LIBS   := $(call pkg,libnats libcrypto)
DAEMON_LIBS := $(call pkg,libcurl libmicrohttpd)
# The API of libmysqlclient, as MySQL's own library or MariaDB Connector/C has it.
MYSQL_PC    := $(firstword $(foreach name,mysqlclient libmariadb,$(if $(call pkg,$(name)),$(name))))
WRITER_LIBS := $(call pkg,libpq $(MYSQL_PC))
READER_LIBS := $(call pkg,$(MYSQL_PC) zlib)
SODIUM_LIBS := $(call pkg,libsodium)
CONTROL_LIBS := $(call pkg,libulfius libmicrohttpd libpq $(MYSQL_PC) zlib) -lm
TEST_LIBS   := $(call pkg,cmocka)
# The order in which one folder uses the other.
LINK = $(BUILD)/libsluice_control.a $(BUILD)/libsluice_mysql.a $(BUILD)/libsluice_daemon.a $(BUILD)/libsluice_nats.a $(BUILD)/libsluice_core.a \
	$(DAEMON_LIBS) $(NATS_LIBS) $(CORE_LIBS) $(SODIUM_LIBS) -pthread
HEADER_FLAGS := $(shell $(PKG_CONFIG) --cflags libpq $(MYSQL_PC) jansson libcurl libmicrohttpd libulfius libsodium 2>/dev/null)

.PHONY: all deps build libs programs extension install install-programs install-extension demo check \
	check-unit check-regress check-e2e bench fuzz lint format clean help pg-config san-env exports fuzz-corpus format-check docs docs-check FORCE
.DELETE_ON_ERROR:
.SECONDARY:
all: build

build: libs programs $(EXTENSION)
libs: $(LIBS)
programs: $(PROGRAMS)

# ---- libraries, programs ----

# stamp FILE,TEXT: a file that changes only when its text does
stamp = mkdir -p $(dir $(1)); echo '$(subst ','\'',$(2))' | cmp -s - $(1) || echo '$(subst ','\'',$(2))' >$(1)

$(BUILD)/obj/flags: FORCE
	@$(call stamp,$@,$(CC) $(CFLAGS) $(CPPFLAGS))

$(BUILD)/obj/%.o: %.c $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) $(HEADER_FLAGS) -c -o $@ $<

# Whole archives are made anew, so that a source that is gone leaves nothing behind.
define library
$(BUILD)/libsluice_$(1).a: $(call objects,$(2)) $(BUILD)/obj/$(firstword $(2))/members
	$$(call say,AR,$$@)
	@rm -f $$@
	$$(Q)$(AR) rcs $$@ $$(filter %.o,$$^)
$(BUILD)/obj/$(firstword $(2))/members: FORCE
	@$$(call stamp,$$@,$(call sources,$(2)))
endef
$(foreach part,core nats daemon mysql control,$(eval $(call library,$(part),common/$(part))))
$(eval $(call library,writer,$(WRITER)))
$(eval $(call library,reader,$(READER)))
$(eval $(call library,server,$(CONTROL)))
$(eval $(call library,worker,worker))
$(eval $(call library,cli,cli))
# The decoder alone: tools and fuzz targets need no more.
$(eval $(call library,binlog,mysql_reader/binlog))
$(eval $(call library,unit,tests/unit/support))

$(BUILD)/sluice-writer: $(call objects,$(WRITER)) $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LINK) $(WRITER_LIBS)

$(BUILD)/sluice-mysql-reader: $(call objects,$(READER)) $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LINK) $(READER_LIBS)

$(BUILD)/sluice-control: $(call objects,$(CONTROL)) $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LINK) $(CONTROL_LIBS)

# What the API is described by is part of the program.
OPENAPI = $(sort $(wildcard $(ROOT)/control/openapi/*.json))
$(BUILD)/obj/control/http/openapi_fragments.o: $(OPENAPI)
$(BUILD)/obj/control/http/openapi_fragments.o: CPPFLAGS += '-DOPENAPI_FRAGMENTS=$(foreach part,$(notdir $(OPENAPI:.json=)),FRAGMENT($(part)))'

$(BUILD)/sluice-worker: $(call objects,worker) $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LINK) $(WRITER_LIBS)

$(BUILD)/sluice: $(call objects,cli) $(LIBS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LINK) $(WRITER_LIBS)

# ---- the extension ----

# Debian's own servers first, else those that tools/get-servers keeps.
DEBIAN_PG_CONFIG = $(wildcard /usr/lib/postgresql/$(PG)/bin/pg_config)
FETCHED_SERVER   = $(lastword $(shell $(ROOT)/tools/get-servers --path pg$(PG)))
PG_CONFIG       := $(or $(PG_CONFIG),$(DEBIAN_PG_CONFIG),$(FETCHED_SERVER)/bin/pg_config)
PG_BUILD         = $(BUILD)/pg$(PG)
export PG_CONFIG

# PGXS with its own directory as the working one; CFLAGS and LDFLAGS replace PostgreSQL's, which
# name options of the compiler it was built with.
PGXS_MAKE = $(MAKE) $(if $(V),,--silent) --no-print-directory -C $(PG_BUILD) -f $(ROOT)/pg_ext/Makefile ROOT='$(ROOT)' OUT='$(OUT)' \
	PG_CONFIG='$(PG_CONFIG)' VPATH='$(ROOT)' CC='$(CC)' CFLAGS='$(PG_CFLAGS)' LDFLAGS='$(PG_LDFLAGS)' CPPFLAGS= \
	SLUICE_VERSION='$(VERSION)' with_llvm=no autodepend=

$(PG_CONFIG):
	$(ROOT)/tools/get-servers pg$(PG)

extension: $(BUILD)/libsluice_core.a $(BUILD)/libsluice_nats.a | $(PG_CONFIG)
	@$(call stamp,$(PG_BUILD)/flags,$(CC) $(PG_CFLAGS) $(PG_LDFLAGS) $(shell $(PG_CONFIG) --version))
	@mkdir -p $(PG_BUILD)/pg_ext $(PG_BUILD)/output_plugin
	$(call say,PGXS,$(PG_BUILD)/sluice.so)
	+$(Q)$(PGXS_MAKE) all

exports: extension
	@$(ROOT)/tools/check-exports $(PG_BUILD)/sluice.so

pg-config: | $(PG_CONFIG)
	@echo $(PG_CONFIG)

# ---- installation ----

install: install-programs $(if $(EXTENSION),install-extension)

install-programs: programs
	$(if $(PROGRAMS),install -d '$(DESTDIR)$(PREFIX)/bin')
	$(if $(PROGRAMS),install $(PROGRAMS) '$(DESTDIR)$(PREFIX)/bin')

install-extension: extension
	+$(Q)$(PGXS_MAKE) install

# What a server that loads the sanitized extension must have in its environment: the tests put it there.
SERVER_ENV = $(if $(SAN),LD_PRELOAD=$(shell $(CC) -print-file-name=libasan.so) \
	ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=0 UBSAN_OPTIONS=print_stacktrace=1)

san-env:
	@echo $(SERVER_ENV)

# ---- tests ----

# One after the other whatever -j says: they would disturb each other's timing.
check:
	+@status=0; for tests in check-unit check-regress check-e2e; do $(MAKE) $$tests || status=1; done; exit $$status

# Only the tests that include something of a program wait for it.
tests_of      = $(patsubst %.c,$(BUILD)/%,$(shell cd $(ROOT) && grep -ls '"$(1)/[^/]*"' tests/unit/*_test.c))
WRITER_TESTS := $(call tests_of,writer) $(call tests_of,writer/pg) $(call tests_of,writer/mysql)
READER_TESTS := $(call tests_of,mysql_reader)
BINLOG_TESTS := $(call tests_of,mysql_reader/binlog)
CONTROL_TESTS := $(foreach folder,$(CONTROL),$(call tests_of,$(folder)))
WORKER_TESTS := $(call tests_of,worker)
CLI_TESTS    := $(call tests_of,cli)
TEST_PROGRAM  = $(if $(filter $(1),$(WRITER_TESTS)),$(BUILD)/libsluice_writer.a) $(if $(filter $(1),$(READER_TESTS)),$(BUILD)/libsluice_reader.a) \
	$(if $(filter $(1),$(BINLOG_TESTS)),$(BUILD)/libsluice_binlog.a) $(if $(filter $(1),$(CONTROL_TESTS)),$(BUILD)/libsluice_server.a) \
	$(if $(filter $(1),$(WORKER_TESTS)),$(BUILD)/libsluice_worker.a) $(if $(filter $(1),$(CLI_TESTS)),$(BUILD)/libsluice_cli.a)
$(WRITER_TESTS): $(BUILD)/libsluice_writer.a
$(READER_TESTS): $(BUILD)/libsluice_reader.a
$(BINLOG_TESTS): $(BUILD)/libsluice_binlog.a
$(CONTROL_TESTS): $(BUILD)/libsluice_server.a
$(WORKER_TESTS): $(BUILD)/libsluice_worker.a
$(CLI_TESTS): $(BUILD)/libsluice_cli.a
# It stands between the decoder and the allocator.
$(BUILD)/tests/unit/binlog_memory_test: LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libsluice_unit.a $(LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/libsluice_unit.a $(call TEST_PROGRAM,$@) $(LINK) $(WRITER_LIBS) $(READER_LIBS) $(CONTROL_LIBS) $(TEST_LIBS)

BINLOG_LINK = $(BUILD)/libsluice_binlog.a $(BUILD)/libsluice_server.a $(LINK) $(CONTROL_LIBS) $(call pkg,zlib)
$(BUILD)/tests/tools/%: $(BUILD)/obj/tests/tools/%.o $(BUILD)/libsluice_binlog.a $(BUILD)/libsluice_server.a $(LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(BINLOG_LINK)

$(BUILD)/tests/fuzz/replay_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $(BUILD)/libsluice_unit.a $(BUILD)/libsluice_binlog.a $(BUILD)/libsluice_server.a $(LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(BUILD)/libsluice_unit.a $(BINLOG_LINK) $(TEST_LIBS)

check-unit: $(UNIT_TESTS) $(REPLAYS)
	@$(ROOT)/tests/unit/run $(if $(TEST),$(filter %/$(TEST) %/$(TEST)_test %/replay_$(TEST),$^),$^)

# A sanitized extension goes to a copy of the server: it must not meet a server without its library.
check-regress: $(if $(SAN),extension,install-extension)
	+SERVER_ENV='$(SERVER_ENV)' $(ROOT)/tests/regress/run --pg=$(PG) --build=$(PG_BUILD)/regress \
		$(if $(SAN),--private="$(MAKE) install-extension") $(ARGS)

# Tests mostly wait, so several run at once, each with servers of its own; JOBS= for one after the other.
JOBS ?= $(shell $(PYTHON) -c 'import xdist' 2>/dev/null && echo 3)
# Programs that end-to-end tests ask: pg_text_test is a unit test too.
E2E_PROGRAMS = $(BUILD)/tests/unit/pg_text_test $(BUILD)/tests/tools/binlog_dump
check-e2e: build install-extension $(E2E_PROGRAMS)
	cd $(ROOT) && SERVER_ENV='$(SERVER_ENV)' SLUICE_BUILD='$(OUT)' $(PYTHON) -m pytest tests/e2e -q --pg=$(PG) $(if $(JOBS),-n $(JOBS)) $(if $(SOAK),--soak=$(SOAK)) $(ARGS)

# ---- fuzzing ----

# libFuzzer's build lives apart: every object is instrumented. TARGET= names one of $(FUZZERS).
FUZZ_CC      = clang
FUZZ_BUILD   = $(BUILD)/fuzz
FUZZ_SECONDS = $(if $(filter-out 0,$(SECONDS)),$(SECONDS),60)
FUZZ_MAKE    = $(MAKE) --no-print-directory BUILD=$(FUZZ_BUILD) CC=$(FUZZ_CC) SAN=1 EXTRA_CFLAGS=-fsanitize=fuzzer-no-link

$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/libsluice_unit.a $(BUILD)/libsluice_binlog.a $(BUILD)/libsluice_server.a $(LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< $(BUILD)/libsluice_unit.a $(BINLOG_LINK) $(TEST_LIBS)

$(BUILD)/tests/fuzz/make_corpus: $(BUILD)/obj/tests/fuzz/make_corpus.o $(BUILD)/libsluice_unit.a $(BUILD)/libsluice_binlog.a $(BUILD)/libsluice_server.a $(LIBS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(BUILD)/libsluice_unit.a $(BINLOG_LINK) $(TEST_LIBS)

# Writes the seeds anew; what fuzzing found is added by hand.
fuzz-corpus: $(BUILD)/tests/fuzz/make_corpus
	mkdir -p $(FUZZERS:%=$(ROOT)/tests/fuzz/corpus/%)
	$< $(ROOT)/tests/fuzz/corpus

fuzz: $(if $(TARGET),fuzz-$(TARGET),$(FUZZERS:%=fuzz-%))

fuzz-%: FORCE
	+$(FUZZ_MAKE) $(FUZZ_BUILD)/tests/fuzz/fuzz_$*
	mkdir -p $(FUZZ_BUILD)/corpus/$*
	$(FUZZ_BUILD)/tests/fuzz/fuzz_$* -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -rss_limit_mb=512 \
		-artifact_prefix=$(FUZZ_BUILD)/ $(FUZZ_BUILD)/corpus/$* $(ROOT)/tests/fuzz/corpus/$*

# ---- the rest ----

deps:
	$(ROOT)/tools/install-deps

demo:
	$(ROOT)/deploy/demo

bench:
	$(ROOT)/bench/run $(BENCH)

C_FOLDERS = common output_plugin pg_ext writer mysql_reader control worker cli tests bench
C_FILES   = $(shell cd $(ROOT) && find $(C_FOLDERS) -name '*.[ch]' 2>/dev/null | sort)

# Pages made from the programs themselves; docs-check fails when one is stale.
docs: $(PROGRAMS)
	$(BUILD)/sluice-writer --help-markdown >$(ROOT)/docs/writer-options.md
	$(BUILD)/sluice-writer verify --help-markdown >$(ROOT)/docs/verify-options.md
	$(BUILD)/sluice-writer --types-markdown >$(ROOT)/docs/mysql-types.md
	$(BUILD)/sluice-mysql-reader --help-markdown >$(ROOT)/docs/mysql-reader-options.md
	$(BUILD)/sluice-writer --source-types-markdown >$(ROOT)/docs/mysql-source-types.md
	$(BUILD)/sluice-control --help-markdown >$(ROOT)/docs/control-options.md
	$(BUILD)/sluice-worker --help-markdown >$(ROOT)/docs/worker-options.md
	$(BUILD)/sluice man --markdown >$(ROOT)/docs/cli.md
docs-check: $(PROGRAMS)
	$(BUILD)/sluice-writer --help-markdown | diff -u $(ROOT)/docs/writer-options.md -
	$(BUILD)/sluice-writer verify --help-markdown | diff -u $(ROOT)/docs/verify-options.md -
	$(BUILD)/sluice-writer --types-markdown | diff -u $(ROOT)/docs/mysql-types.md -
	$(BUILD)/sluice-mysql-reader --help-markdown | diff -u $(ROOT)/docs/mysql-reader-options.md -
	$(BUILD)/sluice-writer --source-types-markdown | diff -u $(ROOT)/docs/mysql-source-types.md -
	$(BUILD)/sluice-control --help-markdown | diff -u $(ROOT)/docs/control-options.md -
	$(BUILD)/sluice-worker --help-markdown | diff -u $(ROOT)/docs/worker-options.md -
	$(BUILD)/sluice man --markdown | diff -u $(ROOT)/docs/cli.md -

lint: format-check
	$(ROOT)/tools/check-includes
	$(ROOT)/tools/check-sizes
	$(ROOT)/tools/run-cppcheck

format-check:
	@cd $(ROOT) && clang-format --dry-run -Werror $(C_FILES)
	@echo 'format: $(words $(C_FILES)) files as .clang-format says'

format:
	cd $(ROOT) && clang-format -i $(C_FILES)

clean:
	rm -rf $(BUILD)

help:
	@echo 'make deps            install what is needed on Debian 12'
	@echo 'make [build]         libraries, programs and the extension, into build/'
	@echo 'make install         extension into the server of PG=, programs into PREFIX/bin ($(PREFIX))'
	@echo 'make demo            a whole stream on this machine, DEMO_SECONDS=20; DEMO=convert: a copy first; DEMO=mysql: from MariaDB'
	@echo 'make check           check-unit, check-regress and check-e2e'
	@echo 'make check-unit      unit tests and the replay of the fuzz corpus, TEST=one'
	@echo 'make check-regress   pg_regress on a private server, PG=13|15|17|18'
	@echo 'make check-e2e       pytest with real servers, PG=, SOAK=seconds, ARGS=for pytest'
	@echo 'make bench BENCH=x   capture, cdc-insert, cdc-tpcb, latency, copy-pg, copy-many, binlog, cdc-mysql-pg, ...'
	@echo 'make fuzz TARGET=x   libFuzzer on one of: $(FUZZERS); SECONDS=60'
	@echo 'make lint | format   checks of the sources | clang-format -i'
	@echo 'make clean           remove $(BUILD)'
	@echo 'SAN=1 builds with ASan and UBSan into build/san (make san-env SAN=1 for servers), CC=clang with clang'

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
