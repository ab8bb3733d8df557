/*
 * ddl_constraint.c - indexes, checks and foreign keys of a change.
 *
 * Each of the three is seen as a Named: what has a name, a definition and perhaps a constraint.  Those
 * of one name are the same, unless the definition differs by more than what the change renames: then
 * the old one goes and the new one comes.  A lone one on each side with the same definition was renamed.
 */
#include <string.h>

#include "ddl_parts.h"
#include "pg/pg_ddl.h"
#include "structure.h"

/* What the three have in common. */
typedef struct Named
{
	const char *name;
	const char *definition; /* of the constraint, or of the index without its name and table */
	const char *whole;		/* as the catalog's functions give it */
	const char *comment;
	bool comes; /* with a parent: nothing is to be done for it */
	bool is_constraint;
	bool unique;   /* of an index */
	SchemaName to; /* of a foreign key: the table it refers to */
} Named;

/* One of the lists of a table. */
typedef struct NamedKind
{
	const char *kind;
	unsigned create; /* CREATE_ bit that it is made with, or 0 */
	size_t (*count)(const SchemaTable *table);
	Named (*get)(const SchemaTable *table, size_t i);
} NamedKind;

static size_t
index_count(const SchemaTable *table)
{
	return table->index_count;
}

static Named
get_index(const SchemaTable *table, size_t i)
{
	const SchemaIndex *index = &table->indexes[i];
	const SchemaConstraint *constraint = index->constraint;

	return (Named){
		.name = index->name,
		.definition =
			constraint != NULL ? constraint->definition : pg_index_body(index->definition),
		.whole = constraint != NULL ? constraint->definition : index->definition,
		.comment = index->comment,
		.comes = index->parent != NULL,
		.is_constraint = constraint != NULL,
		.unique = index->unique,
	};
}

/* The constraint that an index is of, if it is of one. */
static Named
get_constraint(const SchemaTable *table, size_t i)
{
	Named named = get_index(table, i);

	named.comment = named.is_constraint ? table->indexes[i].constraint->comment : NULL;
	return named;
}

static size_t
check_count(const SchemaTable *table)
{
	return table->check_count;
}

static Named
get_check(const SchemaTable *table, size_t i)
{
	const SchemaCheck *check = &table->checks[i];

	return (Named){
		.name = check->name,
		.definition = check->definition,
		.whole = check->definition,
		.comment = check->comment,
		.comes = check->inherited,
		.is_constraint = true,
	};
}

static size_t
key_count(const SchemaTable *table)
{
	return table->foreign_key_count;
}

static Named
get_key(const SchemaTable *table, size_t i)
{
	const SchemaForeignKey *key = &table->foreign_keys[i];

	return (Named){
		.name = key->name,
		.definition = key->definition,
		.whole = key->definition,
		.comment = key->comment,
		.comes = key->inherited,
		.is_constraint = true,
		.to = {key->schema, key->table},
	};
}

static const NamedKind indexes = {"index", CREATE_INDEXES, index_count, get_index};
static const NamedKind constraints = {"constraint", CREATE_INDEXES, index_count, get_constraint};
static const NamedKind checks = {"constraint", 0, check_count, get_check};
static const NamedKind foreign_keys = {"foreign key", CREATE_FOREIGN_KEYS, key_count, get_key};

/* ---- finding ---- */

static bool
find(const NamedKind *kind, const SchemaTable *table, const char *name, Named *found)
{
	for (size_t i = 0; table != NULL && i < kind->count(table); i++)
	{
		*found = kind->get(table, i);
		if (strcmp(found->name, name) == 0)
			return true;
	}
	return false;
}

static bool
is_valid(const Named *named)
{
	static const char suffix[] = " NOT VALID";
	size_t length = strlen(named->definition), end = sizeof(suffix) - 1;

	return length < end || strcmp(named->definition + length - end, suffix) != 0;
}

/* But for names and validity. */
static bool
is_same(const DdlChange *ddl, const TablePair *pair, const Named *old, const Named *new)
{
	const SchemaName *to = old->to.name != NULL ? &old->to : NULL;

	if (old->is_constraint != new->is_constraint || old->unique != new->unique)
		return false;
	return ddl_same_but_names(ddl, pair, to, old->definition, new->definition);
}

