/*
 * pg_catalog.c - reading a table's definition at the target (pg_catalog.h).
 */
#include "pg_catalog.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/core/pg_identifier.h"
#include "pg_loss.h"
#include "pg_sql.h"
#include "pg_type_oid.h"

/* Built-in types that cannot be compared by "=", or for which it means less than "the same value". */
static const Oid text_compared[] = {
	114, 142,  600,	 601,  602,	 603,  604, 628, 718,  700,	 701,  1700, 2970, 4072, 5038, 199,
	143, 1017, 1018, 1019, 1020, 1027, 629, 719, 1021, 1022, 1231, 2949, 4073, 5039, 0};

/* To be completed by attgenerated, which came with PostgreSQL 12.  Parameter: the table's oid. */
static const char columns_sql[] =
	"WITH RECURSIVE base(number, oid) AS ("
	" SELECT attnum, atttypid FROM pg_catalog.pg_attribute"
	"  WHERE attrelid = $1::pg_catalog.oid AND attnum > 0 AND NOT attisdropped"
	" UNION ALL"
	" SELECT b.number, t.typbasetype FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid"
	"  WHERE t.typtype = 'd')"
	"SELECT a.attname, t.oid, t.typtype, pg_catalog.format_type(t.oid, -1), a.attnum,"
	" %s, a.atttypmod, pg_catalog.format_type(a.atttypid, a.atttypmod),"
	" a.attidentity = 'a', t.typname, t.typarray"
	" FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd'"
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::pg_catalog.oid AND a.attnum = b.number";

/* Unique keys without expressions and conditions; indnkeyatts (for indnatts) came with PostgreSQL 11. */
static const char keys_sql[] = "SELECT i.indkey::pg_catalog.text, i.%s FROM pg_catalog.pg_index i "
							   "WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique"
							   " AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL";

static const char facts_sql[] =
	"SELECT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = $1::pg_catalog.oid"
	" AND NOT i.indimmediate), EXISTS (SELECT FROM pg_catalog.pg_constraint k"
	" WHERE k.confrelid = $1::pg_catalog.oid AND k.conrelid <> k.confrelid)";

enum
{
	COLUMN_NAME,
	COLUMN_TYPE,
	COLUMN_TYPTYPE,
	COLUMN_TYPE_NAME,
	COLUMN_NUMBER,
	COLUMN_IS_GENERATED,
	COLUMN_MODIFIER,
	COLUMN_WHOLE_TYPE,
	COLUMN_IS_FIXED,
	COLUMN_SHORT_NAME,
	COLUMN_ARRAY
};

void
pg_table_free(PgTable *table)
{
	if (table == NULL)
		return;
	pg_statements_free(table->statements);
	for (uint16_t i = 0; table->columns != NULL && i < table->column_count; i++)
	{
		free(table->columns[i].name);
		free(table->columns[i].cast);
	}
	free(table->columns);
	free(table->column_list);
	free(table->name);
	free(table);
}

static char *
quote_name(PgConnection *c, const char *name)
{
	char *quoted = PQescapeIdentifier(c->conn, name, strlen(name));
	char *copy = quoted != NULL ? strdup(quoted) : NULL;

	PQfreemem(quoted);
	return copy;
}

static bool
fail_memory(SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a table's definition");
}

/* ---- the table ---- */

/* What else than a table may have its name: pg_class.relkind. */
static const struct OtherKind
{
	char kind;
	const char *name;
} other_kinds[] = {
	{'v', "a view"},	 {'m', "a materialized view"}, {'f', "a foreign table"},
	{'S', "a sequence"}, {'c', "a composite type"},
};

/* kind is 0 when nothing has the name. */
static bool
fail_no_table(const BundleRelation *relation, char kind, SluiceError *err)
{
	const char *what = "an index";

	if (kind == 0)
	{
		(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "there is no table %s.%s at the target",
						   relation->schema, relation->name);
		return sluice_hint(err, "create it; the writer then goes on by itself");
	}
	for (size_t i = 0; i < sizeof(other_kinds) / sizeof(other_kinds[0]); i++)
		what = other_kinds[i].kind == kind ? other_kinds[i].name : what;
	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND,
					   "%s.%s at the target is %s, and changes go to tables only", relation->schema,
					   relation->name, what);
	return sluice_hint(err, "rename it and create the table; the writer then goes on by itself");
}

