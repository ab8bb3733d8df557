/*
 * pg_facts.c - asking for extensions' types (pg_facts.h).
 */
#include "pg_facts.h"

#include <stdio.h>

/* The types of the two extensions, wherever they were made. */
static const char types_sql[] =
	"SELECT t.typname, pg_catalog.format('%%I.%%I', n.nspname, t.typname)"
	" FROM pg_catalog.pg_extension e"
	" JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
	"  AND d.refobjid = e.oid AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass"
	"  AND d.deptype = 'e'"
	" JOIN pg_catalog.pg_type t ON t.oid = d.objid"
	" JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
	" WHERE (e.extname, t.typname) IN (('postgis', 'geometry'), ('vector', 'vector'))";

bool
pg_know(PgConnection *c, PgFacts *facts, SluiceError *err)
{
	PGresult *types = NULL;

	if (!pg_query(c, &types, err, types_sql))
		return sluice_prefix(err, "looking for extensions");
	*facts = (PgFacts){.version = c->version};
	for (int i = 0; i < PQntuples(types); i++)
	{
		bool is_vector = *PQgetvalue(types, i, 0) == 'v';

		(void) snprintf(is_vector ? facts->vector : facts->geometry, PG_FACT_SIZE, "%s",
						PQgetvalue(types, i, 1));
	}
	PQclear(types);
	return true;
}