/* What `one`, of the old table or of the new one, is called in the other: a lone one there too. */
static bool
find_renamed(const DdlChange *ddl, const NamedKind *kind, const TablePair *pair, const Named *one,
			 bool one_is_old, Named *found)
{
	const SchemaTable *table = one_is_old ? pair->old : pair->new;
	const SchemaTable *other = one_is_old ? pair->new : pair->old;
	Named same;

	for (size_t i = 0; other != NULL && i < kind->count(other); i++)
	{
		*found = kind->get(other, i);
		if (!find(kind, table, found->name, &same) && is_valid(one) == is_valid(found) &&
			is_same(ddl, pair, one_is_old ? one : found, one_is_old ? found : one))
			return true;
	}
	return false;
}

/* ---- going ---- */

static void
drop(DdlChange *ddl, const NamedKind *kind, const SchemaTable *table, const Named *named)
{
	if (named->is_constraint)
	{
		ddl_put(ddl_ask(ddl, table->schema, table->name),
				"SELECT EXISTS (SELECT " DDL_CONSTRAINT ")", table->schema, table->name,
				named->name);
		ddl_put(ddl_do(ddl, kind->kind, table->schema, table->name),
				"ALTER TABLE %T DROP CONSTRAINT %I", table->schema, table->name, named->name);
		return;
	}
	ddl_put(ddl_ask(ddl, table->schema, named->name), "SELECT EXISTS (SELECT " DDL_RELATION ")",
			table->schema, named->name);
	ddl_put(ddl_do(ddl, kind->kind, table->schema, named->name), "DROP INDEX %T", table->schema,
			named->name);
}

/* One that is there already as it is to be stays; of the same words, they mean other columns. */
static void
drop_replaced(DdlChange *ddl, const NamedKind *kind, const SchemaTable *table, const Named *old,
			  const Named *new)
{
	if (strcmp(old->whole, new->whole) == 0)
	{
		drop(ddl, kind, table, old);
		return;
	}
	if (old->is_constraint)
	{
		ddl_put(ddl_ask(ddl, table->schema, table->name),
				"SELECT EXISTS (SELECT " DDL_CONSTRAINT
				" AND pg_catalog.pg_get_constraintdef(k.oid) <> %L)",
				table->schema, table->name, old->name, new->whole);
		ddl_put(ddl_do(ddl, kind->kind, table->schema, table->name),
				"ALTER TABLE %T DROP CONSTRAINT %I", table->schema, table->name, old->name);
		return;
	}
	ddl_put(ddl_ask(ddl, table->schema, old->name),
			"SELECT EXISTS (SELECT " DDL_RELATION " AND pg_catalog.pg_get_indexdef(c.oid) <> %L)",
			table->schema, old->name, new->whole);
	ddl_put(ddl_do(ddl, kind->kind, table->schema, old->name), "DROP INDEX %T", table->schema,
			old->name);
}

static void
drop_kind(DdlChange *ddl, const NamedKind *kind, const TablePair *pair)
{
	for (size_t i = 0; i < kind->count(pair->old); i++)
	{
		const Named old = kind->get(pair->old, i);
		Named new;

		if (old.comes)
			continue;
		if (!find(kind, pair->new, old.name, &new))
		{
			if (!find_renamed(ddl, kind, pair, &old, true, &new))
				drop(ddl, kind, pair->old, &old);
		}
		else if (!is_same(ddl, pair, &old, &new))
			drop_replaced(ddl, kind, pair->old, &old, &new);
	}
}

void
ddl_drop_constraints(DdlChange *ddl, const TablePair *pair)
{
	drop_kind(ddl, &foreign_keys, pair);
	if (pair->new == NULL)
		return; /* the rest goes with the table */
	drop_kind(ddl, &checks, pair);
	drop_kind(ddl, &indexes, pair);
}

/* ---- renamed ---- */

static void
rename_named(DdlChange *ddl, const NamedKind *kind, const SchemaTable *table, const Named *old,
			 const char *name)
{
	if (old->is_constraint)
	{
		ddl_put(ddl_ask(ddl, table->schema, table->name),
				"SELECT EXISTS (SELECT " DDL_CONSTRAINT ") AND NOT EXISTS (SELECT " DDL_CONSTRAINT
				")",
				table->schema, table->name, old->name, table->schema, table->name, name);
		ddl_put(ddl_do(ddl, kind->kind, table->schema, table->name),
				"ALTER TABLE %T RENAME CONSTRAINT %I TO %I", table->schema, table->name, old->name,
				name);
		return;
	}
	ddl_put(ddl_ask(ddl, table->schema, old->name),
			"SELECT EXISTS (SELECT " DDL_RELATION ") AND NOT EXISTS (SELECT " DDL_RELATION ")",
			table->schema, old->name, table->schema, name);
	ddl_put(ddl_do(ddl, kind->kind, table->schema, old->name), "ALTER INDEX %T RENAME TO %I",
			table->schema, old->name, name);
}

