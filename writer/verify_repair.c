/*
 * verify_repair.c - repairing rows by key (verify_repair.h).
 *
 * A batch of keys is one transaction at the target, in which temporary tables hold the keys and the
 * source's rows of them.  Where rows cannot be changed in place (unique values were swapped among
 * them, identity columns cannot be set) all of the table's are one transaction, in which they are
 * deleted and inserted.  Columns that only the target has keep their values in both ways.
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
	char *own;		   /* columns that only the target has: ", a, b"; "" for none */
	char *own_kept;	   /* the same as columns of o: ", o.a, o.b" */
} Repair;

/* What an attempt at a table came to. */
typedef enum Attempt
{
	ATTEMPT_DONE,
	ATTEMPT_IN_THE_WAY, /* rows cannot be changed in place */
	ATTEMPT_FAILED
} Attempt;

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

static void
write_begin(FILE *out, const Repair *repair, const PGresult *rows)
{
	const VerifyTable *table = repair->table;

	(void) rows;
	(void) fputs("BEGIN; SET CONSTRAINTS ALL DEFERRED;", out);
	(void) fprintf(out,
				   "CREATE TEMPORARY TABLE sluice_keys ON COMMIT DROP AS SELECT %s FROM %s"
				   " WHERE false; CREATE TEMPORARY TABLE sluice_wanted ON COMMIT DROP AS SELECT ",
				   table->key_list, table->from_target);
	write_names(out, table, "");
	(void) fprintf(out, " FROM %s WHERE false", table->from_target);
}

static void
write_rows(FILE *out, const Repair *repair, const PGresult *rows)
{
	(void) fputs("INSERT INTO pg_temp.sluice_keys VALUES ", out);
	write_keys(out, repair);
	if (PQntuples(rows) == 0)
		return;
	(void) fputs("; INSERT INTO pg_temp.sluice_wanted VALUES ", out);
	write_values(out, repair, rows);
}

/* A batch that changes rows in place. */
static void
write_batch(FILE *out, const Repair *repair, const PGresult *rows)
{
	write_begin(out, repair, rows);
	(void) fputs("; ", out);
	write_rows(out, repair, rows);
	(void) fputs("; ", out);
	write_delete(out, repair->table);
	write_update(out, repair->table);
	write_insert(out, repair->table);
	(void) fputs("COMMIT", out);
}

/* All rows that were gathered go and come anew, with what only the target has of them. */
static void
write_replace(FILE *out, const Repair *repair, const PGresult *rows)
{
	const VerifyTable *table = repair->table;

	(void) rows;
	(void) fprintf(out,
				   "CREATE TEMPORARY TABLE sluice_own ON COMMIT DROP AS SELECT %s%s FROM %s AS t"
				   " WHERE EXISTS (SELECT FROM pg_temp.sluice_wanted AS w WHERE ",
				   table->key_list, repair->own, table->from_target);
	write_match(out, table, "w", "t");
	(void) fprintf(out, "); DELETE FROM %s AS t USING pg_temp.sluice_keys AS k WHERE ",
				   table->from_target);
	write_match(out, table, "t", "k");
	(void) fprintf(out, "; INSERT INTO %s (", table->name);
	write_names(out, table, "");
	(void) fprintf(out, "%s) OVERRIDING SYSTEM VALUE SELECT ", repair->own);
	write_names(out, table, "w.");
	(void) fprintf(out, "%s FROM pg_temp.sluice_wanted AS w JOIN pg_temp.sluice_own AS o ON ",
				   repair->own_kept);
	write_match(out, table, "w", "o");
	(void) fputs("; ", out);
	write_insert(out, table);
	(void) fputs("COMMIT", out);
}

/* ---- doing it ---- */

typedef void (*WriteSql)(FILE *out, const Repair *repair, const PGresult *rows);

static void
write_source(FILE *out, const Repair *repair, const PGresult *rows)
{
	(void) rows;
	write_fetch(out, repair);
}

