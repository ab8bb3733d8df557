/*
 * ddl_type.c - types and sequences of a change: before the tables what is renamed, new or changed,
 * after them what goes.
 */
#include <string.h>

#include "ddl_parts.h"
#include "pg/pg_ddl.h"

#define ENUM_LABEL                                                                                 \
	DDL_TYPE " AND EXISTS (SELECT FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid "            \
			 "AND e.enumlabel = %L)"
#define ATTRIBUTE                                                                                  \
	DDL_TYPE " AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid "   \
			 "AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = %L)"
#define DOMAIN_CHECK                                                                               \
	DDL_TYPE " AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid "       \
			 "AND k.conname = %L)"

/* ---- names ---- */

static const SchemaType *
find_type(const SchemaDocument *document, const char *schema, const char *name)
{
	for (size_t i = 0; i < document->type_count; i++)
	{
		const SchemaType *type = &document->types[i];

		if (strcmp(type->name, name) == 0 && strcmp(type->schema, schema) == 0)
			return type;
	}
	return NULL;
}

static const SchemaSequence *
find_sequence(const SchemaDocument *document, const char *schema, const char *name)
{
	for (size_t i = 0; i < document->sequence_count; i++)
	{
		const SchemaSequence *sequence = &document->sequences[i];

		if (strcmp(sequence->name, name) == 0 && strcmp(sequence->schema, schema) == 0)
			return sequence;
	}
	return NULL;
}

/* What led to a new name, or (back false) where an old name leads to; NULL when it stayed. */
static const SchemaName *
renamed(const DdlChange *ddl, SchemaRenamedKind kind, const char *schema, const char *name,
		bool back)
{
	for (size_t i = 0; i < ddl->change->renamed_count; i++)
	{
		const SchemaRenamed *entry = &ddl->change->renamed[i];
		const SchemaName *key = back ? &entry->to : &entry->from;

		if (entry->kind == kind && strcmp(key->name, name) == 0 && strcmp(key->schema, schema) == 0)
			return back ? &entry->from : &entry->to;
	}
	return NULL;
}

static const char *
type_word(const SchemaType *type)
{
	return type->kind == SCHEMA_TYPE_DOMAIN ? "DOMAIN" : "TYPE";
}

/* ---- enums ---- */

static bool
has_label(const SchemaType *type, const char *label)
{
	for (size_t i = 0; i < type->label_count; i++)
	{
		if (strcmp(type->labels[i], label) == 0)
			return true;
	}
	return false;
}

static void
rename_label(DdlChange *ddl, const SchemaType *type, const char *from, const char *to)
{
	ddl_put(ddl_ask(ddl, type->schema, type->name),
			"SELECT EXISTS (SELECT " ENUM_LABEL ") AND NOT EXISTS (SELECT " ENUM_LABEL ")",
			type->schema, type->name, from, type->schema, type->name, to);
	ddl_put(ddl_do(ddl, "type", type->schema, type->name), "ALTER TYPE %T RENAME VALUE %L TO %L",
			type->schema, type->name, from, to);
}

/* Next to the label before it, which is there by then; the first one to the one behind it. */
static void
add_label(DdlChange *ddl, const SchemaType *type, size_t i)
{
	const char *neighbour = i > 0					? type->labels[i - 1]
							: type->label_count > 1 ? type->labels[1]
													: NULL;

	ddl_put(ddl_ask(ddl, type->schema, type->name),
			"SELECT EXISTS (SELECT " DDL_TYPE ") AND NOT EXISTS (SELECT " ENUM_LABEL ")",
			type->schema, type->name, type->schema, type->name, type->labels[i]);
	ddl_part(ddl)->outside = true;
	ddl_put(ddl_do(ddl, "type", type->schema, type->name), "ALTER TYPE %T ADD VALUE %L",
			type->schema, type->name, type->labels[i]);
	if (neighbour != NULL)
		ddl_put(ddl->script.out, " %s %L", i > 0 ? "AFTER" : "BEFORE", neighbour);
}

static void
change_enum(DdlChange *ddl, const SchemaType *old, const SchemaType *new)
{
	bool same_count = old->label_count == new->label_count;

	/* Labels cannot go, so with as many as before each that is new took the place of another. */
	for (size_t i = 0; i < new->label_count; i++)
	{
		if (has_label(old, new->labels[i]))
			continue;
		if (same_count && !has_label(new, old->labels[i]))
			rename_label(ddl, new, old->labels[i], new->labels[i]);
		else
			add_label(ddl, new, i);
	}
}

