/*
 * pg_loss.c - the pairs of types whose cast loses something, and precisions (pg_loss.h).
 */
#include "pg_loss.h"

#include <stddef.h>
#include <string.h>

/* Oids of pg_type, the same in every version; arrays beside their elements. */
enum
{
	T_CHAR = 18,
	T_NAME = 19,
	T_INT8 = 20,
	T_INT2 = 21,
	T_INT4 = 23,
	T_TEXT = 25,
	T_CIDR = 650,
	T_FLOAT4 = 700,
	T_FLOAT8 = 701,
	T_MONEY = 790,
	T_INET = 869,
	T_BPCHAR = 1042,
	T_VARCHAR = 1043,
	T_DATE = 1082,
	T_TIME = 1083,
	T_TIMESTAMP = 1114,
	T_TIMESTAMPTZ = 1184,
	T_INTERVAL = 1186,
	T_TIMETZ = 1266,
	T_NUMERIC = 1700,
	T_INT2S = 1005,
	T_INT4S = 1007,
	T_INT8S = 1016,
	T_FLOAT4S = 1021,
	T_FLOAT8S = 1022,
	T_TIMESTAMPS = 1115,
	T_DATES = 1182,
	T_TIMES = 1183,
	T_TIMESTAMPTZS = 1185,
	T_NUMERICS = 1231
};

static const struct
{
	const char *name;
	Oid oid;
} names[] = {
	{"char", T_CHAR},		  {"name", T_NAME},
	{"int8", T_INT8},		  {"int2", T_INT2},
	{"int4", T_INT4},		  {"text", T_TEXT},
	{"cidr", T_CIDR},		  {"float4", T_FLOAT4},
	{"float8", T_FLOAT8},	  {"money", T_MONEY},
	{"inet", T_INET},		  {"bpchar", T_BPCHAR},
	{"varchar", T_VARCHAR},	  {"date", T_DATE},
	{"time", T_TIME},		  {"timestamp", T_TIMESTAMP},
	{"interval", T_INTERVAL}, {"timestamptz", T_TIMESTAMPTZ},
	{"timetz", T_TIMETZ},	  {"numeric", T_NUMERIC},
	{"_int2", T_INT2S},		  {"_int4", T_INT4S},
	{"_int8", T_INT8S},		  {"_float4", T_FLOAT4S},
	{"_float8", T_FLOAT8S},	  {"_timestamp", T_TIMESTAMPS},
	{"_date", T_DATES},		  {"_time", T_TIMES},
	{"_numeric", T_NUMERICS}, {"_timestamptz", T_TIMESTAMPTZS},
};

#define FLOAT8_DIGITS 15 /* decimal digits that survive a float8 */

static const Oid lossy[][2] = {
	{T_NUMERIC, T_INT2},	   {T_NUMERIC, T_INT4},		{T_NUMERIC, T_INT8},
	{T_NUMERIC, T_FLOAT4},	   {T_NUMERIC, T_MONEY},	{T_FLOAT8, T_INT2},
	{T_FLOAT8, T_INT4},		   {T_FLOAT8, T_INT8},		{T_FLOAT8, T_FLOAT4},
	{T_FLOAT8, T_NUMERIC},	   {T_FLOAT4, T_INT2},		{T_FLOAT4, T_INT4},
	{T_FLOAT4, T_INT8},		   {T_FLOAT4, T_NUMERIC},	{T_INT8, T_FLOAT4},
	{T_INT8, T_FLOAT8},		   {T_INT4, T_FLOAT4},		{T_TIMESTAMP, T_DATE},
	{T_TIMESTAMP, T_TIME},	   {T_TIMESTAMPTZ, T_DATE}, {T_TIMESTAMPTZ, T_TIME},
	{T_TIMESTAMPTZ, T_TIMETZ}, {T_TIMETZ, T_TIME},		{T_INTERVAL, T_TIME},
	{T_INET, T_CIDR},		   {T_TEXT, T_CHAR},		{T_VARCHAR, T_CHAR},
	{T_BPCHAR, T_CHAR},		   {T_TEXT, T_NAME},		{T_VARCHAR, T_NAME},
	{T_BPCHAR, T_NAME},		   {T_NUMERICS, T_INT2S},	{T_NUMERICS, T_INT4S},
	{T_NUMERICS, T_INT8S},	   {T_NUMERICS, T_FLOAT4S}, {T_NUMERICS, T_FLOAT8S},
	{T_FLOAT8S, T_INT2S},	   {T_FLOAT8S, T_INT4S},	{T_FLOAT8S, T_INT8S},
	{T_FLOAT8S, T_FLOAT4S},	   {T_FLOAT8S, T_NUMERICS}, {T_FLOAT4S, T_INT2S},
	{T_FLOAT4S, T_INT4S},	   {T_FLOAT4S, T_INT8S},	{T_FLOAT4S, T_NUMERICS},
	{T_INT8S, T_FLOAT4S},	   {T_INT8S, T_FLOAT8S},	{T_INT4S, T_FLOAT4S},
	{T_TIMESTAMPS, T_DATES},   {T_TIMESTAMPS, T_TIMES}, {T_TIMESTAMPTZS, T_DATES},
	{T_TIMESTAMPTZS, T_TIMES},
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
		case T_NUMERIC:
		case T_NUMERICS: return numeric_rounds(from, to);
		case T_TIME:
		case T_TIMETZ:
		case T_TIMESTAMP:
		case T_TIMESTAMPTZ: return time_rounds(from, to);
		default: return false;
	}
}

bool
pg_type_loses(Oid from, int32_t from_modifier, Oid to, int32_t to_modifier)
{
	if (from == to)
		return same_type_rounds(from, from_modifier, to_modifier);
	if (from == T_NUMERIC && to == T_FLOAT8)
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
