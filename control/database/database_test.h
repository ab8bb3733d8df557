/*
 * database_test.h - a connection tried step by step, as POST /connections/test answers it.
 *
 *     {ok, server_version, steps: [{step, status: ok|failed|skipped, ms, detail, hint}]}
 *
 * Steps are dns, tcp, tls, login, version, privileges, cdc; the first that fails is the last that is tried.
 */
#ifndef SLUICE_CONTROL_DATABASE_TEST_H
#define SLUICE_CONTROL_DATABASE_TEST_H

#include "database.h"

/* What the connection is meant for: rights and log of a source, or rights of a target. */
typedef enum DatabaseRole
{
	ROLE_SOURCE,
	ROLE_TARGET,
	DATABASE_ROLES
} DatabaseRole;

extern const char *const database_role_names[DATABASE_ROLES]; /* "source", "target" */

/* NULL without memory; what fails is in it. */
extern json_t *database_test(Databases *databases, const DatabaseSettings *settings,
							 DatabaseRole role);

#endif