/* ---- domains ---- */

static const SchemaDomainCheck *
find_check(const SchemaType *type, const char *name)
{
	for (size_t i = 0; i < type->check_count; i++)
	{
		if (strcmp(type->checks[i].name, name) == 0)
			return &type->checks[i];
	}
	return NULL;
}

static void
drop_check(DdlChange *ddl, const SchemaType *type, const SchemaDomainCheck *check)
{
	ddl_put(ddl_ask(ddl, type->schema, type->name), "SELECT EXISTS (SELECT " DOMAIN_CHECK ")",
			type->schema, type->name, check->name);
	ddl_put(ddl_do(ddl, "constraint", type->schema, type->name),
			"ALTER DOMAIN %T DROP CONSTRAINT %I", type->schema, type->name, check->name);
}

static void
add_check(DdlChange *ddl, const SchemaType *type, const SchemaDomainCheck *check)
{
	ddl_put(ddl_ask(ddl, type->schema, type->name),
			"SELECT EXISTS (SELECT " DDL_TYPE ") AND NOT EXISTS (SELECT " DOMAIN_CHECK ")",
			type->schema, type->name, type->schema, type->name, check->name);
	ddl_put(ddl_do(ddl, "constraint", type->schema, type->name),
			"ALTER DOMAIN %T ADD CONSTRAINT %I %s", type->schema, type->name, check->name,
			check->definition);
}

static void
change_checks(DdlChange *ddl, const SchemaType *old, const SchemaType *new)
{
	for (size_t i = 0; i < old->check_count; i++)
	{
		const SchemaDomainCheck *kept = find_check(new, old->checks[i].name);

		if (kept == NULL || strcmp(kept->definition, old->checks[i].definition) != 0)
			drop_check(ddl, new, &old->checks[i]);
	}
	for (size_t i = 0; i < new->check_count; i++)
	{
		const SchemaDomainCheck *had = find_check(old, new->checks[i].name);

		if (had == NULL || strcmp(had->definition, new->checks[i].definition) != 0)
			add_check(ddl, new, &new->checks[i]);
	}
}

static void
change_domain(DdlChange *ddl, const SchemaType *old, const SchemaType *new)
{
	if (!ddl_same(old->default_value, new->default_value))
	{
		ddl_put(ddl_ask(ddl, new->schema, new->name),
				"SELECT EXISTS (SELECT " DDL_TYPE
				" AND pg_catalog.pg_get_expr(t.typdefaultbin, 0) IS DISTINCT FROM %L)",
				new->schema, new->name, new->default_value);
		ddl_put(ddl_do(ddl, "type", new->schema, new->name), "ALTER DOMAIN %T %s%s", new->schema,
				new->name, new->default_value != NULL ? "SET DEFAULT " : "DROP DEFAULT",
				new->default_value != NULL ? new->default_value : "");
	}
	if (old->not_null != new->not_null)
	{
		ddl_put(ddl_ask(ddl, new->schema, new->name),
				"SELECT EXISTS (SELECT " DDL_TYPE " AND t.typnotnull <> %b)", new->schema,
				new->name, new->not_null);
		ddl_put(ddl_do(ddl, "type", new->schema, new->name), "ALTER DOMAIN %T %s NOT NULL",
				new->schema, new->name, new->not_null ? "SET" : "DROP");
	}
	change_checks(ddl, old, new);
}

/* ---- composites ---- */

static const SchemaAttribute *
find_attribute(const SchemaType *type, const char *name)
{
	for (size_t i = 0; i < type->attribute_count; i++)
	{
		if (strcmp(type->attributes[i].name, name) == 0)
			return &type->attributes[i];
	}
	return NULL;
}

static void
rename_attribute(DdlChange *ddl, const SchemaType *type, const char *from, const char *to)
{
	ddl_put(ddl_ask(ddl, type->schema, type->name),
			"SELECT EXISTS (SELECT " ATTRIBUTE ") AND NOT EXISTS (SELECT " ATTRIBUTE ")",
			type->schema, type->name, from, type->schema, type->name, to);
	ddl_put(ddl_do(ddl, "type", type->schema, type->name),
			"ALTER TYPE %T RENAME ATTRIBUTE %I TO %I", type->schema, type->name, from, to);
}