static bool
find_table(PgConnection *c, const BundleRelation *relation, PgTable *table, char oid[16],
		   SluiceError *err)
{
	char schema_fitted[PG_IDENTIFIER_SIZE], name_fitted[PG_IDENTIFIER_SIZE];
	const char *const names[] = {pg_identifier_fit(relation->schema, schema_fitted),
								 pg_identifier_fit(relation->name, name_fitted)};
	char *schema = quote_name(c, names[0]), *name = quote_name(c, names[1]);
	PGresult *result = NULL;
	char kind = 0;
	bool good =
		schema != NULL && name != NULL && asprintf(&table->name, "%s.%s", schema, name) >= 0;

	free(schema);
	free(name);
	if (!good)
		return fail_memory(err);
	if (!pg_query_params(c,
						 "SELECT c.oid, c.relkind FROM pg_catalog.pg_class c"
						 " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
						 " WHERE n.nspname = $1 AND c.relname = $2",
						 2, names, &result, err))
		return false;
	good = PQntuples(result) == 1;
	if (good)
	{
		(void) snprintf(oid, 16, "%s", PQgetvalue(result, 0, 0));
		kind = *PQgetvalue(result, 0, 1);
		table->partitioned = kind == 'p';
	}
	PQclear(result);
	return kind == 'r' || kind == 'p' || fail_no_table(relation, kind, err);
}

/* ---- types ---- */

/* What sources that are not PostgreSQL are converted to; text is what travels as text. */
static const Oid converted_types[] = {
	PG_OID_TEXT,	  PG_OID_BOOL,		  PG_OID_BYTEA,	   PG_OID_INT2,	   PG_OID_INT4,
	PG_OID_INT8,	  PG_OID_JSON,		  PG_OID_JSONB,	   PG_OID_POINT,   PG_OID_FLOAT4,
	PG_OID_FLOAT8,	  PG_OID_INET,		  PG_OID_TEXTS,	   PG_OID_FLOAT4S, PG_OID_VARCHARS,
	PG_OID_DATE,	  PG_OID_TIME,		  PG_OID_TIMETZ,   PG_OID_NUMERIC, PG_OID_UUID,
	PG_OID_TIMESTAMP, PG_OID_TIMESTAMPTZ, PG_OID_INTERVAL, PG_OID_BIT,	   PG_OID_VARBIT,
};

