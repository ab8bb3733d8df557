/*
 * latency.c - from a commit at the source to the moment the target shows it, one change at a time.
 *
 *     latency SOURCE TARGET TABLE FIRST COUNT
 *
 * Inserts ids FIRST.. into TABLE (id bigint PRIMARY KEY, payload text) at SOURCE, each its own
 * transaction, and asks TARGET for it until it is there.  Prints a line per change: microseconds
 * from the source's answer to the commit until the target's answer that has the row.  That answer's
 * own round trip is a part of it, so what is printed is never too little.
 */
#include <libpq-fe.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PAUSE_US	2000	 /* between two changes, so that each meets an idle stream */
#define PATIENCE_US 10000000 /* a change that takes longer is lost */

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static _Noreturn void
fail(PGconn *conn)
{
	fprintf(stderr, "latency: %s", PQerrorMessage(conn));
	exit(1);
}

static PGconn *
connect_to(const char *conninfo)
{
	PGconn *conn = PQconnectdb(conninfo);

	if (PQstatus(conn) != CONNECTION_OK)
		fail(conn);
	return conn;
}

static void
prepare(PGconn *conn, const char *format, const char *table)
{
	char sql[256];
	PGresult *result;

	(void) snprintf(sql, sizeof(sql), format, table);
	result = PQprepare(conn, "s", sql, 1, NULL);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail(conn);
	PQclear(result);
}

/* Runs the prepared statement with the id; true when it gave a row. */
static bool
execute(PGconn *conn, int64_t id)
{
	char text[24];
	const char *const values[] = {text};
	PGresult *result;
	bool row;

	(void) snprintf(text, sizeof(text), "%" PRId64, id);
	result = PQexecPrepared(conn, "s", 1, values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fail(conn);
	row = PQntuples(result) > 0;
	PQclear(result);
	return row;
}

static int64_t
measure(PGconn *source, PGconn *target, int64_t id)
{
	int64_t committed;

	(void) execute(source, id);
	committed = now_us();
	while (!execute(target, id))
	{
		if (now_us() - committed > PATIENCE_US)
		{
			fprintf(stderr, "latency: id %" PRId64 " did not reach the target\n", id);
			exit(1);
		}
	}
	return now_us() - committed;
}

int
main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = PAUSE_US * 1000L};
	PGconn *source, *target;
	int64_t first, count;

	if (argc != 6)
	{
		fprintf(stderr, "usage: latency SOURCE TARGET TABLE FIRST COUNT\n");
		return 2;
	}
	first = strtoll(argv[4], NULL, 10);
	count = strtoll(argv[5], NULL, 10);
	source = connect_to(argv[1]);
	target = connect_to(argv[2]);
	prepare(source, "INSERT INTO %s VALUES ($1, 'one change at a time')", argv[3]);
	prepare(target, "SELECT 1 FROM %s WHERE id = $1", argv[3]);
	for (int64_t i = 0; i < count; i++)
	{
		printf("%" PRId64 "\n", measure(source, target, first + i));
		nanosleep(&pause, NULL);
	}
	PQfinish(source);
	PQfinish(target);
	return 0;
}