static void
drop_attributes(DdlChange *ddl, const SchemaType *old, const SchemaType *new)
{
	for (size_t i = 0; i < old->attribute_count; i++)
	{
		const char *name = old->attributes[i].name;

		if (find_attribute(new, name) != NULL)
			continue;
		ddl_put(ddl_ask(ddl, new->schema, new->name), "SELECT EXISTS (SELECT " ATTRIBUTE ")",
				new->schema, new->name, name);
		ddl_put(ddl_do(ddl, "type", new->schema, new->name), "ALTER TYPE %T DROP ATTRIBUTE %I",
				new->schema, new->name, name);
	}
}

static void
add_attribute(DdlChange *ddl, const SchemaType *type, const SchemaAttribute *attribute)
{
	ddl_put(ddl_ask(ddl, type->schema, type->name),
			"SELECT EXISTS (SELECT " DDL_TYPE ") AND NOT EXISTS (SELECT " ATTRIBUTE ")",
			type->schema, type->name, type->schema, type->name, attribute->name);
	ddl_put(ddl_do(ddl, "type", type->schema, type->name), "ALTER TYPE %T ADD ATTRIBUTE %I %s",
			type->schema, type->name, attribute->name, attribute->type);
	pg_put_collation(ddl->script.out, attribute->collation);
}

static void
retype_attribute(DdlChange *ddl, const SchemaType *type, const SchemaAttribute *attribute)
{
	ddl_put(ddl_ask(ddl, type->schema, type->name), "SELECT EXISTS (SELECT " ATTRIBUTE ")",
			type->schema, type->name, attribute->name);
	ddl_put(ddl_do(ddl, "type", type->schema, type->name),
			"ALTER TYPE %T ALTER ATTRIBUTE %I TYPE %s", type->schema, type->name, attribute->name,
			attribute->type);
	pg_put_collation(ddl->script.out, attribute->collation);
}

static void
change_composite(DdlChange *ddl, const SchemaType *old, const SchemaType *new)
{
	bool same_count = old->attribute_count == new->attribute_count;
	bool renames = false;

	for (size_t i = 0; same_count && i < new->attribute_count; i++)
	{
		const SchemaAttribute *was = &old->attributes[i], *is = &new->attributes[i];

		if (find_attribute(old, is->name) != NULL || find_attribute(new, was->name) != NULL ||
			strcmp(was->type, is->type) != 0)
			continue;
		rename_attribute(ddl, new, was->name, is->name);
		renames = true;
	}
	if (renames)
		return;
	drop_attributes(ddl, old, new);
	for (size_t i = 0; i < new->attribute_count; i++)
	{
		const SchemaAttribute *is = &new->attributes[i], *was = find_attribute(old, is->name);

		if (was == NULL)
			add_attribute(ddl, new, is);
		else if (!ddl_renames_types(ddl) &&
				 (strcmp(was->type, is->type) != 0 || !ddl_same(was->collation, is->collation)))
			retype_attribute(ddl, new, is);
	}
}

/* ---- types ---- */

static void
change_nothing(DdlChange *ddl, const SchemaType *old, const SchemaType *new)
{
	(void) ddl, (void) old, (void) new;
}

static void
change_type(DdlChange *ddl, const SchemaType *old, const SchemaType *new)
{
	static void (*const changes[])(DdlChange *, const SchemaType *, const SchemaType *) = {
		[SCHEMA_TYPE_ENUM] = change_enum,
		[SCHEMA_TYPE_DOMAIN] = change_domain,
		[SCHEMA_TYPE_COMPOSITE] = change_composite,
		[SCHEMA_TYPE_RANGE] = change_nothing,
	};

	if (old->kind == new->kind)
		changes[new->kind](ddl, old, new);
	if (ddl_same(old->comment, new->comment))
		return;
	ddl_put(ddl_ask(ddl, new->schema, new->name),
			"SELECT EXISTS (SELECT " DDL_TYPE
			" AND pg_catalog.obj_description(t.oid, 'pg_type') IS DISTINCT FROM %L)",
			new->schema, new->name, new->comment);
	ddl_put(ddl_do(ddl, "comment", new->schema, new->name), "COMMENT ON %s %T IS %L",
			type_word(new), new->schema, new->name, new->comment);
}

static void
make_type(DdlChange *ddl, const SchemaType *type)
{
	const PgDdl pg = {&ddl->change->after, ddl->version, &ddl->script};

	ddl_put(ddl_ask(ddl, type->schema, type->name), "SELECT NOT EXISTS (SELECT " DDL_TYPE ")",
			type->schema, type->name);
	pg_ddl_type(&pg, type);
}

