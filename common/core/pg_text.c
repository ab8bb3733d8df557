/*
 * pg_text.c - the built-in types that travel in binary: one row each.
 */
#include "pg_text_parts.h"

/* Oids never change from one release to the next.  Those met most stand first. */
static const PgScalar types[] = {
	{"int4", 23, 1007, 4, pg_print_int4, 0},
	{"int8", 20, 1016, 8, pg_print_int8, 0},
	{"int2", 21, 1005, 2, pg_print_int2, 0},
	{"text", 25, 1009, 0, pg_print_text, 0},
	{"varchar", 1043, 1015, 0, pg_print_text, 0},
	{"bpchar", 1042, 1014, 0, pg_print_text, 0},
	{"bool", 16, 1000, 1, pg_print_bool, 0},
	{"numeric", 1700, 1231, 0, pg_print_numeric, 0},
	{"float8", 701, 1022, 8, pg_print_float8, 0},
	{"float4", 700, 1021, 4, pg_print_float4, 0},
	{"date", 1082, 1182, 4, pg_print_date, 0},
	{"timestamp", 1114, 1115, 8, pg_print_timestamp, 0},
	{"timestamptz", 1184, 1185, 8, pg_print_timestamptz, 0},
	{"uuid", 2950, 2951, 16, pg_print_uuid, 0},
	{"jsonb", 3802, 3807, 0, pg_print_versioned, 0},
	{"json", 114, 199, 0, pg_print_text, 0},
	{"bytea", 17, 1001, 0, pg_print_bytea, 0},
	{"name", 19, 1003, 0, pg_print_text, 0},
	{"char", 18, 1002, 1, pg_print_char, 0},
	{"time", 1083, 1183, 8, pg_print_time, 0},
	{"timetz", 1266, 1270, 12, pg_print_timetz, 0},
	{"interval", 1186, 1187, 16, pg_print_interval, 0},
	{"money", 790, 791, 8, pg_print_money, 0},
	{"bit", 1560, 1561, 0, pg_print_bits, 0},
	{"varbit", 1562, 1563, 0, pg_print_bits, 0},
	{"inet", 869, 1041, 0, pg_print_inet, 0},
	{"cidr", 650, 651, 0, pg_print_inet, 0},
	{"macaddr", 829, 1040, 6, pg_print_macaddr, 0},
	{"macaddr8", 774, 775, 8, pg_print_macaddr, 0},
	{"xml", 142, 143, 0, pg_print_text, 0},
	{"jsonpath", 4072, 4073, 0, pg_print_versioned, 0},
	{"tsvector", 3614, 3643, 0, pg_print_tsvector, 0},
	{"point", 600, 1017, 16, pg_print_point, 0},
	{"lseg", 601, 1018, 32, pg_print_lseg, 0},
	{"path", 602, 1019, 0, pg_print_path, 0},
	{"box", PG_TYPE_OID_BOX, 1020, 32, pg_print_box, 0},
	{"polygon", 604, 1027, 0, pg_print_polygon, 0},
	{"line", 628, 629, 24, pg_print_line, 0},
	{"circle", 718, 719, 24, pg_print_circle, 0},
	{"oid", 26, 1028, 4, pg_print_uint4, 0},
	{"xid", 28, 1011, 4, pg_print_uint4, 0},
	{"cid", 29, 1012, 4, pg_print_uint4, 0},
	{"xid8", 5069, 271, 8, pg_print_uint8, 0},
	{"tid", 27, 1010, 6, pg_print_tid, 0},
	{"pg_lsn", 3220, 3221, 8, pg_print_lsn, 0},
	{"txid_snapshot", 2970, 2949, 0, pg_print_snapshot, 0},
	{"pg_snapshot", 5038, 5039, 0, pg_print_snapshot, 0},
	{"int4range", 3904, 3905, 0, pg_print_range, 23},
	{"int8range", 3926, 3927, 0, pg_print_range, 20},
	{"numrange", 3906, 3907, 0, pg_print_range, 1700},
	{"tsrange", 3908, 3909, 0, pg_print_range, 1114},
	{"tstzrange", 3910, 3911, 0, pg_print_range, 1184},
	{"daterange", 3912, 3913, 0, pg_print_range, 1082},
	{"int4multirange", 4451, 6150, 0, pg_print_multirange, 3904},
	{"int8multirange", 4536, 6157, 0, pg_print_multirange, 3926},
	{"nummultirange", 4532, 6151, 0, pg_print_multirange, 3906},
	{"tsmultirange", 4533, 6152, 0, pg_print_multirange, 3908},
	{"tstzmultirange", 4534, 6153, 0, pg_print_multirange, 3910},
	{"datemultirange", 4535, 6155, 0, pg_print_multirange, 3912},
};

#define TYPES (sizeof(types) / sizeof(types[0]))

const PgScalar *
pg_scalar_find(uint32_t oid)
{
	for (size_t i = 0; i < TYPES; i++)
	{
		if (types[i].oid == oid)
			return &types[i];
	}
	return NULL;
}

bool
pg_type_is_named(const char *name)
{
	for (size_t i = 0; i < TYPES; i++)
	{
		if (strcasecmp(types[i].name, name) == 0)
			return true;
	}
	return false;
}

bool
pg_type_find(uint32_t oid, PgType *type)
{
	for (size_t i = 0; i < TYPES; i++)
	{
		if (types[i].oid != oid && types[i].array != oid)
			continue;
		type->scalar = &types[i];
		type->array = types[i].array == oid;
		return true;
	}
	return false;
}

uint32_t
pg_type_length(const PgType *type)
{
	return type->array ? 0 : type->scalar->length;
}

bool
pg_malformed(const PgScalar *type, SluiceError *err)
{
	return sluice_fail(err, SLUICE_ERROR_DATA, "bytes that are no value of type %s", type->name);
}

bool
pg_put_word(const char *word, ByteBuf *out, SluiceError *err)
{
	return bytebuf_put(out, word, strlen(word), err);
}

bool
pg_print(const PgScalar *type, const uint8_t *data, uint32_t length, ByteBuf *out, SluiceError *err)
{
	if (type->length != 0 && type->length != length)
		return pg_malformed(type, err);
	return type->print(type, data, length, out, err);
}

bool
pg_text(const PgType *type, const uint8_t *data, uint32_t length, ByteBuf *out, SluiceError *err)
{
	return type->array ? pg_print_array(type->scalar, data, length, out, err)
					   : pg_print(type->scalar, data, length, out, err);
}
