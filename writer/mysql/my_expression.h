/*
 * my_expression.h - expressions of PostgreSQL as MySQL and MariaDB understand them, where they mean
 * exactly the same there.
 *
 * A whitelist: columns, constants, comparisons, AND, OR, NOT, IS NULL, IN, LIKE, + - * and some
 * functions.  What is not on it is not translated at all.
 */
#ifndef SLUICE_WRITER_MY_EXPRESSION_H
#define SLUICE_WRITER_MY_EXPRESSION_H

#include <stdbool.h>
#include <stdio.h>

/* What kind of value an expression has. */
typedef enum MyClass
{
	CLASS_NONE, /* of which nothing is known but whether it is NULL */
	CLASS_BOOL,
	CLASS_NUMBER,
	CLASS_TEXT,
	CLASS_LABEL, /* of an enum: has no order here */
	CLASS_TIME,	 /* dates and timestamps without zone */
	CLASS_NULL
} MyClass;

typedef struct MyNames
{
	/* The class of a column; false when the expression cannot use it. */
	bool (*column)(const void *context, const char *name, MyClass *value);
	const void *context;
	const char *value; /* what VALUE stands for (in checks of domains); NULL: nothing */
} MyNames;

/*
 * Writes the translation of `expression`, as pg_get_expr() writes it with an empty search_path; false
 * when there is none (what was written by then is of no use).
 */
extern bool my_expression_write(const char *expression, const MyNames *names, FILE *out,
								MyClass *value);

#endif
