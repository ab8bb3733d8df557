/*
 * scope.c - names of scopes.
 */
#include "scope.h"

#include <string.h>

#include "common/control/layout.h"

const char *const scope_names[SCOPES] = {
	[SCOPE_NONE] = "",
	[SCOPE_CONNECTIONS_READ] = "connections:read",
	[SCOPE_CONNECTIONS_WRITE] = "connections:write",
	[SCOPE_STREAMS_READ] = "streams:read",
	[SCOPE_STREAMS_WRITE] = "streams:write",
	[SCOPE_RUNS_READ] = "runs:read",
	[SCOPE_RUNS_WRITE] = "runs:write",
	[SCOPE_WORKERS_READ] = "workers:read",
	[SCOPE_WORKERS_WRITE] = "workers:write",
	[SCOPE_USAGE_READ] = "usage:read",
	[SCOPE_KEYS_ADMIN] = "keys:admin",
	[SCOPE_AUDIT_READ] = "audit:read",
	[SCOPE_ALERTS_READ] = "alerts:read",
	[SCOPE_ALERTS_WRITE] = "alerts:write",
	[SCOPE_SYSTEM_READ] = "system:read",
	[SCOPE_TENANTS_ADMIN] = "tenants:admin",
	[SCOPE_WORKER] = "worker",
};

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Several of one name: "*" is what one person administers, "read:*" what changes nothing. */
static bool
in_group(const char *group, Scope scope)
{
	if (strcmp(group, "*") == 0)
		return scope != SCOPE_WORKER;
	return strcmp(group, "read:*") == 0 && ends_with(scope_names[scope], ":read");
}

bool
scope_parse(const char *name, uint64_t *bits)
{
	*bits = 0;
	for (Scope scope = SCOPE_NONE + 1; scope < SCOPES; scope++)
		if (strcmp(name, scope_names[scope]) == 0 || in_group(name, scope))
			*bits |= SCOPE_BIT(scope);
	return *bits != 0;
}

uint64_t
scopes_in_tenant(uint64_t scopes, const char *tenant)
{
	return strcmp(tenant, TENANT_DEFAULT) == 0 ? scopes : scopes & ~SCOPE_BIT(SCOPE_TENANTS_ADMIN);
}
