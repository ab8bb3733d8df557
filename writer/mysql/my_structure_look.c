/*
 * my_structure_look.c - reading what a MySQL or MariaDB target has of a document's databases
 * (my_structure_state.h).
 */
#include <stdlib.h>
#include <string.h>

#include "common/mysql/my_sql.h"
#include "my_structure_state.h"

/* Lists are longer than the servers' default. */
#define SESSION "SET SESSION group_concat_max_len = 1048576"

#define QUOTED(name) "CONCAT('`', REPLACE(" name ", '`', '``'), '`')"

/* Each goes on with what databases, or which table, it is about. */
static const char schemas_sql[] =
	"SELECT SCHEMA_NAME, SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME ";
static const char tables_sql[] =
	"SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, AUTO_INCREMENT"
	" FROM information_schema.TABLES WHERE TABLE_SCHEMA ";
static const char columns_sql[] =
	"SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE = 'NO',"
	" EXTRA LIKE '%STORED GENERATED%' OR EXTRA LIKE '%VIRTUAL GENERATED%'"
	" OR EXTRA LIKE '%PERSISTENT%',"
	" IS_NULLABLE = 'NO' AND COLUMN_DEFAULT IS NULL AND EXTRA NOT LIKE '%auto_increment%'"
	" AND EXTRA NOT LIKE '%GENERATED%'"
	" FROM information_schema.COLUMNS WHERE TABLE_SCHEMA ";
static const char indexes_sql[] =
	"SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, MIN(NON_UNIQUE) = 0,"
	" GROUP_CONCAT(CONCAT(" QUOTED(
		"COLUMN_NAME") ", IF(SUB_PART IS NULL, '',"
					   " CONCAT('(', SUB_PART, ')'))) ORDER BY SEQ_IN_INDEX SEPARATOR ', ')"
					   " FROM information_schema.STATISTICS WHERE TABLE_SCHEMA ";
static const char indexes_end[] = " GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME";
static const char keys_sql[] =
	"SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME,"
	" GROUP_CONCAT(" QUOTED(
		"COLUMN_NAME") " ORDER BY ORDINAL_POSITION SEPARATOR ', '),"
					   " MIN(REFERENCED_TABLE_SCHEMA), MIN(REFERENCED_TABLE_NAME)"
					   " FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS "
					   "NOT NULL"
					   " AND REFERENCED_TABLE_SCHEMA ";
static const char keys_end[] = " GROUP BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME";

/* ---- rows by table ---- */

static int
compare_names(const MyStructure *s, const char *a, const char *b)
{
	return s->folded ? strcasecmp(a, b) : strcmp(a, b);
}

static int
compare_to(const MyStructure *s, MYSQL_ROW row, const char *database, const char *table)
{
	int order = compare_names(s, row[0], database);

	return order != 0 ? order : compare_names(s, row[1], table);
}

static int
compare_rows(const void *a, const void *b, void *context)
{
	const MYSQL_ROW *left = a, *right = b;

	return compare_to(context, *left, (*right)[0], (*right)[1]);
}

