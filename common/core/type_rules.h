/*
 * type_rules.h - what users say of types: the option `types`, and what happens with values that do
 * not fit.
 *
 *   numeric=decimal(38,10):null, public.orders.note=varchar(200), date:clamp
 *
 * Rules stand between commas.  Each names a type (of PostgreSQL, by any of its names; a user's with its
 * schema; or a canonical one), a column (schema.table.column) or * for everything; then a target type
 * behind =, a loss policy behind :, or both.  Names with other characters stand in double quotes.  Of
 * several that match, a column's wins over a type's, that over its base type's, that over a canonical
 * one's, that over *; of equals the first.  A type of MySQL's may have a length, binary(16), and is then
 * nearer than the type without.
 */
#ifndef SLUICE_CORE_TYPE_RULES_H
#define SLUICE_CORE_TYPE_RULES_H

#include "allocator.h"
#include "canon.h"
#include "column_type.h"
#include "error.h"

/* What happens with a value that the target's type cannot have. */
typedef enum LossPolicy
{
	LOSS_ERROR, /* the row is refused by name */
	LOSS_CLAMP, /* the nearest value that the type has */
	LOSS_NULL,	/* NULL; where the column may not be null, as LOSS_ERROR */
	LOSS_TEXT,	/* the column is of text, so that all values fit; one that is not: as LOSS_ERROR */
	LOSS_AUTO /* as LOSS_TEXT where a look at all values found one that does not fit, else as LOSS_ERROR */
} LossPolicy;

/* error, clamp, null, text, auto; ends with NULL. */
extern const char *const loss_policy_names[];

/* A column of the source. */
typedef struct TypeColumn
{
	const char *schema, *table, *name; /* of the column */
	const char *type_name; /* as BundleColumn has it: "int4", "public.mood"; of a domain its own */
	const char *type; /* SQL text of the type, of a domain its innermost base type; NULL: unknown */
	CanonType canon;
	CanonType element;
	int key_bytes;	 /* how many bytes it may have in keys that need it whole; 0: it is in none */
	bool labels_fit; /* of an enum: ENUM can have its labels */
	unsigned found;	 /* by a look at all values: LOSES_ bits (type_map.h) of what there is */
} TypeColumn;

typedef struct TypeRules TypeRules;

/* What was said of a column. */
typedef struct TypeSaid
{
	const ColumnType *type; /* NULL: nothing */
	const char *text;		/* the type as it was written; NULL: nothing */
	LossPolicy policy;
} TypeSaid;

/* NULL on error (ARGUMENT names the rule); "" gives no rules. */
extern TypeRules *type_rules_read(const char *text, const Allocator *allocator, SluiceError *err);

/*
 * The same for a PostgreSQL target and other sources than PostgreSQL: the types behind = are its own,
 * known by their text alone, and the server looks at them.
 */
extern TypeRules *type_rules_read_postgresql(const char *text, const Allocator *allocator,
											 SluiceError *err);
extern void type_rules_free(TypeRules *rules);

/* Gives the schemas that rules of columns name the names that `rename` says; they must outlive the rules. */
extern void type_rules_rename(TypeRules *rules,
							  const char *(*rename)(const void *context, const char *schema),
							  const void *context);

/* With rules NULL, or when nothing was said, LOSS_ERROR. */
extern TypeSaid type_rules_said(const TypeRules *rules, const TypeColumn *column);

/* For values of a column that is made: never LOSS_AUTO. */
extern LossPolicy type_rules_policy(const TypeRules *rules, const TypeColumn *column);

/* ---- rules by themselves, to find those that are about nothing ---- */

extern size_t type_rules_count(const TypeRules *rules);

/* As it was written, cut when it is long. */
extern const char *type_rule_text(const TypeRules *rules, size_t rule);

extern bool type_rule_is_about(const TypeRules *rules, size_t rule, const TypeColumn *column);

/* Whether it names a type that every PostgreSQL has, a canonical one, or *. */
extern bool type_rule_is_general(const TypeRules *rules, size_t rule);

/* ---- types as PostgreSQL writes them ---- */

#define SQL_TYPE_SIZE 256

typedef struct SqlType
{
	char name
		[SQL_TYPE_SIZE]; /* the catalog's of a built-in type: "varchar"; else as it is written */
	bool qualified;		 /* written with a schema: not a built-in type */
	bool array;
	int modifiers; /* how many there are */
	int modifier[2];
} SqlType;

/* Of "character varying(20)", "numeric(10,2)[]", "timestamp(3) with time zone". */
extern void sql_type_read(const char *text, SqlType *type);

#endif