/* The list of types that may be sent, as an array literal. */
static char *
sent_types(const BundleRelation *relation)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	(void) fputs("{0", out);
	for (size_t i = 0; i < sizeof(converted_types) / sizeof(converted_types[0]); i++)
		(void) fprintf(out, ",%u", converted_types[i]);
	for (uint16_t i = 0; i < relation->column_count; i++)
		(void) fprintf(out, ",%u", relation->columns[i].type_oid);
	(void) fputc('}', out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

static Oid
array_of(const PGresult *types, Oid type, bool *known)
{
	for (int i = 0; i < PQntuples(types); i++)
	{
		if ((Oid) strtoul(PQgetvalue(types, i, 0), NULL, 10) != type)
			continue;
		*known = true;
		return (Oid) strtoul(PQgetvalue(types, i, 1), NULL, 10);
	}
	*known = false;
	return 0;
}

static LossPolicy
policy_of(const PgConnection *c, const BundleRelation *relation, const BundleColumn *column)
{
	const TypeColumn what = {
		.schema = relation->schema,
		.table = relation->name,
		.name = column->name,
		.type_name = column->type_name,
		.type = column->type_name,
		.canon = (CanonType) column->canon,
	};

	return type_rules_policy(c->settings->types, &what);
}

/* A column of a source whose types are not PostgreSQL's, by the type that it has at the target. */
static bool
find_convert(PgConnection *c, PgColumn *out, const Table *table, const BundleColumn *column,
			 const PGresult *columns, int row, SluiceError *err)
{
	const char *name = row < 0 ? "" : PQgetvalue(columns, row, COLUMN_SHORT_NAME);
	Oid to = row < 0 ? 0 : (Oid) strtoul(PQgetvalue(columns, row, COLUMN_TYPE), NULL, 10);

	if (!pg_convert_find((CanonType) column->canon, to, name, &out->convert))
		return sluice_fail(err, SLUICE_ERROR_DATA,
						   "column %s of type %s cannot be sent to PostgreSQL", column->name,
						   column->type_name);
	/* Values of keys that are bent or left out would make two rows one. */
	if (!out->key)
		pg_convert_judge(&out->convert, policy_of(c, table->relation, column));
	out->sent = out->convert.sent;
	out->guarded =
		column->canon == CANON_TEXT && out->sent == PG_OID_TEXT && out->convert.write == NULL;
	return true;
}

/* How the source's values travel to the target. */
static bool
set_sent(PgConnection *c, PgColumn *out, const Table *table, const BundleColumn *column,
		 const PGresult *columns, int row, const PGresult *types, SluiceError *err)
{
	bool known;

	out->sent = column->type_oid;
	if (column->type_oid == 0 && !find_convert(c, out, table, column, columns, row, err))
		return false;
	out->sent_array = array_of(types, out->sent, &known);
	/* An extension's type, which is the column's own. */
	if (!known && column->type_oid == 0)
	{
		out->sent_array = (Oid) strtoul(PQgetvalue(columns, row, COLUMN_ARRAY), NULL, 10);
		known = true;
	}
	if (!known)
	{
		(void) sluice_fail(err, SLUICE_ERROR_DATA, "column %s: the target has no type %s",
						   column->name, column->type_name);
		return sluice_hint(err, "leave the column out of the publication, or use a newer target");
	}
	/* unnest() takes arrays of arrays apart to the last element. */
	if (column->canon == CANON_ARRAY)
		out->sent_array = 0;
	return true;
}

static bool
is_text(Oid type)
{
	return type == PG_OID_TEXT || type == PG_OID_VARCHAR;
}

static bool
set_target_type(PgColumn *out, const BundleColumn *column, const PGresult *columns, int row)
{
	bool is_enum = *PQgetvalue(columns, row, COLUMN_TYPTYPE) == 'e';
	bool text = is_text(out->sent);
	const char *through;

	out->type = (Oid) strtoul(PQgetvalue(columns, row, COLUMN_TYPE), NULL, 10);
	out->same = out->type == out->sent || (text && is_text(out->type)) ||
				(column->canon == CANON_ENUM && (is_enum || out->type == PG_OID_BPCHAR));
	if (out->type == out->sent || (text && (is_text(out->type) || out->type == PG_OID_BPCHAR)))
		out->cast = strdup("");
	else
	{
		/* The cast from text to regclass does not know "-" and numbers; from bpchar there is none,
		 * so that the type's input reads it. */
		through = text && out->type == PG_OID_REGCLASS ? "::pg_catalog.bpchar" : "";
		if (asprintf(&out->cast, "%s::%s", through, PQgetvalue(columns, row, COLUMN_TYPE_NAME)) < 0)
			out->cast = NULL;
	}
	out->compare_text = column->type_oid == 0 && text && !is_text(out->type);
	for (const Oid *type = text_compared; *type != 0; type++)
		out->compare_text |= *type == out->type;
	return out->cast != NULL;
}

/*
 * PostgreSQL's modifier for what is sent: of a source that is not PostgreSQL the type's name tells,
 * "decimal(10,2)", "datetime(3)".
 */
static int32_t
sent_modifier(const PgColumn *out, const BundleColumn *column)
{
	SqlType type;
	int first, second;

	if (column->type_oid != 0)
		return column->typmod;
	sql_type_read(column->type_name, &type);
	first = type.modifiers > 0 ? type.modifier[0] : 0;
	second = type.modifiers > 1 ? type.modifier[1] : 0;
	switch (column->canon)
	{
		case CANON_TIME:
		case CANON_INTERVAL:
		case CANON_TIMESTAMP:
		case CANON_TIMESTAMPTZ: return first;
		case CANON_DECIMAL: return type.modifiers > 0 ? (first << 16 | second) + 4 : -1;
		/* whole numbers */
		default: return out->sent == PG_OID_NUMERIC ? (20 << 16) + 4 : -1;
	}
}

/* A column that would round or cut what it is given is refused before it is given anything. */
static bool
check_loss(const PgColumn *out, const BundleColumn *column, const PGresult *columns, int row,
		   SluiceError *err)
{
	int32_t modifier = (int32_t) strtol(PQgetvalue(columns, row, COLUMN_MODIFIER), NULL, 10);

	if (!pg_type_loses(out->sent, sent_modifier(out, column), out->type, modifier))
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_DATA,
					   "column %s: %s would silently change values of the source's type %s",
					   column->name, PQgetvalue(columns, row, COLUMN_WHOLE_TYPE),
					   column->type_name);
	return sluice_hint(err, "give the column the source's type and precision, or text; the writer "
							"then goes on by itself");
}

