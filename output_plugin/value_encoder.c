/*
 * value_encoder.c - the table of built-in types and the few ways a value is written.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "output_plugin/plugin_compat.h"
#include "output_plugin/value_encoder.h"

/* Bytes as they are, or text in the server's encoding turned into UTF-8. */
static bool
put_text(BundleWriter *writer, const char *text, int length, SluiceError *err)
{
	int encoding = GetDatabaseEncoding();
	char *converted;
	bool written;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return bundle_field(writer, text, (uint32_t) length, err);
	converted = pg_server_to_any(text, length, PG_UTF8);
	if (converted == text)
		return bundle_field(writer, text, (uint32_t) length, err);
	written = bundle_field(writer, converted, (uint32_t) strlen(converted), err);
	pfree(converted);
	return written;
}

char *
value_utf8(const char *text)
{
	char *converted = GetDatabaseEncoding() == PG_SQL_ASCII
						  ? unconstify(char *, text)
						  : pg_server_to_any(text, (int) strlen(text), PG_UTF8);

	return converted == text ? pstrdup(text) : converted;
}

/* bool, "char": one byte by value. */
static bool
encode_byte(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	uint8_t byte = (uint8_t) DatumGetChar(value);

	(void) encoder;
	return bundle_field(writer, &byte, 1, err);
}

static bool
encode_word16(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	uint8_t *at = bundle_field_room(writer, 2, err);

	(void) encoder;
	if (at == NULL)
		return false;
	store_u16(at, DatumGetUInt16(value));
	return true;
}

static bool
encode_word32(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	uint8_t *at = bundle_field_room(writer, 4, err);

	(void) encoder;
	if (at == NULL)
		return false;
	store_u32(at, DatumGetUInt32(value));
	return true;
}

/* int8, float8, timestamps, time: eight bytes, by value where the platform can. */
static bool
encode_word64(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	uint8_t *at = bundle_field_room(writer, 8, err);

	(void) encoder;
	if (at == NULL)
		return false;
	store_u64(at, (uint64_t) DatumGetInt64(value));
	return true;
}

static bool
encode_uuid(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	(void) encoder;
	return bundle_field(writer, DatumGetPointer(value), UUID_LEN, err);
}

static bool
encode_interval(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	const Interval *interval = DatumGetIntervalP(value);
	uint8_t *at = bundle_field_room(writer, 16, err);

	(void) encoder;
	if (at == NULL)
		return false;
	store_u64(at, (uint64_t) interval->time);
	store_u32(at + 8, (uint32_t) interval->day);
	store_u32(at + 12, (uint32_t) interval->month);
	return true;
}

static bool
encode_bytes(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

	(void) encoder;
	return bundle_field(writer, VARDATA_ANY(bytes), (uint32_t) VARSIZE_ANY_EXHDR(bytes), err);
}

static bool
encode_text(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

	(void) encoder;
	return put_text(writer, VARDATA_ANY(text), (int) VARSIZE_ANY_EXHDR(text), err);
}

static bool
encode_by_send(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	bytea *sent = SendFunctionCall(encoder->function, value);

	return bundle_field(writer, VARDATA(sent), (uint32_t) (VARSIZE(sent) - VARHDRSZ), err);
}

static bool
encode_by_output(const ValueEncoder *encoder, BundleWriter *writer, Datum value, SluiceError *err)
{
	char *text = OutputFunctionCall(encoder->function, value);

	return put_text(writer, text, (int) strlen(text), err);
}

/*
 * Built-in types with a canonical form.  Those not here are CANON_BUILTIN by their send function,
 * or text when the binary form would mean something else in another database.
 */
static const struct
{
	Oid type;
	CanonType canon;
	EncodeValue encode;
} known_types[] = {
	{BOOLOID, CANON_BOOL, encode_byte},
	{INT2OID, CANON_INT16, encode_word16},
	{INT4OID, CANON_INT32, encode_word32},
	{INT8OID, CANON_INT64, encode_word64},
	{FLOAT4OID, CANON_FLOAT32, encode_word32},
	{FLOAT8OID, CANON_FLOAT64, encode_word64},
	{NUMERICOID, CANON_DECIMAL, encode_by_send},
	{TEXTOID, CANON_TEXT, encode_text},
	{VARCHAROID, CANON_TEXT, encode_text},
	{BPCHAROID, CANON_TEXT, encode_text},
	{NAMEOID, CANON_TEXT, encode_by_output},
	{BYTEAOID, CANON_BYTES, encode_bytes},
	{DATEOID, CANON_DATE, encode_word32},
	{TIMEOID, CANON_TIME, encode_word64},
	{TIMETZOID, CANON_TIMETZ, encode_by_send},
	{TIMESTAMPOID, CANON_TIMESTAMP, encode_word64},
	{TIMESTAMPTZOID, CANON_TIMESTAMPTZ, encode_word64},
	{INTERVALOID, CANON_INTERVAL, encode_interval},
	{UUIDOID, CANON_UUID, encode_uuid},
	{JSONOID, CANON_JSON, encode_text},
	{JSONBOID, CANON_JSONB, encode_by_send},
	{BITOID, CANON_BITS, encode_by_send},
	{VARBITOID, CANON_BITS, encode_by_send},
	{INETOID, CANON_NETWORK, encode_by_send},
	{CIDROID, CANON_NETWORK, encode_by_send},
};

