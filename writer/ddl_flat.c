/*
 * ddl_flat.c - partitions that come and go at the source while the target has all rows of their root
 * in one plain table (--partitions flatten, or made so by hand).
 *
 * Every part asks whether the root is a plain table at the target, so that nothing is done where it
 * has partitions too.  There rows go with the partition that is dropped, and with one that is
 * detached into a table of its own; a table that is attached brings its rows along.
 */
#include "ddl_parts.h"

#define PLAIN DDL_RELATION " AND c.relkind = 'r'"

static const char unknown_rows[] =
	"which of its root's rows were those of this partition, the target cannot tell; they are to be "
	"deleted there";
static const char unsent_rows[] =
	"its rows were not in the stream before; they are to be copied into its root's table";

/* The partitioned table that a partition is of at last, as the document has it. */
static SchemaName
root_of(const SchemaDocument *document, const SchemaTable *table)
{
	SchemaName root = {table->schema, table->name};

	for (size_t i = 0; i <= document->table_count && table != NULL && table->partition_of != NULL;
		 i++)
	{
		root = (SchemaName){table->partition_of->schema, table->partition_of->name};
		table = schema_document_table_named(document, root.schema, root.name);
	}
	return root;
}

static void
ask_plain(DdlChange *ddl, const SchemaTable *table, const SchemaName *root)
{
	ddl_put(ddl_ask(ddl, table->schema, table->name), "SELECT EXISTS (SELECT " PLAIN ")",
			root->schema, root->name);
}

/* The table's columns that are not computed, as a list. */
static void
put_columns(FILE *out, const SchemaTable *table)
{
	const char *separator = "";

	for (size_t i = 0; i < table->column_count; i++)
	{
		if (table->columns[i].generated != SCHEMA_NOT_GENERATED)
			continue;
		ddl_put(out, "%s%I", separator, table->columns[i].name);
		separator = ", ";
	}
}

static void
move_rows(DdlChange *ddl, const SchemaTable *table, const SchemaName *to, const SchemaName *from)
{
	FILE *out = ddl_do(ddl, "rows", to->schema, to->name);

	ddl_put(out, "INSERT INTO %T (", to->schema, to->name);
	put_columns(out, table);
	ddl_put(out, ") OVERRIDING SYSTEM VALUE SELECT ");
	put_columns(out, table);
	ddl_put(out, " FROM %T", from->schema, from->name);
}

/* ---- partitions that go ---- */

/* With a table above it that is dropped, too. */
static bool
goes_with_parent(const DdlChange *ddl, const SchemaTable *table)
{
	const SchemaPartitionOf *of = table->partition_of;
	const SchemaTable *parent =
		schema_document_table_named(&ddl->change->before, of->schema, of->name);

	return parent != NULL && schema_document_table(&ddl->change->after, parent->id) == NULL;
}

/* What is detached is a table of its own from now on, with its rows. */
static void
move_out(DdlChange *ddl, const TablePair *pair, const SchemaName *root)
{
	const SchemaName name = {pair->new->schema, pair->new->name};
	const TablePair new = {NULL, pair->new};

	ddl_make_table(ddl, pair->new);
	ask_plain(ddl, pair->old, root);
	move_rows(ddl, pair->new, &name, root);
	ddl_put(ddl->script.out, " WHERE %s", pair->old->partition_of->condition);
	ddl_indexes(ddl, &new);
}

static void
leave(DdlChange *ddl, const TablePair *pair)
{
	const SchemaName root = root_of(&ddl->change->before, pair->old);
	const char *condition = pair->old->partition_of->condition;
	bool stays = pair->new != NULL;

	if (condition == NULL || (stays && pair->new->kind == SCHEMA_TABLE_PARTITIONED))
	{
		ask_plain(ddl, pair->old, &root);
		ddl_part(ddl)->by_hand = unknown_rows;
		return;
	}
	if (stays)
		move_out(ddl, pair, &root);
	ask_plain(ddl, pair->old, &root);
	ddl_put(ddl_do(ddl, "rows", root.schema, root.name), "DELETE FROM %T WHERE %s", root.schema,
			root.name, condition);
}

void
ddl_flat_leave(DdlChange *ddl)
{
	for (size_t i = 0; i < ddl->change->before.table_count; i++)
	{
		const SchemaTable *old = &ddl->change->before.tables[i];
		const TablePair pair = {old, schema_document_table(&ddl->change->after, old->id)};
		bool was = old->partition_of != NULL;
		bool is = pair.new != NULL &&pair.new->partition_of != NULL;

		if (was && !is && !goes_with_parent(ddl, old))
			leave(ddl, &pair);
	}
}

/* ---- tables that become partitions ---- */

void
ddl_flat_join(DdlChange *ddl, const TablePair *pair)
{
	const SchemaTable *table = pair->new;
	const SchemaFill *fill = schema_change_fill(ddl->change, table->id, 0);
	const SchemaName root = root_of(&ddl->change->after, table);
	const SchemaName name = {table->schema, table->name};

	if (table->partition_of == NULL || (pair->old != NULL && pair->old->partition_of != NULL))
		return;
	if (pair->old != NULL)
	{
		ddl_put(ddl_ask(ddl, name.schema, name.name),
				"SELECT EXISTS (SELECT " PLAIN ") AND EXISTS (SELECT " PLAIN ")", root.schema,
				root.name, name.schema, name.name);
		move_rows(ddl, table, &root, &name);
		ddl_put(ddl_do(ddl, "table", name.schema, name.name), "DROP TABLE %T", name.schema,
				name.name);
	}
	else if (fill != NULL && fill->kind == SCHEMA_FILL_UNKNOWN)
	{
		ask_plain(ddl, table, &root);
		ddl_part(ddl)->by_hand = unsent_rows;
	}
}
