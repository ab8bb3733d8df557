/*
 * value_policy.h - what a stream makes of values that have no canonical form.
 */
#ifndef SLUICE_MYSQL_READER_VALUE_POLICY_H
#define SLUICE_MYSQL_READER_VALUE_POLICY_H

#include "binlog/charset.h"

/* What becomes of zero dates and of dates with zero parts. */
typedef enum ZeroDates
{
	ZERO_DATES_AUTO, /* NULL where the column may be, else an error */
	ZERO_DATES_NULL,
	ZERO_DATES_INFINITY,
	ZERO_DATES_ERROR
} ZeroDates;

typedef struct ValuePolicy
{
	ZeroDates dates;
	TextPolicy texts;
} ValuePolicy;

#endif