static void
rename_kind(DdlChange *ddl, const NamedKind *kind, const TablePair *pair)
{
	for (size_t i = 0; i < kind->count(pair->old); i++)
	{
		const Named old = kind->get(pair->old, i);
		Named new;

		/* The index of a partition does not follow the name of the one above. */
		if ((old.comes && kind != &indexes) || find(kind, pair->new, old.name, &new) ||
			!find_renamed(ddl, kind, pair, &old, true, &new))
			continue;
		rename_named(ddl, kind, pair->new, &old, new.name);
	}
}

void
ddl_rename_constraints(DdlChange *ddl, const TablePair *pair)
{
	rename_kind(ddl, &foreign_keys, pair);
	rename_kind(ddl, &checks, pair);
	rename_kind(ddl, &indexes, pair);
}

/* ---- coming ---- */

/* Whether the i-th of the new table's is to be made. */
static bool
is_new(const DdlChange *ddl, const NamedKind *kind, const TablePair *pair, const Named *new)
{
	Named old;

	if (new->comes || (kind->create != 0 && (ddl->create & kind->create) == 0))
		return false;
	if (pair->old == NULL)
		return true;
	if (find(kind, pair->old, new->name, &old))
		return !is_same(ddl, pair, &old, new);
	return !find_renamed(ddl, kind, pair, new, false, &old);
}

static void
add_constraint(DdlChange *ddl, const NamedKind *kind, const SchemaTable *table, const Named *named)
{
	ddl_put(ddl_do(ddl, kind->kind, table->schema, table->name),
			"ALTER TABLE %T ADD CONSTRAINT %I %s", table->schema, table->name, named->name,
			named->definition);
}

static void
make_named(DdlChange *ddl, const NamedKind *kind, const SchemaTable *table, const Named *named)
{
	ddl_put(ddl_ask(ddl, table->schema, table->name),
			"SELECT EXISTS (SELECT " DDL_RELATION ") AND NOT EXISTS (SELECT " DDL_CONSTRAINT ")",
			table->schema, table->name, table->schema, table->name, named->name);
	add_constraint(ddl, kind, table, named);
}

static void
comment_named(DdlChange *ddl, const NamedKind *kind, const TablePair *pair, const Named *new)
{
	const SchemaTable *table = pair->new;
	Named old;

	if (pair->old != NULL && find(kind, pair->old, new->name, &old)
			? ddl_same(old.comment, new->comment)
			: new->comment == NULL)
		return;
	ddl_put(ddl_ask(ddl, table->schema, table->name),
			"SELECT EXISTS (SELECT " DDL_CONSTRAINT
			" AND pg_catalog.obj_description(k.oid, 'pg_constraint') IS DISTINCT FROM %L)",
			table->schema, table->name, new->name, new->comment);
	ddl_put(ddl_do(ddl, "comment", table->schema, table->name),
			"COMMENT ON CONSTRAINT %I ON %T IS %L", new->name, table->schema, table->name,
			new->comment);
}

/* ---- indexes ---- */

/* A key has its index; a table has one primary key, whatever it is called. */
static void
make_index(DdlChange *ddl, const SchemaTable *table, const SchemaIndex *index, const Named *named)
{
	FILE *out = ddl_ask(ddl, table->schema, named->name);

	ddl_put(out, "SELECT EXISTS (SELECT " DDL_RELATION, table->schema, table->name);
	if (index->primary)
		ddl_put(out, " AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i"
					 " WHERE i.indrelid = c.oid AND i.indisprimary)");
	ddl_put(out, ") AND NOT EXISTS (SELECT " DDL_RELATION ")", table->schema, named->name);
	if (named->is_constraint)
		add_constraint(ddl, &indexes, table, named);
	else
		ddl_put(ddl_do(ddl, "index", table->schema, named->name), "CREATE %sINDEX %I ON %T %s",
				named->unique ? "UNIQUE " : "", named->name, table->schema, table->name,
				named->definition);
}

/* The same index before; NULL when there was none. */
static const SchemaIndex *
index_before(const TablePair *pair, const SchemaIndex *index)
{
	for (size_t i = 0; pair->old != NULL && i < pair->old->index_count; i++)
	{
		if (strcmp(pair->old->indexes[i].name, index->name) == 0)
			return &pair->old->indexes[i];
	}
	return NULL;
}