static void
rename_type(DdlChange *ddl, const SchemaName *from, const SchemaType *to)
{
	ddl_put(ddl_ask(ddl, from->schema, from->name),
			"SELECT EXISTS (SELECT " DDL_TYPE ") AND NOT EXISTS (SELECT " DDL_TYPE ")",
			from->schema, from->name, to->schema, to->name);
	if (strcmp(from->schema, to->schema) != 0)
		ddl_put(ddl_do(ddl, "type", from->schema, from->name), "ALTER %s %T SET SCHEMA %I",
				type_word(to), from->schema, from->name, to->schema);
	if (strcmp(from->name, to->name) != 0)
		ddl_put(ddl_do(ddl, "type", to->schema, to->name), "ALTER %s %T RENAME TO %I",
				type_word(to), to->schema, from->name, to->name);
}

/* What a type of `after` was; NULL when it is new. */
static const SchemaType *
type_before(const DdlChange *ddl, const SchemaType *new, const SchemaName *from)
{
	return from != NULL ? find_type(&ddl->change->before, from->schema, from->name)
						: find_type(&ddl->change->before, new->schema, new->name);
}

/* What is changed may need what is new, whatever their order. */
void
ddl_types_before(DdlChange *ddl)
{
	const SchemaDocument *after = &ddl->change->after;

	for (size_t i = 0; i < after->type_count; i++)
	{
		const SchemaType *new = &after->types[i];
		const SchemaName *from = renamed(ddl, SCHEMA_RENAMED_TYPE, new->schema, new->name, true);

		if (from != NULL)
			rename_type(ddl, from, new);
		else if (type_before(ddl, new, NULL) == NULL)
			make_type(ddl, new);
	}
	for (size_t i = 0; i < after->type_count; i++)
	{
		const SchemaType *new = &after->types[i];
		const SchemaType *old =
			type_before(ddl, new, renamed(ddl, SCHEMA_RENAMED_TYPE, new->schema, new->name, true));

		if (old != NULL)
			change_type(ddl, old, new);
	}
}

void
ddl_types_after(DdlChange *ddl)
{
	const SchemaDocument *before = &ddl->change->before;

	for (size_t i = before->type_count; i > 0; i--)
	{
		const SchemaType *old = &before->types[i - 1];

		if (find_type(&ddl->change->after, old->schema, old->name) != NULL ||
			renamed(ddl, SCHEMA_RENAMED_TYPE, old->schema, old->name, false) != NULL)
			continue;
		ddl_put(ddl_ask(ddl, old->schema, old->name), "SELECT EXISTS (SELECT " DDL_TYPE ")",
				old->schema, old->name);
		ddl_put(ddl_try(ddl, "type", old->schema, old->name), "DROP %s %T", type_word(old),
				old->schema, old->name);
	}
}

/* ---- sequences ---- */

static bool
same_options(const SchemaSequence *a, const SchemaSequence *b)
{
	return strcmp(a->type, b->type) == 0 && strcmp(a->start, b->start) == 0 &&
		   strcmp(a->increment, b->increment) == 0 && strcmp(a->minimum, b->minimum) == 0 &&
		   strcmp(a->maximum, b->maximum) == 0 && strcmp(a->cache, b->cache) == 0 &&
		   a->cycle == b->cycle;
}

/* Its value stays where it is. */
static void
change_sequence(DdlChange *ddl, const SchemaSequence *old, const SchemaSequence *new)
{
	if (same_options(old, new))
		return;
	ddl_put(ddl_ask(ddl, new->schema, new->name),
			"SELECT EXISTS (SELECT " DDL_RELATION
			" AND NOT EXISTS (SELECT FROM pg_catalog.pg_sequence s WHERE s.seqrelid = c.oid"
			" AND pg_catalog.format_type(s.seqtypid, NULL) = %L AND s.seqstart = %s"
			" AND s.seqincrement = %s AND s.seqmin = %s AND s.seqmax = %s AND s.seqcache = %s"
			" AND s.seqcycle = %b))",
			new->schema, new->name, new->type, new->start, new->increment, new->minimum,
			new->maximum, new->cache, new->cycle);
	ddl_put(ddl_do(ddl, "sequence", new->schema, new->name), "ALTER SEQUENCE %T AS %s ",
			new->schema, new->name, new->type);
	pg_put_sequence_options(ddl->script.out, new);
	if (!new->cycle)
		ddl_put(ddl->script.out, " NO CYCLE");
}

