/*
 * pg_loss.c - the pairs of types whose cast loses something, and precisions (pg_loss.h).
 */
#include "pg_loss.h"

#include <stddef.h>
#include <string.h>

#include "pg_type_oid.h"

static const struct
{
	const char *name;
	Oid oid;
} names[] = {
	{"char", PG_OID_CHAR},		   {"name", PG_OID_NAME},
	{"int8", PG_OID_INT8},		   {"int2", PG_OID_INT2},
	{"int4", PG_OID_INT4},		   {"text", PG_OID_TEXT},
	{"cidr", PG_OID_CIDR},		   {"float4", PG_OID_FLOAT4},
	{"float8", PG_OID_FLOAT8},	   {"money", PG_OID_MONEY},
	{"inet", PG_OID_INET},		   {"bpchar", PG_OID_BPCHAR},
	{"varchar", PG_OID_VARCHAR},   {"date", PG_OID_DATE},
	{"time", PG_OID_TIME},		   {"timestamp", PG_OID_TIMESTAMP},
	{"interval", PG_OID_INTERVAL}, {"timestamptz", PG_OID_TIMESTAMPTZ},
	{"timetz", PG_OID_TIMETZ},	   {"numeric", PG_OID_NUMERIC},
	{"_int2", PG_OID_INT2S},	   {"_int4", PG_OID_INT4S},
	{"_int8", PG_OID_INT8S},	   {"_float4", PG_OID_FLOAT4S},
	{"_float8", PG_OID_FLOAT8S},   {"_timestamp", PG_OID_TIMESTAMPS},
	{"_date", PG_OID_DATES},	   {"_time", PG_OID_TIMES},
	{"_numeric", PG_OID_NUMERICS}, {"_timestamptz", PG_OID_TIMESTAMPTZS},
};

#define FLOAT8_DIGITS 15 /* decimal digits that survive a float8 */

static const Oid lossy[][2] = {
	{PG_OID_NUMERIC, PG_OID_INT2},		 {PG_OID_NUMERIC, PG_OID_INT4},
	{PG_OID_NUMERIC, PG_OID_INT8},		 {PG_OID_NUMERIC, PG_OID_FLOAT4},
	{PG_OID_NUMERIC, PG_OID_MONEY},		 {PG_OID_FLOAT8, PG_OID_INT2},
	{PG_OID_FLOAT8, PG_OID_INT4},		 {PG_OID_FLOAT8, PG_OID_INT8},
	{PG_OID_FLOAT8, PG_OID_FLOAT4},		 {PG_OID_FLOAT8, PG_OID_NUMERIC},
	{PG_OID_FLOAT4, PG_OID_INT2},		 {PG_OID_FLOAT4, PG_OID_INT4},
	{PG_OID_FLOAT4, PG_OID_INT8},		 {PG_OID_FLOAT4, PG_OID_NUMERIC},
	{PG_OID_INT8, PG_OID_FLOAT4},		 {PG_OID_INT8, PG_OID_FLOAT8},
	{PG_OID_INT4, PG_OID_FLOAT4},		 {PG_OID_TIMESTAMP, PG_OID_DATE},
	{PG_OID_TIMESTAMP, PG_OID_TIME},	 {PG_OID_TIMESTAMPTZ, PG_OID_DATE},
	{PG_OID_TIMESTAMPTZ, PG_OID_TIME},	 {PG_OID_TIMESTAMPTZ, PG_OID_TIMETZ},
	{PG_OID_TIMETZ, PG_OID_TIME},		 {PG_OID_INTERVAL, PG_OID_TIME},
	{PG_OID_INET, PG_OID_CIDR},			 {PG_OID_TEXT, PG_OID_CHAR},
	{PG_OID_VARCHAR, PG_OID_CHAR},		 {PG_OID_BPCHAR, PG_OID_CHAR},
	{PG_OID_TEXT, PG_OID_NAME},			 {PG_OID_VARCHAR, PG_OID_NAME},
	{PG_OID_BPCHAR, PG_OID_NAME},		 {PG_OID_NUMERICS, PG_OID_INT2S},
	{PG_OID_NUMERICS, PG_OID_INT4S},	 {PG_OID_NUMERICS, PG_OID_INT8S},
	{PG_OID_NUMERICS, PG_OID_FLOAT4S},	 {PG_OID_NUMERICS, PG_OID_FLOAT8S},
	{PG_OID_FLOAT8S, PG_OID_INT2S},		 {PG_OID_FLOAT8S, PG_OID_INT4S},
	{PG_OID_FLOAT8S, PG_OID_INT8S},		 {PG_OID_FLOAT8S, PG_OID_FLOAT4S},
	{PG_OID_FLOAT8S, PG_OID_NUMERICS},	 {PG_OID_FLOAT4S, PG_OID_INT2S},
	{PG_OID_FLOAT4S, PG_OID_INT4S},		 {PG_OID_FLOAT4S, PG_OID_INT8S},
	{PG_OID_FLOAT4S, PG_OID_NUMERICS},	 {PG_OID_INT8S, PG_OID_FLOAT4S},
	{PG_OID_INT8S, PG_OID_FLOAT8S},		 {PG_OID_INT4S, PG_OID_FLOAT4S},
	{PG_OID_TIMESTAMPS, PG_OID_DATES},	 {PG_OID_TIMESTAMPS, PG_OID_TIMES},
	{PG_OID_TIMESTAMPTZS, PG_OID_DATES}, {PG_OID_TIMESTAMPTZS, PG_OID_TIMES},
};

/* numeric(p,s): p in the high half, s in the low eleven bits, signed since 15; both after 4. */
static int32_t
numeric_precision(int32_t modifier)
{
	return ((modifier - 4) >> 16) & 0xFFFF;
}

static int32_t
numeric_scale(int32_t modifier)
{
	return (((modifier - 4) & 0x7FF) ^ 1024) - 1024;
}

static bool
numeric_rounds(int32_t from, int32_t to)
{
	return to >= 4 && (from < 4 || numeric_scale(from) > numeric_scale(to));
}

/* Times have microseconds unless their modifier says fewer digits. */
static bool
time_rounds(int32_t from, int32_t to)
{
	return to >= 0 && to < 6 && (from < 0 || from > to);
}

static bool
same_type_rounds(Oid type, int32_t from, int32_t to)
{
	switch (type)
	{
		case PG_OID_NUMERIC:
		case PG_OID_NUMERICS: return numeric_rounds(from, to);
		case PG_OID_TIME:
		case PG_OID_TIMETZ:
		case PG_OID_TIMESTAMP:
		case PG_OID_TIMESTAMPTZ: return time_rounds(from, to);
		default: return false;
	}
}

bool
pg_type_loses(Oid from, int32_t from_modifier, Oid to, int32_t to_modifier)
{
	if (from == to)
		return same_type_rounds(from, from_modifier, to_modifier);
	if (from == PG_OID_NUMERIC && to == PG_OID_FLOAT8)
		return from_modifier < 4 || numeric_precision(from_modifier) > FLOAT8_DIGITS;
	for (size_t i = 0; i < sizeof(lossy) / sizeof(lossy[0]); i++)
	{
		if (lossy[i][0] == from && lossy[i][1] == to)
			return true;
	}
	return false;
}

Oid
pg_type_named(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (strcmp(names[i].name, name) == 0)
			return names[i].oid;
	}
	return 0;
}