/* ---- columns ---- */

static int
find_column(const PGresult *columns, const char *name)
{
	char fitted[PG_IDENTIFIER_SIZE];

	(void) pg_identifier_fit(name, fitted);
	for (int i = 0; i < PQntuples(columns); i++)
	{
		if (strcmp(PQgetvalue(columns, i, COLUMN_NAME), fitted) == 0)
			return i;
	}
	return -1;
}

static bool
fail_column(const char *name, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "there is no column %s at the target", name);
	return sluice_hint(err, "add it; the writer then goes on by itself");
}

/*
 * Whether the target is not given the column.  What PostgreSQL computes its log does not have; from
 * another source it comes, and is written where the target does not compute it.
 */
static bool
is_computed(const BundleColumn *column, const PGresult *columns, int row)
{
	if (!PQgetisnull(columns, row, COLUMN_IS_GENERATED) &&
		*PQgetvalue(columns, row, COLUMN_IS_GENERATED) != '\0')
		return true;
	return (column->flags & COLUMN_GENERATED) != 0 && column->type_oid != 0;
}

static bool
set_column(PgConnection *c, PgColumn *out, const Table *table, const BundleColumn *column,
		   const PGresult *columns, const PGresult *types, SluiceError *err)
{
	int row = find_column(columns, column->name);
	bool computed = (column->flags & COLUMN_GENERATED) != 0;
	char fitted[PG_IDENTIFIER_SIZE];

	out->name = quote_name(c, pg_identifier_fit(column->name, fitted));
	if (out->name == NULL)
		return fail_memory(err);
	if (row < 0)
		return computed || fail_column(column->name, err);
	computed = is_computed(column, columns, row);
	out->written = !computed;
	out->fixed = *PQgetvalue(columns, row, COLUMN_IS_FIXED) == 't';
	/* A computed column is not written, but may be part of the key. */
	return set_sent(c, out, table, column, columns, row, types, err) &&
		   (set_target_type(out, column, columns, row) || fail_memory(err)) &&
		   (computed || check_loss(out, column, columns, row, err));
}

static bool
set_columns(PgConnection *c, PgTable *out, Table *table, const PGresult *columns,
			const PGresult *types, SluiceError *err)
{
	const BundleRelation *relation = table->relation;

	out->column_count = relation->column_count;
	out->columns = calloc((size_t) relation->column_count + 1, sizeof(*out->columns));
	if (out->columns == NULL)
		return fail_memory(err);
	out->copyable = out->verbatim = true;
	for (uint16_t i = 0; i < table->key_count; i++)
		out->columns[table->key[i]].key = true;
	for (uint16_t i = 0; i < relation->column_count; i++)
	{
		PgColumn *column = &out->columns[i];

		if (!set_column(c, column, table, &relation->columns[i], columns, types, err))
			return sluice_prefix(err, "table %s", table->name);
		out->written += column->written;
		out->copyable &= !column->written || column->same;
		out->verbatim &= column->written && column->convert.write == NULL;
	}
	out->copyable &= out->written > 0;
	table->fixed = false;
	for (uint16_t i = 0; i < out->column_count; i++)
		table->fixed |= out->columns[i].fixed && !out->columns[i].key;
	out->column_list = pg_column_list(out);
	return out->column_list != NULL || fail_memory(err);
}

