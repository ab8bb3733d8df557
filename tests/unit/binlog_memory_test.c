/*
 * binlog_memory_test.c - every allocation of the decoder fails once: an error each time, and nothing leaks.
 *
 * The linker gives this program's malloc(), calloc() and realloc() another name (Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mysql_reader/binlog/gtid_event.h"
#include "tests/unit/support/log_walk.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOM ((size_t) 1 << 20)

extern void *__real_malloc(size_t size);
extern void *__real_calloc(size_t count, size_t size);
extern void *__real_realloc(void *data, size_t size);
extern void *__wrap_malloc(size_t size);
extern void *__wrap_calloc(size_t count, size_t size);
extern void *__wrap_realloc(void *data, size_t size);

static unsigned asked, fail_at; /* 0: never */

static bool
fails(void)
{
	return ++asked == fail_at;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *data, size_t size)
{
	return fails() ? NULL : __real_realloc(data, size);
}

/* Runs something until no allocation fails; leaks are for the sanitizer to see. */
static void
exhaust(bool (*run)(void *context, SluiceError *err), void *context)
{
	for (unsigned n = 1;; n++)
	{
		SluiceError err = {0};
		bool good;

		asked = 0;
		fail_at = n;
		good = run(context, &err);
		fail_at = 0;
		if (good && asked < n)
			return;
		if (good)
			fail_msg("allocation %u failed, and nothing was said", n);
		if (err.code != SLUICE_ERROR_MEMORY && err.code != SLUICE_ERROR_ARGUMENT)
			fail_msg("allocation %u: %s", n, err.message);
	}
}

typedef struct Bytes
{
	uint8_t data[1 << 14];
	size_t length;
} Bytes;

static bool
walk_log(void *context, SluiceError *err)
{
	const Bytes *log = context;
	LogCounts counts;

	return log_walk(log->data, log->length, ROOM, &counts, err);
}

static void
logs(void **state)
{
	static const char *const names[] = {"mariadb-types-3", "mariadb-compressed", "mariadb-groups",
										"mysql-types-4",   "mysql-compressed",	 "mysql-partial",
										"mysql-tagged"};
	static Bytes log;

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const char *root = getenv("SLUICE_ROOT");
		char path[4096];
		FILE *file;

		(void) snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/binlog_events/%s",
						root != NULL ? root : ".", names[i]);
		file = fopen(path, "rb");
		if (file == NULL)
			fail_msg("cannot read %s", path);
		log.length = fread(log.data, 1, sizeof(log.data), file);
		(void) fclose(file);
		exhaust(walk_log, &log);
	}
}

static bool
read_sets(void *context, SluiceError *err)
{
	GtidSet set;
	MariadbPosition position;
	ByteBuf out;
	bool good;

	(void) context;
	gtid_set_init(&set);
	mariadb_position_init(&position);
	bytebuf_init(&out, &allocator_malloc, ROOM);
	good = gtid_set_parse(&set,
						  "11111111-2222-3333-4444-555555555555:1:3:5:7:9:11:tag:4,"
						  "21111111-2222-3333-4444-555555555555:1-3,"
						  "31111111-2222-3333-4444-555555555555:1-3",
						  err) &&
		   gtid_set_format(&set, &out, err) && gtid_set_encode(&set, &out, err) &&
		   mariadb_position_parse(&position, "1-1-1,2-1-1,3-1-1,4-1-1,5-1-1", err) &&
		   mariadb_position_format(&position, &out, err);
	bytebuf_free(&out);
	gtid_set_free(&set);
	mariadb_position_free(&position);
	return good;
}

static void
sets(void **state)
{
	(void) state;
	exhaust(read_sets, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs),
		cmocka_unit_test(sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