/* Before the table that it goes away with is renamed or made; identities bring theirs. */
static void
make_sequence(DdlChange *ddl, const SchemaSequence *sequence)
{
	const PgDdl pg = {&ddl->change->after, ddl->version, &ddl->script};

	if (sequence->identity)
		return;
	ddl_put(ddl_ask(ddl, sequence->schema, sequence->name),
			"SELECT NOT EXISTS (SELECT " DDL_RELATION ")", sequence->schema, sequence->name);
	pg_ddl_sequence(&pg, sequence);
}

/* A sequence that has an owner moves to another schema with it. */
static void
rename_sequence(DdlChange *ddl, const SchemaName *from, const SchemaSequence *to)
{
	ddl_put(ddl_ask(ddl, from->schema, from->name),
			"SELECT EXISTS (SELECT " DDL_RELATION ") AND NOT EXISTS (SELECT " DDL_RELATION ")",
			from->schema, from->name, to->schema, to->name);
	if (strcmp(from->schema, to->schema) != 0)
		ddl_put(ddl_do(ddl, "sequence", from->schema, from->name),
				"ALTER SEQUENCE %T SET SCHEMA %I", from->schema, from->name, to->schema);
	if (strcmp(from->name, to->name) != 0)
		ddl_put(ddl_do(ddl, "sequence", to->schema, to->name), "ALTER SEQUENCE %T RENAME TO %I",
				to->schema, from->name, to->name);
}

void
ddl_sequences_before(DdlChange *ddl)
{
	const SchemaDocument *before = &ddl->change->before, *after = &ddl->change->after;

	for (size_t i = 0; i < after->sequence_count; i++)
	{
		const SchemaSequence *new = &after->sequences[i];
		const SchemaName *from =
			renamed(ddl, SCHEMA_RENAMED_SEQUENCE, new->schema, new->name, true);
		const SchemaSequence *old = from != NULL ? find_sequence(before, from->schema, from->name)
												 : find_sequence(before, new->schema, new->name);

		if (from != NULL)
			rename_sequence(ddl, from, new);
		if (old != NULL)
			change_sequence(ddl, old, new);
		else if (from == NULL)
			make_sequence(ddl, new);
	}
}

static bool
same_owner(const SchemaSequence *a, const SchemaSequence *b)
{
	if (a->owner == NULL || b->owner == NULL)
		return a->owner == b->owner;
	return strcmp(a->owner->schema, b->owner->schema) == 0 &&
		   strcmp(a->owner->table, b->owner->table) == 0 &&
		   strcmp(a->owner->column, b->owner->column) == 0;
}

static void
own_sequence(DdlChange *ddl, const SchemaSequence *sequence)
{
	const SchemaSequenceOwner *owner = sequence->owner;

	if (sequence->identity || owner == NULL)
		return;
	ddl_put(ddl_ask(ddl, sequence->schema, sequence->name),
			"SELECT EXISTS (SELECT " DDL_RELATION ") AND EXISTS (SELECT " DDL_COLUMN
			" AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s"
			" ON s.oid = d.objid JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace"
			" WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'a'"
			" AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum"
			" AND sn.nspname = %L AND s.relname = %L))",
			sequence->schema, sequence->name, owner->schema, owner->table, owner->column,
			sequence->schema, sequence->name);
	ddl_put(ddl_do(ddl, "sequence", sequence->schema, sequence->name),
			"ALTER SEQUENCE %T OWNED BY %T.%I", sequence->schema, sequence->name, owner->schema,
			owner->table, owner->column);
}

void
ddl_sequences_after(DdlChange *ddl)
{
	const SchemaDocument *before = &ddl->change->before, *after = &ddl->change->after;

	for (size_t i = 0; i < after->sequence_count; i++)
	{
		const SchemaSequence *new = &after->sequences[i];
		const SchemaSequence *old = find_sequence(before, new->schema, new->name);

		if (old == NULL || !same_owner(old, new))
			own_sequence(ddl, new);
	}
	for (size_t i = 0; i < before->sequence_count; i++)
	{
		const SchemaSequence *old = &before->sequences[i];

		if (old->identity || find_sequence(after, old->schema, old->name) != NULL ||
			renamed(ddl, SCHEMA_RENAMED_SEQUENCE, old->schema, old->name, false) != NULL)
			continue;
		ddl_put(ddl_ask(ddl, old->schema, old->name), "SELECT EXISTS (SELECT " DDL_RELATION ")",
				old->schema, old->name);
		ddl_put(ddl_try(ddl, "sequence", old->schema, old->name), "DROP SEQUENCE %T", old->schema,
				old->name);
	}
}
