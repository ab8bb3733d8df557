/*
 * type_map.h - which column type of a target a source's type becomes: the one table of it, what was
 * said otherwise, and what happens with values that do not fit.
 *
 * Rows of the table are found by the source's type name first, then by the canonical type.  Structure,
 * plan, conversion of values and documentation (docs/mysql-types.md) all read this table.  Pure: no
 * server is asked.
 */
#ifndef SLUICE_CORE_TYPE_MAP_H
#define SLUICE_CORE_TYPE_MAP_H

#include "type_rules.h"

/* ---- the target ---- */

typedef enum TargetFlavour
{
	FLAVOUR_POSTGRESQL,
	FLAVOUR_MYSQL,
	FLAVOUR_MARIADB,
	FLAVOURS
} TargetFlavour;

/* "PostgreSQL", "MySQL", "MariaDB". */
extern const char *const flavour_names[FLAVOURS];

typedef struct TargetKind
{
	TargetFlavour flavour;
	int version; /* 101119 is MariaDB 10.11.19, 90700 MySQL 9.7.0, 150004 PostgreSQL 15.4 */
} TargetKind;

/* ---- what does not fit ---- */

/* Which values of the source's type the target's may not have: bits of TypeChoice.loses. */
enum
{
	LOSES_NAN = 1,
	LOSES_INFINITY = 2,
	LOSES_RANGE = 4,   /* too early, too late or too large */
	LOSES_DIGITS = 8,  /* of numbers */
	LOSES_LENGTH = 16, /* of text or bytes */
	LOSES_ZONE = 32,   /* values stay right, but the type does not say that they are UTC */
	LOSES_BOUNDS = 64, /* lower bounds of arrays other than 1 */
	LOSES_FORM = 128,  /* blanks, order of keys and repeated keys of JSON */
	LOSES_BITS = 8,	   /* how many there are */
	/* those that the loss policy is about */
	LOSES_CHANGED = LOSES_NAN | LOSES_INFINITY | LOSES_RANGE | LOSES_DIGITS | LOSES_LENGTH
};

/* What the values of a column are written as. */
typedef enum ValueForm
{
	FORM_SAME,	  /* a number, date, text or bytes in the target's own notation */
	FORM_UTC,	  /* a time with zone, in UTC */
	FORM_PRINTED, /* as the source's type prints it */
	FORM_ISO,	  /* an interval as ISO 8601 has it: P1DT2H */
	FORM_JSON, /* JSON; arrays as arrays in each other, decimals as strings where a double is not them */
	FORM_BITS,	   /* a number of that many bits, most significant first */
	FORM_GEOMETRY, /* SRID 0 and well-known binary */
	FORMS
} ValueForm;

/* ---- the choice ---- */

typedef struct TypeChoice
{
	ColumnType type;
	const char *collation; /* of text; NULL: the table's, which tells all strings apart */
	ValueForm form;
	LossPolicy policy;
	unsigned loses; /* LOSES_ bits */
	bool by_rule;	/* the type is what a rule says */
	bool known;		/* the table has the type; else it is text, for types of extensions and users */
} TypeChoice;

/*
 * The type for a column.  ARGUMENT when a rule asks for one that the target does not have or that
 * cannot be in a key.
 */
extern bool type_map_choose(const TargetKind *target, const TypeRules *rules,
							const TypeColumn *column, TypeChoice *choice,
							SluiceError *err) SLUICE_MUST_CHECK;

/*
 * The same for a column of a MySQL or MariaDB source at a target of the two: its own type, or what
 * stands in native_rows where the target does not have it.  `own` is KIND_NONE for types that are
 * none of column_type.h.
 */
extern bool type_map_choose_native(const TargetKind *target, const TypeRules *rules,
								   const TypeColumn *column, const ColumnType *own,
								   TypeChoice *choice, SluiceError *err) SLUICE_MUST_CHECK;

/* Whether a target knows a kind of column. */
extern bool type_map_target_has(const TargetKind *target, ColumnKind kind);

/* Words for LOSES_ bits: "NaN, infinity"; "" for none. */
#define LOSES_SIZE 160
extern void type_loses_write(unsigned loses, char text[LOSES_SIZE]);

/* ---- the table ---- */

/* Which sources a row is about, by the modifier of the type. */
typedef enum RowNeeds
{
	NEEDS_NOTHING,
	NEEDS_LENGTH,	/* a modifier of at most .limit */
	NEEDS_DECIMAL,	/* precision and scale that DECIMAL can have */
	NEEDS_MODIFIER, /* any modifier */
	NEEDS_LABELS,	/* labels_fit */
} RowNeeds;

typedef struct TypeRow
{
	const char *source; /* name of a PostgreSQL type (without schema) or of a canonical type */
	unsigned flavours;	/* bits 1 << TargetFlavour */
	int since;			/* version, 0 for all */
	RowNeeds needs;
	int limit;
	ColumnKind kind;
	int length, scale; /* -1 for none, LENGTH_SOURCE for the source's modifiers */
	ColumnKind keyed;  /* kind in keys that need it whole, where `kind` cannot be in them */
	ValueForm form;
	unsigned loses;
	bool is_unsigned;
	const char *collation;
} TypeRow;

#define LENGTH_SOURCE (-2)

extern const TypeRow type_rows[];
extern const size_t type_row_count;

/* What a kind of column becomes where the target does not have it. */
typedef struct NativeRow
{
	ColumnKind kind;
	ColumnType becomes;
	const char *collation;
	ValueForm form;
} NativeRow;

extern const NativeRow native_rows[];
extern const size_t native_row_count;

#endif
