/*
 * canon_function.c - which canonical type a column's values travel as, for SQL: the same choice that
 * the output plugin makes, so that there is one table of types.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "output_plugin/value_encoder.h"

PG_FUNCTION_INFO_V1(sluice_canon_of);
PG_FUNCTION_INFO_V1(sluice_element_of);

/* The canonical type's name; 0 is none, NULL in SQL. */
static Datum
canon_text(FunctionCallInfo fcinfo, CanonType canon)
{
	if (canon == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(canon_name(canon)));
}

Datum
sluice_canon_of(PG_FUNCTION_ARGS)
{
	ValueEncoder encoder;

	value_encoder_init(&encoder, PG_GETARG_OID(0), CurrentMemoryContext);
	return canon_text(fcinfo, encoder.canon);
}

/* Of an array's elements. */
Datum
sluice_element_of(PG_FUNCTION_ARGS)
{
	ValueEncoder encoder;

	value_encoder_init(&encoder, PG_GETARG_OID(0), CurrentMemoryContext);
	return canon_text(fcinfo, encoder.element);
}
