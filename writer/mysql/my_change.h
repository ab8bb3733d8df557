/*
 * my_change.h - from a change of structure at the source to what is to be done at a MySQL or MariaDB
 * target (writer/ddl_change.h); texts only.
 *
 * Both shapes of the source are designed (my_design.h), and what is written differently for the two is
 * what is to be done: so a change means the same as a copy made behind it.
 */
#ifndef SLUICE_WRITER_MY_CHANGE_H
#define SLUICE_WRITER_MY_CHANGE_H

#include "my_ddl.h"
#include "writer/ddl_parts.h"

typedef struct MyChange
{
	DdlChange ddl;
	MyDesign old, new;
	bool
		exact; /* questions say whether a column is as it should be, not only whether it is there */
} MyChange;

/* The arguments must outlive it; my_change_free() in any case. */
extern bool my_change_make(MyChange *change, const SchemaChange *source, const TargetKind *target,
						   const TypeRules *rules, const char *database, unsigned create,
						   bool exact, SluiceError *err) SLUICE_MUST_CHECK;
extern void my_change_free(MyChange *change);

/* ---- for my_change*.c only ---- */

/*
 * Like fprintf(), but of its kinds only: %s text as it is, %I a name, %T two texts, database and name,
 * %L a text as a literal, %%.
 */
extern void my_change_put(FILE *out, const char *format, ...);

/* Each behind "EXISTS (SELECT 1 "; arguments: database, table (, column, index, constraint). */
#define MY_TABLE "FROM information_schema.TABLES WHERE TABLE_SCHEMA = %L AND TABLE_NAME = %L"
#define MY_COLUMN                                                                                  \
	"FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %L AND TABLE_NAME = %L AND COLUMN_NAME " \
	"= %L"
#define MY_INDEX                                                                                   \
	"FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %L AND TABLE_NAME = %L"               \
	" AND INDEX_NAME = %L"
#define MY_CONSTRAINT                                                                              \
	"FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = %L AND TABLE_NAME = %L"        \
	" AND CONSTRAINT_NAME = %L"

/* What a text is written as by `write`; "" when it cannot be. To be freed. */
typedef bool (*MyWrite)(const void *what, FILE *out);
extern char *my_change_text(MyChange *change, MyWrite write, const void *what);

/* The table's database by the new design, and by the old one. */
extern const char *my_change_database(const MyChange *change, const SchemaTable *table);

/* ---- my_change_column.c ---- */

/* AUTO_INCREMENT ends before indexes go, and begins when they are there. */
extern void my_change_unnumber(MyChange *change, const TablePair *pair);
extern void my_change_columns(MyChange *change, const TablePair *pair);
extern void my_change_number(MyChange *change, const TablePair *pair);

/* ---- my_change_key.c ---- */

extern void my_change_drop_keys(MyChange *change, const SchemaTable *table);
extern void my_change_drop_constraints(MyChange *change, const TablePair *pair);
extern void my_change_indexes(MyChange *change, const TablePair *pair);
extern void my_change_checks(MyChange *change, const TablePair *pair);
extern void my_change_keys(MyChange *change, const TablePair *pair);

#endif
