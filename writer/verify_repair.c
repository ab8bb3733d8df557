/*
 * verify_repair.c - repairing rows by key (verify_repair.h).
 *
 * A batch of keys is one transaction at the target, in which temporary tables hold the keys and the
 * source's rows of them.  Columns that only the target has keep their values.
 */
#include "verify_repair.h"

#include <stdio.h>
#include <stdlib.h>

#include "verify_scan.h"

#define BATCH_KEYS 200

typedef struct Repair
{
	VerifyPosition *position;
	PgConnection *target;
	VerifyTable *table;
	size_t first, end; /* of the table's differences */
} Repair;

bool
verify_can_repair(const VerifyTable *table)
{
	return table->verdict == VERIFY_DIFFERS && table->key_count > 0 && table->differences.count > 0;
}

/* ---- texts ---- */

static void
write_names(FILE *out, const VerifyTable *table, const char *prefix)
{
	for (uint16_t i = 0; i < table->column_count; i++)
		(void) fprintf(out, "%s%s%s", i > 0 ? ", " : "", prefix, table->columns[i].name);
}

/* "a.k = b.k AND ..." */
static void
write_match(FILE *out, const VerifyTable *table, const char *a, const char *b)
{
	for (uint16_t i = 0; i < table->key_count; i++)
	{
		const char *name = table->columns[table->key[i]].name;

		(void) fprintf(out, "%s%s.%s = %s.%s", i > 0 ? " AND " : "", a, name, b, name);
	}
}

/* "('1', 'a'), ..." */
static void
write_keys(FILE *out, const Repair *repair)
{
	const RowDifferences *list = &repair->table->differences;

	for (size_t i = repair->first; i < repair->end; i++)
	{
		char *key = verify_key_text(repair->target, list->keys.data + list->items[i].key_at,
									list->items[i].key_length, false);

		(void) fprintf(out, "%s%s", i > repair->first ? ", " : "", key != NULL ? key : "");
		free(key);
	}
}

static void
write_fetch(FILE *out, const Repair *repair)
{
	const VerifyTable *table = repair->table;

	(void) fputs("SELECT ", out);
	write_names(out, table, "t.");
	(void) fprintf(out, " FROM %s AS t JOIN (VALUES ", table->from_source);
	write_keys(out, repair);
	(void) fputs(") AS k(", out);
	for (uint16_t i = 0; i < table->key_count; i++)
		(void) fprintf(out, "%ssluice_k%u", i > 0 ? ", " : "", i);
	(void) fputs(") ON ", out);
	for (uint16_t i = 0; i < table->key_count; i++)
		(void) fprintf(out, "%st.%s = k.sluice_k%u::%s", i > 0 ? " AND " : "",
					   table->columns[table->key[i]].name, i, table->columns[table->key[i]].type);
	if (table->filter != NULL)
		(void) fprintf(out, " WHERE (%s)", table->filter);
}

static void
write_values(FILE *out, const Repair *repair, const PGresult *rows)
{
	for (int row = 0; row < PQntuples(rows); row++)
	{
		(void) fputs(row > 0 ? ", (" : "(", out);
		for (int i = 0; i < PQnfields(rows); i++)
		{
			char *value = PQgetisnull(rows, row, i)
							  ? NULL
							  : PQescapeLiteral(repair->target->conn, PQgetvalue(rows, row, i),
												(size_t) PQgetlength(rows, row, i));

			(void) fprintf(out, "%s%s", i > 0 ? ", " : "", value != NULL ? value : "NULL");
			PQfreemem(value);
		}
		(void) fputc(')', out);
	}
}

static void
write_delete(FILE *out, const VerifyTable *table)
{
	(void) fprintf(out, "DELETE FROM %s AS t USING pg_temp.sluice_keys AS k WHERE ",
				   table->from_target);
	write_match(out, table, "t", "k");
	(void) fputs(" AND NOT EXISTS (SELECT FROM pg_temp.sluice_wanted AS w WHERE ", out);
	write_match(out, table, "w", "t");
	(void) fputs(");", out);
}

static void
write_update(FILE *out, const VerifyTable *table)
{
	const char *comma = "";

	if (table->key_count == table->column_count)
		return;
	(void) fprintf(out, "UPDATE %s AS t SET ", table->from_target);
	for (uint16_t i = 0; i < table->column_count; i++)
	{
		const VerifyColumn *column = &table->columns[i];

		if (column->key)
			continue;
		(void) fprintf(out, "%s%s = w.%s", comma, column->name, column->name);
		comma = ", ";
	}
	(void) fputs(" FROM pg_temp.sluice_wanted AS w WHERE ", out);
	write_match(out, table, "t", "w");
	(void) fputc(';', out);
}