/* qsort() of glibc is a stable one as long as there is memory; the order within a table is not needed. */
static bool
keep_rows(MyStructure *s, MyRows *rows, SluiceError *err)
{
	size_t count = (size_t) mysql_num_rows(rows->result);
	MYSQL_ROW row;

	rows->rows = calloc(count + 1, sizeof(MYSQL_ROW));
	if (rows->rows == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
	while ((row = mysql_fetch_row(rows->result)) != NULL && rows->count < count)
		rows->rows[rows->count++] = row;
	qsort_r(rows->rows, rows->count, sizeof(MYSQL_ROW), compare_rows, s);
	return true;
}

void
my_rows_free(MyRows *rows)
{
	if (rows->result != NULL)
		mysql_free_result(rows->result);
	free(rows->rows);
	*rows = (MyRows){0};
}

static bool
read_rows(MyStructure *s, MyRows *rows, const char *sql, const char *which, const char *end,
		  SluiceError *err)
{
	my_rows_free(rows);
	return my_query(s->c, &rows->result, err, "%s%s%s", sql, which, end) && keep_rows(s, rows, err);
}

size_t
my_rows_of(const MyStructure *s, const MyRows *rows, const char *database, const char *table,
		   size_t *first)
{
	size_t low = 0, high = rows->count, count = 0;

	while (low < high)
	{
		size_t middle = (low + high) / 2;

		if (compare_to(s, rows->rows[middle], database, table) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	while (low + count < rows->count &&
		   compare_to(s, rows->rows[low + count], database, table) == 0)
		count++;
	return count;
}

size_t
my_rows_of_table(const MyStructure *s, const MyRows *rows, const SchemaTable *table, size_t *first)
{
	return my_rows_of(s, rows, my_design_database(&s->design, table->schema), table->name, first);
}

/* ---- looking ---- */

/* "IN ('a', 'b')": the databases of the document's schemas. */
static char *
write_databases(const MyStructure *s)
{
	const SchemaDocument *document = s->base.document;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	(void) fputs("IN (", out);
	my_write_literal(out, s->design.database);
	for (size_t i = 0; i < document->schema_count; i++)
	{
		(void) fputs(", ", out);
		my_write_literal(out, my_design_database(&s->design, document->schemas[i].name));
	}
	(void) fputc(')', out);
	return fclose(out) == 0 ? text : (free(text), NULL);
}

static bool
look_at_names(MyStructure *s, SluiceError *err)
{
	MYSQL_RES *result = NULL;
	MYSQL_ROW row;

	if (!my_exec(s->c, err, SESSION) ||
		(s->c->flavour == MY_MYSQL &&
		 !my_exec(s->c, err, "SET SESSION information_schema_stats_expiry = 0")) ||
		!my_query(s->c, &result, err, "SELECT @@lower_case_table_names"))
		return false;
	row = mysql_fetch_row(result);
	s->folded = row != NULL && row[0] != NULL && strcmp(row[0], "0") != 0;
	mysql_free_result(result);
	return true;
}

bool
my_structure_look(Structure *base, SluiceError *err)
{
	MyStructure *s = (MyStructure *) base;
	char *which = write_databases(s);
	bool good = which != NULL;

	if (!good)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
	good = look_at_names(s, err) && read_rows(s, &s->schemas, schemas_sql, which, "", err) &&
		   read_rows(s, &s->tables, tables_sql, which, "", err) &&
		   read_rows(s, &s->columns, columns_sql, which, " ORDER BY ORDINAL_POSITION", err) &&
		   read_rows(s, &s->indexes, indexes_sql, which, indexes_end, err) &&
		   read_rows(s, &s->keys, keys_sql, which, keys_end, err);
	free(which);
	return good;
}

bool
my_structure_look_indexes(MyStructure *s, const SchemaTable *table, MyRows *rows, SluiceError *err)
{
	char *which = NULL;
	size_t size;
	FILE *out = open_memstream(&which, &size);
	bool good;

	*rows = (MyRows){0};
	if (out == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
	(void) fputs("= ", out);
	my_write_literal(out, my_design_database(&s->design, table->schema));
	(void) fputs(" AND TABLE_NAME = ", out);
	my_write_literal(out, table->name);
	good = fclose(out) == 0 && my_exec(s->c, err, SESSION) &&
		   read_rows(s, rows, indexes_sql, which, indexes_end, err);
	free(which);
	return good;
}

void
my_structure_forget(MyStructure *s)
{
	MyRows *const all[] = {&s->schemas, &s->tables, &s->columns, &s->indexes, &s->keys};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		my_rows_free(all[i]);
}

/* ---- indexes ---- */

char *
my_index_columns(const MyStructure *s, const SchemaTable *table, const SchemaIndex *index)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool whole = out != NULL;

	for (size_t i = 0; whole && i < index->column_count; i++)
	{
		int prefix;

		whole = index->columns[i].name != NULL &&
				my_design_column(&s->design, table, index->columns[i].name) != NULL;
		if (!whole)
			break;
		prefix = my_design_prefix(&s->design, table, index, i);
		(void) fputs(i == 0 ? "" : ", ", out);
		my_write_name(out, index->columns[i].name);
		if (prefix > 0)
			(void) fprintf(out, "(%d)", prefix);
	}
	if (out != NULL && fclose(out) != 0)
		whole = false;
	if (whole)
		return text;
	free(text);
	return NULL;
}

size_t
my_find_index(const MyStructure *s, const MyRows *rows, size_t first, size_t count,
			  const SchemaTable *table, const SchemaIndex *index)
{
	char name[MY_NAME_SIZE], *columns = my_index_columns(s, table, index);
	size_t found = count;

	my_index_name(index, name);
	for (size_t i = 0; i < count && found == count; i++)
	{
		if (strcasecmp(rows->rows[first + i][INDEX_NAME], name) == 0)
			found = i;
	}
	for (size_t i = 0; columns != NULL && i < count && found == count; i++)
	{
		MYSQL_ROW row = rows->rows[first + i];

		if (row[INDEX_COLUMNS] != NULL && strcmp(row[INDEX_COLUMNS], columns) == 0 &&
			(!index->unique || strcmp(row[INDEX_UNIQUE], "1") == 0) && !index->primary)
			found = i;
	}
	free(columns);
	return found;
}

bool
my_is_planned(const MyStructure *s, const SchemaTable *table)
{
	const Chosen *planned = s->base.planned;

	return planned != NULL &&
		   (planned->of[OBJECT_TABLE][table - s->base.document->tables] & CHOSEN_CREATE) != 0;
}