/* What `write` makes, sent to a connection. */
static bool
query_written(PgConnection *c, const Repair *repair, WriteSql write, const PGresult *rows,
			  PGresult **result, SluiceError *err)
{
	char *sql = NULL;
	size_t size;
	FILE *out = open_memstream(&sql, &size);
	bool good;

	if (out == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for rows to repair");
	write(out, repair, rows);
	good = (fclose(out) == 0 ||
			sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for rows to repair")) &&
		   (PQsendQuery(c->conn, sql) == 1 || pg_fail_lost(c, err)) && pg_flush(c, err) &&
		   pg_take_all(c, result, err);
	free(sql);
	return good;
}

/* The source's rows of each batch of keys, and what `write` makes of them at the target. */
static bool
each_batch(Repair *repair, WriteSql write, SluiceError *err)
{
	size_t count = repair->table->differences.count;
	bool good = true;

	for (size_t first = 0; good && first < count; first += BATCH_KEYS)
	{
		PGresult *rows = NULL;

		repair->first = first;
		repair->end = first + BATCH_KEYS < count ? first + BATCH_KEYS : count;
		good = query_written(&repair->position->source_keeper, repair, write_source, NULL, &rows,
							 err) &&
			   query_written(repair->target, repair, write, rows, NULL, err) &&
			   verify_position_renew(repair->position, err);
		PQclear(rows);
	}
	return good;
}

/* SQLSTATEs of what can be had by deleting first: unique values, exclusions, columns not to be set. */
static bool
is_in_the_way(const PgConnection *c)
{
	static const char *const states[] = {"23505", "23P01", "428C9"};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
	{
		if (strcmp(c->sqlstate, states[i]) == 0)
			return true;
	}
	return false;
}

static Attempt
change_in_place(Repair *repair, SluiceError *err)
{
	repair->target->sqlstate[0] = '\0';
	if (each_batch(repair, write_batch, err))
		return ATTEMPT_DONE;
	return is_in_the_way(repair->target) && pg_query(repair->target, NULL, err, "ROLLBACK")
			   ? ATTEMPT_IN_THE_WAY
			   : ATTEMPT_FAILED;
}

/* The target's columns that the source does not have, but computed ones. */
static bool
find_own(Repair *repair, SluiceError *err)
{
	const VerifyTable *table = repair->table;
	PGresult *names = NULL;
	size_t size;
	FILE *own = open_memstream(&repair->own, &size),
		 *kept = open_memstream(&repair->own_kept, &size);
	bool good = own != NULL && kept != NULL;

	good = good ? pg_query(repair->target, &names, err,
						   "SELECT pg_catalog.quote_ident(attname) FROM pg_catalog.pg_attribute"
						   " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped%s"
						   " ORDER BY attnum",
						   table->target_oid,
						   repair->target->version >= 120000 ? " AND attgenerated = ''" : "")
				: sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for rows to repair");
	for (int i = 0; good && i < PQntuples(names); i++)
	{
		const char *name = PQgetvalue(names, i, 0);
		uint16_t k = 0;

		while (k < table->column_count && strcmp(table->columns[k].name, name) != 0)
			k++;
		if (k < table->column_count)
			continue;
		(void) fprintf(own, ", %s", name);
		(void) fprintf(kept, ", o.%s", name);
	}
	PQclear(names);
	if (own != NULL)
		(void) fclose(own);
	if (kept != NULL)
		(void) fclose(kept);
	return good;
}

static bool
replace(Repair *repair, SluiceError *err)
{
	bool good = find_own(repair, err) &&
				query_written(repair->target, repair, write_begin, NULL, NULL, err) &&
				each_batch(repair, write_rows, err) &&
				query_written(repair->target, repair, write_replace, NULL, NULL, err);

	free(repair->own);
	free(repair->own_kept);
	repair->own = repair->own_kept = NULL;
	return good;
}

/* One table's failure is not the others', as long as the source's snapshot is there. */
static bool
leave_table(Repair *repair, SluiceError *err)
{
	if (verify_table_failed(err) &&
		PQtransactionStatus(repair->position->source_keeper.conn) == PQTRANS_INTRANS)
	{
		verify_table_note(repair->table, err);
		return pg_query(repair->target, NULL, err, "ROLLBACK");
	}
	return sluice_prefix(err, "repairing table %s", repair->table->name);
}

static bool
repair_table(Repair *repair, SluiceError *err)
{
	Attempt attempt = change_in_place(repair, err);

	if (attempt == ATTEMPT_IN_THE_WAY)
		attempt = replace(repair, err) ? ATTEMPT_DONE : ATTEMPT_FAILED;
	if (attempt == ATTEMPT_FAILED)
		return leave_table(repair, err);
	repair->table->repaired = repair->table->differences.count;
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