static void
write_insert(FILE *out, const VerifyTable *table)
{
	(void) fprintf(out, "INSERT INTO %s (", table->name);
	write_names(out, table, "");
	(void) fputs(") OVERRIDING SYSTEM VALUE SELECT ", out);
	write_names(out, table, "w.");
	(void) fprintf(out,
				   " FROM pg_temp.sluice_wanted AS w WHERE NOT EXISTS (SELECT FROM %s AS t WHERE ",
				   table->from_target);
	write_match(out, table, "t", "w");
	(void) fputs(");", out);
}

/* All that the batch does at the target. */
static void
write_batch(FILE *out, const Repair *repair, const PGresult *rows)
{
	const VerifyTable *table = repair->table;

	(void) fputs("BEGIN; SET CONSTRAINTS ALL DEFERRED;", out);
	(void) fprintf(out,
				   "CREATE TEMPORARY TABLE sluice_keys ON COMMIT DROP AS SELECT %s FROM %s"
				   " WHERE false; CREATE TEMPORARY TABLE sluice_wanted ON COMMIT DROP AS SELECT ",
				   table->key_list, table->from_target);
	write_names(out, table, "");
	(void) fprintf(out, " FROM %s WHERE false; INSERT INTO pg_temp.sluice_keys VALUES ",
				   table->from_target);
	write_keys(out, repair);
	(void) fputc(';', out);
	if (PQntuples(rows) > 0)
	{
		(void) fputs("INSERT INTO pg_temp.sluice_wanted VALUES ", out);
		write_values(out, repair, rows);
		(void) fputc(';', out);
	}
	write_delete(out, table);
	write_update(out, table);
	write_insert(out, table);
	(void) fputs("COMMIT", out);
}

/* ---- doing it ---- */

/* What `write` makes, sent to a connection. */
static bool
query_written(PgConnection *c, const Repair *repair, const PGresult *rows, PGresult **result,
			  SluiceError *err)
{
	char *sql = NULL;
	size_t size;
	FILE *out = open_memstream(&sql, &size);
	bool good;

	if (out == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for rows to repair");
	if (rows == NULL)
		write_fetch(out, repair);
	else
		write_batch(out, repair, rows);
	good = (fclose(out) == 0 ||
			sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for rows to repair")) &&
		   (PQsendQuery(c->conn, sql) == 1 || pg_fail_lost(c, err)) && pg_flush(c, err) &&
		   pg_take_all(c, result, err);
	free(sql);
	return good;
}

static bool
repair_batch(Repair *repair, SluiceError *err)
{
	PGresult *rows = NULL;
	bool good = query_written(&repair->position->source_keeper, repair, NULL, &rows, err) &&
				query_written(repair->target, repair, rows, NULL, err) &&
				verify_position_renew(repair->position, err);

	PQclear(rows);
	if (good)
		repair->table->repaired += repair->end - repair->first;
	return good;
}

static bool
repair_table(Repair *repair, SluiceError *err)
{
	size_t count = repair->table->differences.count;

	for (size_t first = 0; first < count; first += BATCH_KEYS)
	{
		repair->first = first;
		repair->end = first + BATCH_KEYS < count ? first + BATCH_KEYS : count;
		if (!repair_batch(repair, err))
			return sluice_prefix(err, "repairing table %s", repair->table->name);
	}
	return true;
}

static bool
check_role(const PgConnection *c, SluiceError *err)
{
	if (c->replica_role)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_DENIED,
					   "repair needs the right to set session_replication_role at the target");
	return sluice_hint(err,
					   "GRANT SET ON PARAMETER session_replication_role TO the role (PostgreSQL "
					   "15 and newer), or use a superuser");
}

bool
verify_repair(VerifyPosition *position, const TargetSettings *writing, VerifyTables *tables,
			  SluiceError *err)
{
	PgConnection target = {0};
	Repair repair = {.position = position, .target = &target};
	bool good = pg_connect(&target, writing, err) && check_role(&target, err);

	for (size_t i = 0; good && i < tables->count; i++)
	{
		repair.table = &tables->items[i];
		good = !verify_can_repair(repair.table) || repair_table(&repair, err);
	}
	pg_disconnect(&target);
	return good;
}