/* ---- keys ---- */

/* Whether a unique key, given as attribute numbers, has exactly the columns of the table's key. */
static bool
is_key(const Table *table, const PGresult *columns, const char *numbers, long count)
{
	if (count != table->key_count)
		return false;
	for (long k = 0; k < count; k++)
	{
		char *end;
		long number = strtol(numbers, &end, 10);
		bool found = false;

		for (uint16_t i = 0; i < table->key_count && !found; i++)
		{
			const char *name = table->relation->columns[table->key[i]].name;
			int row = find_column(columns, name);

			found = row >= 0 && strtol(PQgetvalue(columns, row, COLUMN_NUMBER), NULL, 10) == number;
		}
		if (!found)
			return false;
		numbers = end;
	}
	return true;
}

static bool
find_facts(PgConnection *c, PgTable *out, const char *oid, SluiceError *err)
{
	PGresult *result = NULL;

	if (!pg_query_params(c, facts_sql, 1, &oid, &result, err))
		return false;
	out->deferrable = *PQgetvalue(result, 0, 0) == 't';
	out->referenced = *PQgetvalue(result, 0, 1) == 't';
	PQclear(result);
	return true;
}

static bool
find_keys(PgConnection *c, Table *table, const PgTable *out, const char *oid,
		  const PGresult *columns, SluiceError *err)
{
	PGresult *keys = NULL;
	char sql[sizeof(keys_sql) + 16];

	table->keyed = false;
	if (table->key_count == 0)
		return true;
	for (uint16_t i = 0; i < table->key_count; i++)
	{
		if (out->columns[table->key[i]].cast == NULL)
			return true;
	}
	(void) snprintf(sql, sizeof(sql), keys_sql, c->version >= 110000 ? "indnkeyatts" : "indnatts");
	if (!pg_query_params(c, sql, 1, &oid, &keys, err))
		return false;
	for (int i = 0; i < PQntuples(keys) && !table->keyed; i++)
		table->keyed = is_key(table, columns, PQgetvalue(keys, i, 0),
							  strtol(PQgetvalue(keys, i, 1), NULL, 10));
	PQclear(keys);
	return true;
}

PgTable *
pg_describe(PgConnection *c, Table *table, SluiceError *err)
{
	PgTable *out = calloc(1, sizeof(*out));
	char *sent = sent_types(table->relation);
	char oid[16];
	const char *parameters[] = {oid}, *type_parameters[] = {sent};
	PGresult *columns = NULL, *types = NULL;
	char sql[sizeof(columns_sql) + 16];
	bool good = (out != NULL && sent != NULL) || fail_memory(err);

	(void) snprintf(sql, sizeof(sql), columns_sql, c->version >= 120000 ? "a.attgenerated" : "''");
	good = good && find_table(c, table->relation, out, oid, err) &&
		   pg_query_params(c, sql, 1, parameters, &columns, err) &&
		   pg_query_params(c,
						   "SELECT oid, typarray FROM pg_catalog.pg_type"
						   " WHERE oid = ANY ($1::pg_catalog.oid[])",
						   1, type_parameters, &types, err) &&
		   set_columns(c, out, table, columns, types, err) &&
		   find_keys(c, table, out, oid, columns, err) && find_facts(c, out, oid, err);
	PQclear(columns);
	PQclear(types);
	free(sent);
	if (good)
		return out;
	pg_table_free(out);
	return NULL;
}