static void
mark_identity(DdlChange *ddl, const TablePair *pair, const SchemaIndex *index)
{
	const SchemaTable *table = pair->new;
	const SchemaIndex *was = index_before(pair, index);

	if (!index->replica_identity || table->replica_identity != SCHEMA_REPLICA_INDEX)
		return;
	if (was != NULL && was->replica_identity)
		return;
	ddl_put(ddl_ask(ddl, table->schema, index->name),
			"SELECT EXISTS (SELECT " DDL_RELATION
			" AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid"
			" AND i.indisreplident))",
			table->schema, index->name);
	ddl_put(ddl_do(ddl, "index", table->schema, index->name),
			"ALTER TABLE %T REPLICA IDENTITY USING INDEX %I", table->schema, table->name,
			index->name);
}

/* The index that the table is ordered by, the next time somebody does so. */
static void
mark_cluster(DdlChange *ddl, const TablePair *pair, const SchemaIndex *index)
{
	const SchemaTable *table = pair->new;
	const SchemaIndex *was = index_before(pair, index);

	if (!index->clustered || (was != NULL && was->clustered))
		return;
	ddl_put(ddl_ask(ddl, table->schema, index->name),
			"SELECT EXISTS (SELECT " DDL_RELATION
			" AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid"
			" AND i.indisclustered))",
			table->schema, index->name);
	ddl_put(ddl_do(ddl, "index", table->schema, index->name), "ALTER TABLE %T CLUSTER ON %I",
			table->schema, table->name, index->name);
}

static void
comment_index(DdlChange *ddl, const TablePair *pair, const Named *new)
{
	const SchemaTable *table = pair->new;
	Named old;

	if (pair->old != NULL && find(&indexes, pair->old, new->name, &old)
			? ddl_same(old.comment, new->comment)
			: new->comment == NULL)
		return;
	ddl_put(ddl_ask(ddl, table->schema, new->name),
			"SELECT EXISTS (SELECT " DDL_RELATION
			" AND pg_catalog.obj_description(c.oid, 'pg_class') IS DISTINCT FROM %L)",
			table->schema, new->name, new->comment);
	ddl_put(ddl_do(ddl, "comment", table->schema, new->name), "COMMENT ON INDEX %T IS %L",
			table->schema, new->name, new->comment);
}

static void
comment_constraint(DdlChange *ddl, const TablePair *pair, size_t i)
{
	const Named new = get_constraint(pair->new, i);

	comment_named(ddl, &constraints, pair, &new);
}

void
ddl_indexes(DdlChange *ddl, const TablePair *pair)
{
	if ((ddl->create & CREATE_INDEXES) == 0)
		return;
	for (size_t i = 0; i < pair->new->index_count; i++)
	{
		const Named new = get_index(pair->new, i);

		if (is_new(ddl, &indexes, pair, &new))
			make_index(ddl, pair->new, &pair->new->indexes[i], &new);
		mark_identity(ddl, pair, &pair->new->indexes[i]);
		mark_cluster(ddl, pair, &pair->new->indexes[i]);
		comment_index(ddl, pair, &new);
		if (new.is_constraint)
			comment_constraint(ddl, pair, i);
	}
}

/* ---- checks and foreign keys ---- */

/* A constraint that was not valid is now, at the source. */
static void
validate(DdlChange *ddl, const NamedKind *kind, const TablePair *pair, const Named *new)
{
	const SchemaTable *table = pair->new;
	Named old;

	if (pair->old == NULL || !find(kind, pair->old, new->name, &old) || is_valid(&old) ||
		!is_valid(new) || !is_same(ddl, pair, &old, new))
		return;
	ddl_put(ddl_ask(ddl, table->schema, table->name),
			"SELECT EXISTS (SELECT " DDL_CONSTRAINT " AND NOT k.convalidated)", table->schema,
			table->name, new->name);
	ddl_put(ddl_do(ddl, kind->kind, table->schema, table->name),
			"ALTER TABLE %T VALIDATE CONSTRAINT %I", table->schema, table->name, new->name);
}

static void
change_kind(DdlChange *ddl, const NamedKind *kind, const TablePair *pair)
{
	for (size_t i = 0; i < kind->count(pair->new); i++)
	{
		const Named new = kind->get(pair->new, i);

		if (is_new(ddl, kind, pair, &new))
			make_named(ddl, kind, pair->new, &new);
		if (!new.comes && (kind->create == 0 || (ddl->create & kind->create) != 0))
		{
			validate(ddl, kind, pair, &new);
			comment_named(ddl, kind, pair, &new);
		}
	}
}

void
ddl_checks(DdlChange *ddl, const TablePair *pair)
{
	change_kind(ddl, &checks, pair);
}

void
ddl_foreign_keys(DdlChange *ddl, const TablePair *pair)
{
	change_kind(ddl, &foreign_keys, pair);
}