/* Their numbers name objects of one database, or their receive function refuses some value, such as
 * the empty one. */
static const Oid text_only_types[] = {
	REGPROCOID,		  REGPROCEDUREOID,	 REGOPEROID,	  REGOPERATOROID,  REGCLASSOID,
	REGCOLLATIONOID,  REGTYPEOID,		 REGROLEOID,	  REGNAMESPACEOID, REGCONFIGOID,
	REGDICTIONARYOID, ACLITEMOID,		 PG_NODE_TREEOID, PG_NDISTINCTOID, PG_DEPENDENCIESOID,
	PG_MCV_LISTOID,	  PG_DDL_COMMANDOID, REFCURSOROID,	  GTSVECTOROID,	   INT2VECTOROID,
	OIDVECTOROID,	  TSQUERYOID,
};

static bool
is_text_only(Oid type)
{
	for (size_t i = 0; i < lengthof(text_only_types); i++)
	{
		if (text_only_types[i] == type)
			return true;
	}
	return false;
}

static FmgrInfo *
look_up_function(Oid function, MemoryContext context)
{
	FmgrInfo *info = MemoryContextAllocZero(context, sizeof(*info));

	fmgr_info_cxt(function, info, context);
	return info;
}

static void
use_output(ValueEncoder *encoder, CanonType canon, Oid type, MemoryContext context)
{
	Oid output;
	bool varlena;

	getTypeOutputInfo(type, &output, &varlena);
	encoder->encode = encode_by_output;
	encoder->canon = canon;
	encoder->type = InvalidOid;
	encoder->function = look_up_function(output, context);
}

/* Whether a type's binary form means the same in every database. */
static bool
has_portable_send(Oid type)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	bool portable;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	portable = type < FirstGenbkiObjectId && OidIsValid(form->typsend) &&
			   OidIsValid(form->typreceive) && form->typtype != TYPTYPE_PSEUDO &&
			   form->typtype != TYPTYPE_COMPOSITE && !is_text_only(type);
	ReleaseSysCache(tuple);
	return portable;
}

static void
use_send(ValueEncoder *encoder, CanonType canon, Oid type, MemoryContext context)
{
	Oid send;
	bool varlena;

	getTypeBinaryOutputInfo(type, &send, &varlena);
	encoder->encode = encode_by_send;
	encoder->canon = canon;
	encoder->type = type;
	encoder->function = look_up_function(send, context);
}

static bool
use_known(ValueEncoder *encoder, Oid type, MemoryContext context)
{
	for (size_t i = 0; i < lengthof(known_types); i++)
	{
		if (known_types[i].type != type)
			continue;
		if (known_types[i].encode == encode_by_send)
			use_send(encoder, known_types[i].canon, type, context);
		else if (known_types[i].encode == encode_by_output)
			use_output(encoder, known_types[i].canon, type, context);
		encoder->encode = known_types[i].encode;
		encoder->canon = known_types[i].canon;
		encoder->type = type;
		return true;
	}
	return false;
}

static CanonType
element_canon(Oid element)
{
	for (size_t i = 0; i < lengthof(known_types); i++)
	{
		if (known_types[i].type == element)
			return known_types[i].canon;
	}
	return CANON_BUILTIN;
}

/* "int4" for a built-in type, "schema.name" for any other. */
static const char *
type_name_of(Oid type, MemoryContext context)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	MemoryContext old;
	char *schema;
	char *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	old = MemoryContextSwitchTo(context);
	if (type < FirstGenbkiObjectId)
		name = pstrdup(NameStr(form->typname));
	else
	{
		schema = get_namespace_name(form->typnamespace);
		name = value_utf8(psprintf("%s.%s", schema != NULL ? schema : "", NameStr(form->typname)));
	}
	MemoryContextSwitchTo(old);
	ReleaseSysCache(tuple);
	return name;
}

void
value_encoder_init(ValueEncoder *encoder, Oid type, MemoryContext context)
{
	Oid base = getBaseType(type);
	Oid element = get_element_type(base);

	memset(encoder, 0, sizeof(*encoder));
	encoder->type_name = type_name_of(type, context);
	if (use_known(encoder, base, context))
		return;
	if (base == INT2VECTOROID || base == OIDVECTOROID)
		element = InvalidOid;
	if (OidIsValid(element) && base < FirstGenbkiObjectId && has_portable_send(element))
	{
		use_send(encoder, CANON_ARRAY, base, context);
		encoder->element = element_canon(element);
	}
	else if (!OidIsValid(element) && has_portable_send(base))
		use_send(encoder, CANON_BUILTIN, base, context);
	else if (get_typtype(base) == TYPTYPE_ENUM)
		use_output(encoder, CANON_ENUM, base, context);
	else
		use_output(encoder, CANON_OTHER, base, context);
}
